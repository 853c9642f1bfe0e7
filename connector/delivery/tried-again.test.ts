import { writeFileSync } from 'node:fs'
import { pino } from 'pino'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { listOrders } from '../cli/orders/list.ts'
import { showOrder } from '../cli/orders/show.ts'
import type { Journal } from '../journal/journal.ts'
import { DatabaseFault } from '../pos/sql/database-fault.ts'
import { assignmentId, assignmentOf, memoryPos, NOW, openTestJournal, SECRET, shopOf, silent, STORE_ID, testFolder, type MemoryPos } from '../test-shop.ts'
import type { Shop } from './accept-order.ts'
import { giveUp } from './give-up.ts'
import { receiveOrder } from './receive-order.ts'
import { requestCancel } from './request-cancel.ts'
import { createWriter } from './writer.ts'

let folder: ReturnType<typeof testFolder>
let journal: Journal
let pos: MemoryPos
let ms: number

/** As a driver says it: with what the shopper typed. */
const denied = (): DatabaseFault => new DatabaseFault('no-grant', '1142', 'In the database shop the user till may not do this (bills)', 'Ask for the grant', new Error('INSERT denied for A Shopper, shopper@example.com'))

beforeEach(() => {
  folder = testFolder()
  journal = openTestJournal(folder.file('journal.sqlite'))
  pos = memoryPos({ A: 9 })
  ms = 0
  writeFileSync(folder.file('secret'), SECRET, { mode: 0o600 })
  writeFileSync(folder.file('shop.yaml'), `{ edge: { url: 'http://127.0.0.1:1' }, store: { id: ${STORE_ID}, secretFile: secret }, journal: { file: journal.sqlite }, pos: { type: embedded, file: till.sqlite }, server: { port: 0 } }\n`)
  receiveOrder(journal, assignmentOf(1, { A: 1 }), NOW)
})
afterEach(() => {
  vi.restoreAllMocks()
  journal.close()
  folder.remove()
})

const shop = (): Shop => shopOf(journal, pos, () => NOW + ms)
const lastTry = () => journal.inbox.get(assignmentId(1))?.lastTry ?? null
/** Each wait is over. */
const tries = async (held: Shop, times: number): Promise<void> => {
  const writer = createWriter(held, silent, () => 0, () => ms)
  for (let n = 0; n < times; n += 1) {
    await writer.once(new AbortController().signal)
    ms += 60_000
  }
}
const said = (command: () => unknown): string => {
  const lines: string[] = []
  const out = vi.spyOn(process.stdout, 'write').mockImplementation((line) => lines.push(String(line)) > 0)
  command()
  out.mockRestore()
  return lines.join('')
}

test('an order that the POS does not take shows why, how often and since when, and nothing of a driver\'s words', async () => {
  const write = vi.spyOn(pos, 'writeOrder').mockImplementation(() => Promise.reject(denied()))
  await tries(shop(), 3)
  const why = 'In the database shop the user till may not do this (bills).'
  expect(lastTry()).toEqual({ fault: 'DatabaseFault 1142 (Error)', why, hint: 'Ask for the grant', at: NOW + 120_000, since: NOW, count: 3 })
  expect(journal.inbox.stuck(10).map((row) => row.assignmentId)).toEqual([assignmentId(1)])

  const config = folder.file('shop.yaml')
  const words = 'last try 2026-01-02T12:02:00.000Z: In the database shop the user till may not do this (bills). (DatabaseFault 1142 (Error)) (3 times since 2026-01-02T12:00:00.000Z)'
  expect(said(() => listOrders(config, { limit: '9' }))).toContain(`${words}: Ask for the grant`)
  const shown = said(() => showOrder(config, assignmentId(1), {}))
  expect(shown).toContain(`${words}\nwhat to do Ask for the grant\n`)
  const json = said(() => listOrders(config, { limit: '9', json: true }))
  expect(JSON.parse(json)).toMatchObject({ orders: [{ state: 'intent', lastTry: { at: '2026-01-02T12:02:00.000Z', since: '2026-01-02T12:00:00.000Z', count: 3, fault: 'DatabaseFault 1142 (Error)', why, hint: 'Ask for the grant' } }] })
  expect(json).not.toContain('hopper')
  expect(JSON.stringify(lastTry())).not.toContain('hopper')

  write.mockRestore()
  await tries(shop(), 1)
  expect(journal.inbox.get(assignmentId(1))).toMatchObject({ state: 'done', lastTry: null })
  expect(said(() => showOrder(config, assignmentId(1), {}))).not.toContain('last try')
})

test('a mistake of the program in a write says whom to tell', async () => {
  vi.spyOn(pos, 'writeOrder').mockImplementation(() => Promise.reject(new TypeError('shopper@example.com is not a function')))
  await tries(shop(), 1)
  expect(lastTry()).toMatchObject({ fault: 'TypeError', why: expect.stringMatching(/^a mistake in the program, at delivery\/tried-again\.test\.ts:\d+:\d+$/) as string, hint: expect.stringContaining('this order waits and is tried again') as string })
})

test('what waits for the edge says so, and its waiting is not counted to what the POS failed', async () => {
  await tries({ ...shop(), holdsStore: () => false }, 2)
  expect(lastTry()).toMatchObject({ fault: 'edge silent', hint: expect.stringContaining('by itself') as string, since: NOW, count: 1 })
  pos.fail = { at: 'findOrder', when: 'before' }
  await tries(shop(), 2)
  expect(lastTry()).toMatchObject({ fault: 'PosAway', since: NOW + 120_000, count: 2 })
  // A restart waits a moment for the edge, and does not forget by it how long the POS has failed.
  pos.fail = null
  await tries({ ...shop(), holdsStore: () => false }, 1)
  expect(lastTry()).toMatchObject({ fault: 'PosAway', since: NOW + 120_000, count: 2 })
})

test('a disk that has no room for the reason keeps nobody from trying again', async () => {
  pos.fail = { at: 'writeOrder', when: 'before' }
  const full = vi.spyOn(journal.inbox, 'tried').mockImplementation(() => {
    throw Object.assign(new Error('database or disk is full'), { code: 'ERR_SQLITE_ERROR', errcode: 13 })
  })
  await tries(shop(), 2)
  expect(full).toHaveBeenCalledTimes(2)
  pos.fail = null
  await tries(shop(), 1)
  expect(journal.inbox.get(assignmentId(1))?.state).toBe('done')
})

test('whoever ends the order ends its reason, too', async () => {
  pos.fail = { at: 'writeOrder', when: 'before' }
  receiveOrder(journal, assignmentOf(2, { A: 1 }), NOW)
  await tries(shop(), 1)
  expect(journal.inbox.stuck(10)).toHaveLength(2)
  await giveUp(shop(), { assignmentId: assignmentId(1), reason: 'store_closed', detail: null, word: null })
  requestCancel(journal, assignmentId(2), NOW)
  expect(journal.inbox.get(assignmentId(2))?.lastTry).not.toBeNull()
  await tries(shop(), 1)
  expect(journal.inbox.get(assignmentId(2))?.state).toBe('struck')
  expect(journal.inbox.stuck(10)).toEqual([])
})

test('an order that a mistake refused is warned of, with what to mend; one that is sold out is not', async () => {
  const lines: Record<string, unknown>[] = []
  const log = pino({ level: 'info' }, { write: (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>) })
  receiveOrder(journal, assignmentOf(2, { NOWHERE: 1 }), NOW)
  receiveOrder(journal, assignmentOf(3, { A: 99 }), NOW)
  await createWriter(shop(), log, () => 0, () => ms).once(new AbortController().signal)
  expect(lines.filter(({ event }) => event === 'assignment.settled')).toHaveLength(3)
  expect(lines.filter(({ event }) => event === 'order.refused')).toMatchObject([{ level: 40, assignmentId: assignmentId(2), reason: 'unknown_sku', why: 'no NOWHERE', hint: expect.stringContaining('reconcile') as string }])
})

import { createServer } from 'node:net'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { pino } from 'pino'
import type { Journal } from '../journal/journal.ts'
import { memoryPos, openTestJournal, shopOf, STORE_ID, testFolder } from '../test-shop.ts'
import { openDesk } from './open-desk.ts'

let folder: ReturnType<typeof testFolder>
let journal: Journal
beforeEach(() => {
  folder = testFolder()
  journal = openTestJournal(folder.file('journal.sqlite'))
})
afterEach(() => {
  journal.close()
  folder.remove()
})

test('an address that is taken costs the tablets their page, and nobody else anything', async () => {
  const other = createServer()
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
  const address = other.address()
  if (typeof address !== 'object' || address === null) throw new TypeError('no address')
  const lines: string[] = []
  const desk = openDesk({
    shop: shopOf(journal, memoryPos({ A: 5 })), log: pino({}, { write: (line) => void lines.push(line) }), storeId: STORE_ID,
    config: { listen: { host: '127.0.0.1', port: address.port, pin: '471147' }, warnAfterMinutes: 10, redAfterMinutes: 30 }, posReachable: () => true, wake: { capture: () => {}, writer: () => {} },
  })
  const stop = new AbortController()
  const running = desk.run(stop.signal)
  for (let n = 0; n < 400 && lines.length === 0; n += 1) await new Promise((resolve) => setTimeout(resolve, 5))
  stop.abort()
  await running
  expect(lines).toHaveLength(1)
  expect(lines[0]).toContain('desk.cannot-listen')
  expect(lines[0]).not.toContain('471147')
  await new Promise((resolve) => other.close(resolve))
})

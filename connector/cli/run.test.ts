import { spawn, type ChildProcessByStdio } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { DatabaseSync } from 'node:sqlite'
import type { Readable } from 'node:stream'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { toInstant } from '../../contract/clock.ts'
import { startTestEdge, type TestEdge } from '../edge/test-edge.ts'
import { seedDemoShop } from '../pos/embedded/demo-shop.ts'
import { openEmbeddedTill } from '../pos/embedded/embedded-pos.ts'
import { openTillFile } from '../pos/embedded/schema.ts'
import { sell } from '../pos/embedded/till.ts'
import { assignmentId, assignmentOf, openTestJournal, SECRET, STORE_ID, testFolder } from '../test-shop.ts'
import { runCommand } from './test-command.ts'

type Child = ChildProcessByStdio<null, Readable, Readable>

let folder: ReturnType<typeof testFolder>
let edge: TestEdge
let children: Child[]
let closed: Map<Child, Promise<unknown>>
let logs: string

const MAIN = new URL('../main.ts', import.meta.url).pathname

beforeEach(async () => {
  folder = testFolder()
  edge = await startTestEdge()
  children = []
  closed = new Map()
  logs = ''
  writeFileSync(folder.file('store.secret'), SECRET, { mode: 0o600 })
  writeFileSync(folder.file('shop.yaml'), `
edge: { url: '${edge.url}' }
store: { id: ${STORE_ID}, secretFile: store.secret }
journal: { file: journal.sqlite }
pos: { type: embedded, file: till.sqlite }
server: { port: 0 }
poll: { everyMs: 20 }
heartbeat: { everyMs: 100 }
pull: { everyMs: 100 }
`)
})
afterEach(async () => {
  for (const child of children) if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL')
  await edge.close()
  folder.remove()
})

function connector(...args: string[]): Child {
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  child.stderr.on('data', (chunk: Buffer) => {
    logs += chunk.toString()
  })
  children.push(child)
  closed.set(child, once(child, 'close'))
  return child
}
const run = (): Child => connector('run', '--config', folder.file('shop.yaml'))

/** The journal of a shop that has been read to its end once. */
function beforeToday(): void {
  const journal = openTestJournal(folder.file('journal.sqlite'))
  journal.meta.set('synced', '1')
  journal.close()
}

async function firstLine(child: Child): Promise<unknown> {
  for await (const line of createInterface({ input: child.stdout })) return JSON.parse(line)
  throw new Error(`it ended without a line: ${logs}`)
}
/** When it has ended and all that it said is here: its streams may end after it. */
async function exitOf(child: Child): Promise<number | null> {
  await closed.get(child)
  return child.exitCode
}
async function until(fact: () => boolean): Promise<void> {
  for (let n = 0; n < 8000 && !fact(); n += 1) await new Promise((resolve) => setTimeout(resolve, 5))
  expect(fact(), logs).toBe(true)
}
const count = (type: string): number => edge.events().filter((event) => event.type === type).length

// Each starts a process or two, which takes long on a busy machine.
describe('run', { timeout: 60_000 }, () => {
  test('serves a shop with the embedded till, is killed, goes on where it was, and ends in good order', async () => {
    seedDemoShop(folder.file('till.sqlite'), { items: 40 })
    let child = run()
    expect(await firstLine(child)).toEqual({ event: 'connector.ready', url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/) as string, storeId: STORE_ID })
    await until(() => count('catalog.item_upserted') === 40)

    const till = openEmbeddedTill({ file: folder.file('till.sqlite') })
    const { items, levels } = await till.readSnapshot(null, 100)
    const stocked = items.find((item) => item.unit === 'each' && (levels.find(({ sku }) => sku === item.sku)?.onHand ?? 0) > 5)!
    const order = (n: number) => {
      const base = assignmentOf(n, { [stocked.sku]: 1 }, { acceptBy: toInstant(Date.now() + 60_000), storeId: STORE_ID })
      return { ...base, lines: base.lines.map((line) => ({ ...line, unitPrice: stocked.price, taxIncluded: stocked.taxIncluded, taxRate: stocked.taxRate })) }
    }
    edge.pending.assignments = [order(1), order(2)]
    await until(() => edge.events().some((event) => event.type === 'order.journaled'))
    child.kill('SIGKILL')
    await exitOf(child)
    edge.pending.assignments = []

    child = run()
    await firstLine(child)
    await until(() => count('order.accepted') >= 1)
    expect(await till.findOrder(assignmentId(1))).toMatchObject({ state: 'open' })

    const db = openTillFile(folder.file('till.sqlite'), 'existing')
    expect(sell(db, [{ sku: stocked.sku, quantity: 1 }], Date.now()).ok).toBe(true)
    db.close()
    await until(() => count('sale.recorded') === 1)
    expect(edge.epoch).toBe(1)

    const { code, stdout } = await runCommand('status', '--config', folder.file('shop.yaml'), '--json')
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ storeId: STORE_ID, running: true, epoch: 1, synced: true })
    expect(await exitOf(run())).toBe(5)

    child.kill('SIGTERM')
    expect(await exitOf(child)).toBe(0)
    expect(logs).not.toContain(SECRET.slice(6, 20))
    expect(logs).not.toContain('shopper@example.com')
    await till.close()
  })

  test('ends with 3 when another connector holds the store', async () => {
    seedDemoShop(folder.file('till.sqlite'), { items: 5 })
    edge.refusals.push({ path: '/epochs', status: 409, type: 'store-held-by', more: { connectorId: 'the-other' } })
    expect(await exitOf(run())).toBe(3)
    expect(logs).toContain('the-other')
  })

  test('ends with 4 when a new shop\'s POS is not there, and says what to look at', async () => {
    expect(await exitOf(run())).toBe(4)
    expect(logs).toContain('pos.unreachable')
  })

  test('waits for the POS of a shop that it has read before, and is not ready meanwhile', async () => {
    beforeToday()
    const child = run()
    const { url } = await firstLine(child) as { url: string }
    await until(() => /"event":"pos.unreachable"[^\n]*There is no till at/.test(logs))
    await until(() => logs.includes('capture.fault'))
    const ready = await fetch(`${url}/ready`)
    expect(ready.status).toBe(503)
    expect(await ready.json()).toMatchObject({ waitingFor: expect.arrayContaining(['the POS']) as string[], troubles: [expect.stringMatching(/There is no till at .*What to do: /) as string] })
    seedDemoShop(folder.file('till.sqlite'), { items: 5 })
    await until(() => logs.includes('capture.works-again'))
    child.kill('SIGTERM')
    expect(await exitOf(child)).toBe(0)
  })

  /** A till in queries whose table has no price. */
  function withoutPrice(): DatabaseSync {
    const till = new DatabaseSync(folder.file('shop.sqlite'))
    till.exec('CREATE TABLE items (id INTEGER PRIMARY KEY, code TEXT, name TEXT)')
    const yaml = readFileSync(folder.file('shop.yaml'), 'utf8').replace(/^pos: .*$/m, `pos:
  type: sql
  dialect: sqlite
  connection: { file: shop.sqlite }
  currency: EUR
  timeZone: Europe/Berlin
  goods: { query: "SELECT id, code, name, price FROM items", columns: { key: id, sku: code, name: name, price: price } }`)
    writeFileSync(folder.file('shop.yaml'), yaml)
    return till
  }

  test('ends with 4 when a new shop\'s POS answers and is not what the configuration says; status knows why', async () => {
    withoutPrice().close()
    expect(await exitOf(run())).toBe(4)
    const told = JSON.parse(logs.split('\n').find((line) => line.includes('pos.contradicts')) ?? 'null') as Record<string, unknown>
    expect(told).toMatchObject({ exitCode: 4, why: expect.stringMatching(/no such column \(price\)/) as string, hint: expect.stringContaining('Check the queries') as string })
    const asked = await runCommand('status', '--config', folder.file('shop.yaml'))
    expect(asked.stdout).toMatch(/not running\n +ended at .*no such column \(price\).*\n +Check the queries/)
  })

  test('waits for a shop that it has read before to be what the configuration says, as in the middle of an upgrade', async () => {
    beforeToday()
    const till = withoutPrice()
    const child = run()
    const { url } = await firstLine(child) as { url: string }
    await until(() => /"event":"pos.contradicts"[^\n]*no such column/.test(logs))
    await until(() => logs.includes('capture.fault'))
    expect(await (await fetch(`${url}/ready`)).json()).toMatchObject({ waitingFor: expect.arrayContaining(['the POS']) as string[], troubles: [expect.stringMatching(/no such column \(price\).*What to do: /) as string] })
    till.exec('ALTER TABLE items ADD COLUMN price TEXT')
    till.close()
    await until(() => logs.includes('capture.works-again'))
    child.kill('SIGTERM')
    expect(await exitOf(child)).toBe(0)
  })
})

describe('the other commands', () => {
  test('check says where a configuration is wrong, and ends with 2', async () => {
    writeFileSync(folder.file('bad.yaml'), 'edge:\n  url: nowhere\n')
    const { code, stdout } = await runCommand('check', '--json', '--config', folder.file('bad.yaml'))
    expect(code).toBe(2)
    expect(JSON.parse(stdout)).toMatchObject({ ok: false, problems: expect.arrayContaining([expect.objectContaining({ line: 2, key: 'edge.url' })]) as unknown })
    expect((await runCommand('check', '--config', folder.file('shop.yaml'))).stdout).toContain('in order')
  })

  test('help teaches, and names the exit codes', async () => {
    const { code, stdout } = await runCommand('--help')
    expect(code).toBe(0)
    for (const word of ['First steps', 'check', 'Exit codes', 'another connector serves this store']) expect(stdout).toContain(word)
    expect((await runCommand('run')).code).toBe(2)
  })

  test('status of a shop that never ran says so', async () => {
    expect(await runCommand('status', '--config', folder.file('shop.yaml'))).toMatchObject({ code: 5, stderr: expect.stringContaining('has not run') as string })
  })
})

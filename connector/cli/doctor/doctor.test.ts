import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { parse, stringify } from 'yaml'
import { z } from 'zod'
import { toInstant } from '../../../contract/clock.ts'
import { startControl } from '../../control/control-server.ts'
import { openJournal } from '../../journal/journal.ts'
import { openConnection } from '../../pos/sql/connection.ts'
import { createTables, sqlShopConfig } from '../../pos/sql/test-sql-shop.ts'
import { SECRET, testFolder } from '../../test-shop.ts'
import { EXIT } from '../exit-codes.ts'
import { doctor } from './doctor.ts'

const Report = z.object({ ok: z.boolean(), failed: z.number(), findings: z.array(z.object({ name: z.string(), level: z.enum(['ok', 'warn', 'fail']), detail: z.string(), fix: z.string().nullable() })) })

let folder: ReturnType<typeof testFolder>
let edge: Server
let edgeUrl: string
let asked: string[]

beforeEach(async () => {
  folder = testFolder()
  asked = []
  edge = createServer((request, response) => {
    asked.push(request.url ?? '')
    response.writeHead(request.url === '/healthz' ? 200 : 404).end('{}')
  })
  await new Promise<void>((resolve) => edge.listen(0, '127.0.0.1', resolve))
  const address = edge.address()
  edgeUrl = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`
  writeFileSync(folder.file('pos.sqlite'), '')
  const connection = openConnection({ dialect: 'sqlite', file: folder.file('pos.sqlite'), lockTimeoutMs: 1_000 })
  await createTables(connection)
  await connection.close()
})
afterEach(async () => {
  vi.restoreAllMocks()
  edge.closeAllConnections()
  await new Promise((resolve) => edge.close(resolve))
  folder.remove()
})

/** The shop of the SQL tests in a file; `spoil` is a mistake in its text. */
function configure(store: object, spoil: (yaml: string) => string = (yaml) => yaml): string {
  const pos = { ...sqlShopConfig({ dialect: 'sqlite', file: 'pos.sqlite', lockTimeoutMs: 1_000 }), connection: { file: 'pos.sqlite' } }
  const config = { edge: { url: edgeUrl }, store: { id: 'main-street', ...store }, connector: { id: 'till-1' }, journal: { file: 'journal.sqlite' }, pos, server: { port: 0 } }
  writeFileSync(folder.file('shop.yaml'), spoil(stringify(config)), { mode: 0o600 })
  return folder.file('shop.yaml')
}

async function examined(config: string): Promise<{ code: number; report: z.infer<typeof Report> }> {
  let said = ''
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    said += String(text)
    return true
  })
  const code = await doctor(config, { json: true })
  vi.restoreAllMocks()
  return { code, report: Report.parse(JSON.parse(said)) }
}

test('a store that is not paired yet is told so, once, and all else is looked at', async () => {
  const { code, report } = await examined(configure({ secretFile: 'secret' }))
  expect(code).toBe(EXIT.attention)
  expect(report.findings.filter(({ level }) => level === 'fail')).toMatchObject([{ name: 'pairing', detail: expect.stringContaining('not paired yet') as string, fix: expect.stringContaining('tillbridge-connector pair --config') as string }])
  const fine = report.findings.filter(({ level }) => level === 'ok').map(({ name }) => name)
  expect(fine).toEqual(expect.arrayContaining(['disk room', 'database', 'statements', 'edge', 'clock', 'tunnel', 'desk']))
  // Nothing is signed with a secret that is not there.
  expect(new Set(asked)).toEqual(new Set(['/healthz']))
})

test('a configuration that is wrong besides ends with 2', async () => {
  vi.spyOn(process.stderr, 'write').mockReturnValue(true)
  expect(await doctor(configure({ secretFile: 'secret' }, (yaml) => yaml.replace('currency: USD', 'currency: 7')), { json: true })).toBe(EXIT.configuration)
})

test('the connector\'s own table in the till is not made by looking', async () => {
  const config = configure({ secret: SECRET }, (yaml) => yaml.replace('ownTable: false', 'ownTable: true').replace('stockFallsAt: accept', 'stockFallsAt: later').replace('SELECT id AS reference, state FROM bills WHERE reference = :assignmentId', 'SELECT o.pos_reference AS reference, b.state FROM tillbridge_orders o JOIN bills b ON b.id = o.pos_reference WHERE o.assignment_id = :assignmentId'))
  expect(readFileSync(config, 'utf8')).toMatch(/tillbridge_orders o[\s\S]*ownTable: true/)
  const before = readFileSync(folder.file('pos.sqlite'))
  const { report } = await examined(config)
  expect(report.findings.filter(({ name }) => ['statements', 'pos', 'pos can'].includes(name)).map(({ detail }) => detail)).toEqual(['are understood', 'nothing for sale', 'Changes:', 'Deletes:', 'when the staff complete it', 'looked up by its reference'].map((words) => expect.stringContaining(words) as string))
  expect(readFileSync(folder.file('pos.sqlite')).equals(before)).toBe(true)
})

test('how late a database shows a change is the running connector\'s to say, which has read it, and is claimed by nobody else', async () => {
  const config = configure({ secret: SECRET })
  const changes = async () => (await examined(config)).report.findings.find(({ detail }) => detail.startsWith('Changes:'))?.detail
  expect(await changes()).toMatch(/the running connector measures it/)
  const journal = openJournal({ file: folder.file('journal.sqlite'), storeId: 'main-street', connectorId: 'till-1' })
  const never = (): never => { throw new Error('it was not asked for') }
  const control = await startControl({
    reconcile: never, retryOrder: never, giveUp: never, retryRefused: never, dropRefused: never, sell: never,
    status: () => ({
      version: '1', url: 'http://127.0.0.1:1', startedAt: toInstant(0), doing: [{ what: 'watching' }], pos: { reachable: true, lookedAt: null, lookedAgoS: null, seenAfterMs: 42_000 },
      edge: { answering: true, answeredAt: null, answeredAgoS: null, holdsStore: true, clockSkewMs: null }, comparisons: { finished: 0, failed: 0, wanted: false }, troubles: [],
    }),
  }, folder.file('journal.sqlite'))
  try {
    expect(await changes()).toContain('The POS shows one 42 seconds late at the most')
  } finally {
    await control.close()
    journal.close()
  }
})

test('a table of the order statements that is misspelt ends with 7, under its place in the configuration', async () => {
  const { code, report } = await examined(configure({ secret: SECRET }, (yaml) => yaml.replace('INSERT INTO bill_lines', 'INSERT INTO bill_line')))
  expect(code).toBe(EXIT.attention)
  expect(report.findings).toContainEqual({ name: 'pos.orders.write.1.run', level: 'fail', detail: expect.stringContaining('no such table: bill_line') as string, fix: expect.stringContaining('pos.orders.write.1.run') as string })
})

test('of a POS that drops files: a place for web orders that is none', async () => {
  const config = configure({ secret: SECRET }, (yaml) => stringify({
    ...z.record(z.string(), z.unknown()).parse(parse(yaml)),
    pos: { type: 'csv', folder: folder.file('drop'), currency: 'USD', timeZone: 'UTC', goods: { files: ['goods*.csv'], columns: { sku: 'sku', name: 'name', price: 'price' } } },
  }))
  mkdirSync(folder.file('drop'))
  const ofPos = async () => (await examined(config)).report.findings.filter(({ name }) => name === 'pos')
  expect(await ofPos()).toMatchObject([{ level: 'ok' }])
  writeFileSync(folder.file('drop/orders'), 'not a folder')
  expect(await ofPos()).toMatchObject([{ level: 'fail', detail: expect.stringMatching(/drop\/orders cannot be read and written/) as string }])
})

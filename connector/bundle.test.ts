import { DatabaseSync } from 'node:sqlite'
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import manifest from '../package.json' with { type: 'json' }
import { toInstant } from '../contract/clock.ts'
import { linksInWords } from './cli/docs/links.ts'
import { isTopic, PAGES } from './cli/docs/pages.ts'
import { startTestEdge } from './edge/test-edge.ts'
import { SCHEMA_VERSION } from './journal/schema.ts'
import { tooOld } from './node-version.ts'
import { seedDemoShop } from './pos/embedded/demo-shop.ts'
import { openEmbeddedTill } from './pos/embedded/embedded-pos.ts'
import { bundleUnderTest, type BundleUnderTest } from './test-bundle.ts'
import { assignmentId, assignmentOf, STORE_ID } from './test-shop.ts'

let bundle: BundleUnderTest
beforeAll(async () => {
  bundle = await bundleUnderTest()
}, 60_000)
afterAll(() => bundle.remove())

const shop = (edge: string, journal = 'journal.sqlite'): string => `
edge: { url: '${edge}' }
store: { id: ${STORE_ID}, secretFile: store.secret }
journal: { file: ${journal} }
pos: { type: embedded, file: till.sqlite }
server: { port: 0 }
heartbeat: { everyMs: 100 }
`

test('one file in an empty folder says its version, and checks a configuration', async () => {
  expect(readdirSync(bundle.folder.path).sort()).toEqual(['home', 'store.secret', 'tillbridge-connector.mjs'])
  // Where a template of ours needs another character, it is written as an entity or an escape.
  expect(readFileSync(bundle.folder.file('tillbridge-connector.mjs'), 'utf8').match(/^.*\P{ASCII}.*$/gmu)).toBeNull()
  const said = await bundle.call('version')
  expect([said.code, said.err]).toEqual([0, ''])
  expect(said.out).toContain(manifest.version)
  bundle.write('bad.yaml', 'edge:\n  url: nowhere\n')
  expect(await bundle.call('check', '--json', '--config', 'bad.yaml')).toMatchObject({ code: 2, out: expect.stringContaining('"line":2') as string })
  bundle.write('shop.yaml', shop('http://127.0.0.1:1'))
  expect(await bundle.call('check', '--config', 'shop.yaml')).toMatchObject({ code: 0, out: expect.stringContaining('in order') as string })
})

test('brings the handbook, the examples and the GRANT scripts along, word for word, and names no page that is not there', async () => {
  const told = new Set<string>()
  await Promise.all(Object.entries(PAGES).map(async ([topic, { file }]) => {
    const source = readFileSync(new URL(`../${file}`, import.meta.url), 'utf8')
    const { code, out } = await bundle.call('docs', topic)
    expect([code, out.trimEnd()]).toEqual([0, source.trimEnd() + linksInWords(file, source)])
    for (const [, named] of out.matchAll(/tillbridge-connector docs ([a-z-]+)/g)) told.add(named!)
  }))
  // What the program itself says, in messages and in the configurations that init writes.
  const texts = (line: string) => line.length > 1_000
  const program = readFileSync(bundle.folder.file('tillbridge-connector.mjs'), 'utf8').split('\n').filter((line) => !texts(line))
  for (const [, named] of program.join('\n').matchAll(/tillbridge-connector docs ([a-z-]+)/g)) told.add(named!)
  expect([...told].filter((topic) => !isTopic(topic))).toEqual([])
  expect(told.has('store-it')).toBe(true)
  // A path that only the repository has helps nobody who has this file alone. Comments of the source name theirs.
  expect(program.filter((line) => /(docs|connector\/config)\/[a-z-]+\.(md|yaml)/.test(line) && !/^\s*(\*|\/\/|\/\*|.*\{ file: ")/.test(line))).toEqual([])
  expect((await bundle.call('docs', 'nothing')).code).toBe(8)
}, 60_000)

test('an old Node is told what it lacks, and nothing is loaded before', async () => {
  const file = bundle.folder.file('tillbridge-connector.mjs')
  // Of all that is the parts of Node, only those of the banner may be looked for before the first line runs: every Node has them.
  expect(readFileSync(file, 'utf8').match(/^import .*$/gm)?.map((line) => line.split(' from ')[1])).toEqual(["'node:module'", "'node:url'", "'node:path'"])
  // This Node as an older one: without its database, and with another number.
  const asOld = ['--no-experimental-sqlite', '--import', 'data:text/javascript,Object.defineProperty(process,"version",{value:"v20.19.1"})']
  const others = ['/usr/bin/node', '/usr/local/bin/node'].filter((node) => existsSync(node) && tooOld(execFileSync(node, ['--version'], { encoding: 'utf8' }).trim()) !== null)
  for (const [node, ...flags] of [[process.execPath, ...asOld], ...others.map((other) => [other])] as [string, ...string[]][]) {
    const { status, stdout, stderr } = spawnSync(node, [...flags, file, 'version'], { encoding: 'utf8', env: { PATH: '' } })
    expect([status, stdout, stderr]).toEqual([11, '', expect.stringMatching(/^The connector needs Node 24 or newer, and this is v\d+\..*\n {2}What to do: install Node 24 [^\n]*\n$/) as string])
  }
  expect(['v24.0.0', 'v26.1.0'].map(tooOld)).toEqual([null, null])
})

test('serves a shop: the catalogue goes to the edge, an order into the till, and it ends in good order', async () => {
  const edge = await startTestEdge()
  seedDemoShop(bundle.folder.file('till.sqlite'), { items: 20 })
  const till = openEmbeddedTill({ file: bundle.folder.file('till.sqlite') })
  const { items, levels } = await till.readSnapshot(null, 100)
  const stocked = items.find((item) => item.unit === 'each' && (levels.find(({ sku }) => sku === item.sku)?.onHand ?? 0) > 5)!
  const order = assignmentOf(1, { [stocked.sku]: 1 }, { acceptBy: toInstant(Date.now() + 60_000), storeId: STORE_ID })
  edge.pending.assignments = [{ ...order, lines: order.lines.map((line) => ({ ...line, unitPrice: stocked.price, taxIncluded: stocked.taxIncluded, taxRate: stocked.taxRate })) }]
  bundle.write('shop.yaml', shop(edge.url))
  const count = (type: string): number => edge.events().filter((event) => event.type === type).length
  const { code, out, err } = await bundle.runUntil(() => count('catalog.item_upserted') === 20 && count('order.accepted') === 1, 'run', '--config', 'shop.yaml')
  expect([code, count('catalog.item_upserted'), count('order.accepted')], err).toEqual([0, 20, 1])
  expect(JSON.parse(out)).toMatchObject({ event: 'connector.ready' })
  expect(await till.findOrder(assignmentId(1))).toMatchObject({ state: 'open' })
  await till.close()
  await edge.close()
}, 40_000)

test('refuses a journal from the future and says what to do', async () => {
  const file = bundle.folder.file('future.sqlite')
  const db = new DatabaseSync(file)
  db.exec(`CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID; INSERT INTO meta VALUES ('schemaVersion', '${SCHEMA_VERSION + 1}')`)
  db.close()
  bundle.write('future.yaml', shop('http://127.0.0.1:1', 'future.sqlite'))
  const { code, err } = await bundle.call('run', '--config', 'future.yaml')
  expect([code, err]).toEqual([5, expect.stringContaining('install the newer connector again') as string])
})

import { chmodSync, copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { SECRET, testFolder } from '../test-shop.ts'
import { Configuration } from './config.ts'
import { loadConfig } from './load-config.ts'

let folder: ReturnType<typeof testFolder>

beforeEach(() => {
  folder = testFolder()
  writeFileSync(folder.file('store.secret'), `${SECRET}\n`, { mode: 0o600 })
})
afterEach(() => folder.remove())

const Node = z.object({ properties: z.record(z.string(), z.unknown()).default({}), anyOf: z.array(z.unknown()).default([]) })
/** The keys of a configuration but those of `pos`, which each POS has its own of. */
function keysOf(node: unknown, path = ''): string[] {
  const { properties, anyOf } = Node.parse(node)
  const here = Object.entries(properties).filter(([key]) => path !== '' || key !== 'pos')
  return [...here.flatMap(([key, each]) => [path + key, ...keysOf(each, `${path}${key}.`)]), ...anyOf.flatMap((each) => keysOf(each, path))]
}

const GOOD = `edge:
  url: http://127.0.0.1:8787
store:
  id: main-street
  secretFile: store.secret
journal:
  file: data/journal.sqlite
pos:
  type: embedded
  file: till.sqlite
server:
  port: 0
`

function load(text: string): ReturnType<typeof loadConfig> {
  writeFileSync(folder.file('shop.yaml'), text, { mode: 0o600 })
  return loadConfig(folder.file('shop.yaml'))
}

function problems(text: string): unknown[] {
  const loaded = load(text)
  if (loaded.ok) throw new Error('expected a refusal')
  return loaded.refusal.problems.map(({ line, column, key, expected, found }) => ({ line, column, key, expected, found }))
}

function warnings(text: string): { line: number; key: string; message: string }[] {
  const loaded = load(text)
  return loaded.ok ? loaded.value.warnings : loaded.refusal.warnings
}

test('a password that YAML takes for a number is not repeated', () => {
  const pos = 'pos:\n  type: ospos\n  connection: { user: u, database: d, password: 918273645 }\n'
  expect(problems(GOOD.replace(/pos:\n.*\n.*\n/, pos))).toEqual([expect.objectContaining({ key: 'pos.connection.password', expected: 'text', found: 'a number that is not shown' })])
})

describe('a good configuration', () => {
  test('has its defaults, absolute paths and the secret of its file', () => {
    const loaded = load(GOOD)
    if (!loaded.ok) throw new Error(JSON.stringify(loaded.refusal))
    expect(loaded.value).toEqual({
      warnings: [],
      config: {
        edge: { url: 'http://127.0.0.1:8787' },
        store: { id: 'main-street', secrets: [SECRET] },
        connector: {},
        journal: { file: join(folder.path, 'data/journal.sqlite'), maxMegabytes: 1024, keepFinishedDays: 90 },
        pos: { type: 'embedded', file: join(folder.path, 'till.sqlite') },
        server: { host: '127.0.0.1', port: 0 },
        poll: { everyMs: 100 },
        heartbeat: { everyMs: 10_000 },
        pull: { everyMs: 5_000 },
        reconcile: { everyMinutes: 60 },
        feed: { zeroShare: 0.2, repriceShare: 0.1, healShare: 0.5, minimum: 10 },
        log: { level: 'info' },
        desk: { listen: null, warnAfterMinutes: 10, redAfterMinutes: 30 },
      },
    })
  })

  test('compares with the edge only when asked, with a zero', () => {
    const loaded = load(`${GOOD}reconcile:\n  everyMinutes: 0\n`)
    expect(loaded.ok && loaded.value.config.reconcile).toEqual({ everyMinutes: 0 })
  })

  test('the example is one', () => {
    copyFileSync(new URL('./example.yaml', import.meta.url), folder.file('example.yaml'))
    const loaded = loadConfig(folder.file('example.yaml'))
    expect(loaded.ok ? loaded.value.warnings : loaded.refusal).toEqual([])
  })

  test('the example explains each key there is; a secret belongs into a file of its own', () => {
    const text = readFileSync(new URL('./example.yaml', import.meta.url), 'utf8')
    const unnamed = keysOf(z.toJSONSchema(Configuration, { io: 'input', unrepresentable: 'any' })).filter((key) => !new RegExp(`^[ #]*${key.split('.').at(-1)}:`, 'm').test(text))
    expect(unnamed).toEqual(['store.secret', 'desk.pin'])
  })

  test('two secrets may be live, in a list or in lines', () => {
    const second = `tbsec_${Buffer.alloc(32, 2).toString('base64')}`
    writeFileSync(folder.file('store.secret'), `${SECRET}\n${second}\n`, { mode: 0o600 })
    const fromFile = load(GOOD)
    const inline = load(GOOD.replace('secretFile: store.secret', `secret: [${SECRET}, ${second}]`))
    expect([fromFile, inline].map((loaded) => loaded.ok && loaded.value.config.store.secrets)).toEqual([[SECRET, second], [SECRET, second]])
  })
})

describe('an error names line, column, key, what was expected and what was found', () => {
  test.each([
    ['a missing group', GOOD.replace(/pos:\n.*\n.*\n/, ''), { line: 1, column: 1, key: 'pos', expected: 'a group of keys', found: 'nothing' }],
    ['a missing key', GOOD.replace('  port: 0\n', '  host: 0.0.0.0\n'), { line: 11, column: 1, key: 'server.port', expected: 'a number', found: 'nothing' }],
    ['a wrong type', GOOD.replace('port: 0', 'port: many'), { line: 12, column: 3, key: 'server.port', expected: 'a number', found: 'text "many"' }],
    ['a number too large', GOOD.replace('port: 0', 'port: 70000'), { line: 12, column: 3, key: 'server.port', expected: 'at most 65535', found: 'number 70000' }],
    ['a number as an id', GOOD.replace('id: main-street', 'id: 12'), { line: 4, column: 3, key: 'store.id', expected: 'text', found: 'number 12' }],
    ['a share in percent', `${GOOD}feed:\n  zeroShare: 20\n`, { line: 14, column: 3, key: 'feed.zeroShare', expected: 'at most 1', found: 'number 20' }],
    ['another POS', GOOD.replace('type: embedded', 'type: abacus'), { line: 9, column: 3, key: 'pos.type', expected: expect.stringContaining('embedded') as string, found: 'text "abacus"' }],
    ['an address that is none', GOOD.replace('http://127.0.0.1:8787', 'shop.example'), { line: 2, column: 3, key: 'edge.url', expected: 'the address of the edge, such as https://shop.example', found: 'text "shop.example"' }],
    ['no secret', GOOD.replace('  secretFile: store.secret\n', ''), { line: 3, column: 1, key: 'store.secretFile', expected: 'a file with the store secret (or store.secret)', found: 'neither' }],
  ])('%s', (_name, text, problem) => {
    expect(problems(text)).toEqual([problem])
  })

  test.each([
    ['a bracket left open', 'type: embedded', 'type: [embedded', 10, 3, 'closing bracket'],
    ['a key set in too little', '  file: till.sqlite', ' file: till.sqlite', 10, 2, 'below one another'],
    ['a key set in too far', '  file: till.sqlite', '    file: till.sqlite', 9, 9, 'in the same column'],
    ['a tab', '  file: till.sqlite', '\tfile: till.sqlite', 10, 1, 'blanks'],
    ['a colon in a text', 'id: main-street', 'id: main: street', 4, 7, 'in quotes'],
    ['a quote left open', 'id: main-street', 'id: "main-street', 4, 7, 'closing quote'],
    ['a key without a colon', '  file: till.sqlite', '  file till.sqlite', 10, 3, 'a colon'],
    ['a key twice', '  port: 0', '  port: 0\n  port: 1', 13, 3, 'once'],
    ['two configurations', 'server:', '---\nserver:', 11, 1, 'one configuration'],
    ['a tag, which would leave nothing', 'file: till.sqlite', 'file: !hunter2', 10, 9, 'begins with "!"'],
    ['an alias of nothing', 'file: till.sqlite', 'file: *hunter2', 10, 9, 'begins with "*"'],
    ['a character that YAML keeps for itself', 'file: till.sqlite', 'file: @hunter2', 10, 9, 'in quotes'],
    ['text after a text in quotes', 'file: till.sqlite', "file: 'a'hunter2", 10, 12, 'in quotes'],
  ])('no YAML, once and in our own words, which repeat nothing: %s', (_name, good, bad, line, column, words) => {
    expect(problems(GOOD.replace(good, bad))).toEqual([{ key: '(YAML)', line, column, expected: expect.stringContaining(words) as string, found: expect.not.stringContaining('hunter2') as string }])
  })

  test('a file that is not there', () => {
    const loaded = loadConfig(folder.file('nowhere.yaml'))
    expect(!loaded.ok && loaded.refusal.problems).toMatchObject([{ found: `no file at ${folder.file('nowhere.yaml')}` }])
  })

  test('a folder, an empty file and bytes that are no text, each in one line', () => {
    mkdirSync(folder.file('folder.yaml'))
    writeFileSync(folder.file('empty.yaml'), '\n \n')
    writeFileSync(folder.file('utf16.yaml'), GOOD, 'utf16le')
    writeFileSync(folder.file('binary.yaml'), Uint8Array.of(0x1f, 0x8b, 0xff, 0x10))
    const found = ['folder', 'empty', 'utf16', 'binary'].map((name) => loadConfig(folder.file(`${name}.yaml`))).map((loaded) => !loaded.ok && loaded.refusal.problems)
    expect(found).toMatchObject([
      [{ found: `${folder.file('folder.yaml')}: it is a folder, and a file is expected (EISDIR)` }], [{ expected: expect.stringContaining('"init" writes one') as string, found: 'an empty file' }],
      [{ expected: 'a text in UTF-8' }], [{ expected: 'a text in UTF-8' }],
    ])
    expect(found.flat()).toHaveLength(4)
  })

  test('lengths and groups in our own words', () => {
    const expected = (text: string): unknown[] => problems(text).map((problem) => (problem as { expected: string }).expected)
    expect(expected(GOOD.replace('secretFile: store.secret', 'secretFile: []'))).toEqual(['at least 1 entry'])
    expect(expected(`${GOOD}connector: { id: ${'x'.repeat(200)} }\n`)).toEqual(['at most 128 characters'])
    expect(expected(`${GOOD}connector: { id: '' }\n`)).toEqual(['a text that is not empty'])
  })

  test('no secret yet, and all else is looked at', () => {
    const unpaired = GOOD.replace('store.secret', 'other.secret')
    const loaded = load(`${unpaired}desk: { pinFile: desk.pin }\n`)
    expect(!loaded.ok && loaded.refusal.problems.map(({ key, notPaired }) => [key, notPaired])).toEqual([['store.secretFile', true], ['desk.pinFile', undefined]])
    expect(warnings(`${unpaired.replace('127.0.0.1', 'edge.example')}`)).toMatchObject([{ key: 'edge.url' }])
  })

  test('several at once', () => {
    expect(problems('store:\n  id: main-street\n')).toHaveLength(4)
  })
})

describe('a secret', () => {
  test('is never repeated in an error', () => {
    const almost = `${SECRET.slice(0, -8)}!!`
    expect(JSON.stringify(load(GOOD.replace('secretFile: store.secret', `secret: "${almost}"`)))).not.toContain(almost.slice(6, 20))
    writeFileSync(folder.file('store.secret'), almost)
    const loaded = load(GOOD)
    expect(loaded.ok).toBe(false)
    expect(JSON.stringify(loaded)).not.toContain(almost.slice(6, 20))
  })

  test('that others can read is warned of, in either place', () => {
    chmodSync(folder.file('store.secret'), 0o644)
    expect(warnings(GOOD)).toMatchObject([{ line: 5, key: 'store.secretFile', message: expect.stringContaining('chmod 600') as string }])
    writeFileSync(folder.file('shop.yaml'), GOOD.replace('secretFile: store.secret', `secret: ${SECRET}`))
    chmodSync(folder.file('shop.yaml'), 0o644)
    const loaded = loadConfig(folder.file('shop.yaml'))
    expect(loaded.ok && loaded.value.warnings).toMatchObject([{ key: 'store.secret' }])
    expect(readFileSync(folder.file('shop.yaml'), 'utf8')).toContain(SECRET)
  })
})

describe('a warning', () => {
  test('an unknown key is ignored, with what was probably meant', () => {
    const text = GOOD.replace('  port: 0', '  port: 0\n  hots: x').replace('pos:', 'pol:\n  everyMs: 5\npos:')
    expect(warnings(text)).toMatchObject([
      { line: 8, key: 'pol', message: expect.stringMatching(/did you mean "(pos|poll)"/) as string },
      { line: 15, key: 'server.hots', message: expect.stringContaining('did you mean "server.host"') as string },
    ])
  })

  test('an unknown key like none names the known ones', () => {
    expect(warnings(GOOD.replace('  port: 0', '  port: 0\n  certificate: x'))[0]?.message).toContain('known here: host, port')
  })

  test('plain http to another machine', () => {
    expect(warnings(GOOD.replace('127.0.0.1:8787', 'edge.example'))).toMatchObject([{ line: 2, key: 'edge.url' }])
  })
})

describe('a POS in a database', () => {
  const SQL = GOOD.replace('  type: embedded\n  file: till.sqlite\n', `  type: sql
  dialect: postgres
  currency: USD
  connection: { user: till, passwordFile: pos.password, database: shop, caFile: certificates/ca.pem }
  goods: { query: "SELECT id, code, title, price FROM goods", columns: { key: id, sku: code, name: title, price: price } }
`)

  test('has its password read, its paths absolute, and is asked once a second', () => {
    writeFileSync(folder.file('pos.password'), 'open sesame\n', { mode: 0o600 })
    const loaded = load(SQL)
    if (!loaded.ok) throw new Error(JSON.stringify(loaded.refusal))
    expect(loaded.value.config.poll).toEqual({ everyMs: 1_000 })
    expect(loaded.value.config.pos).toMatchObject({ connection: { password: 'open sesame', caFile: join(folder.path, 'certificates/ca.pem'), host: '127.0.0.1', ssl: 'off' } })
    expect(loaded.value.warnings).toMatchObject([{ key: 'pos.orders', message: expect.stringContaining('refused') as string }])
  })

  test('may be called MariaDB by its name', () => {
    writeFileSync(folder.file('pos.password'), 'open sesame', { mode: 0o600 })
    const unicenta = GOOD.replace('  type: embedded\n  file: till.sqlite\n', '  type: unicenta\n  dialect: mariadb\n  currency: EUR\n  connection: { user: till, passwordFile: pos.password, database: shop }\n')
    for (const text of [SQL.replace('postgres', 'mariadb'), unicenta]) {
      const loaded = load(text)
      expect(loaded.ok ? loaded.value.config.pos : loaded.refusal.problems).toMatchObject({ dialect: 'mysql' })
    }
    expect(problems(SQL.replace('postgres', 'oracle'))).toMatchObject([{ key: 'pos.dialect', expected: 'one of mysql, mariadb, postgres, sqlite', found: 'text "oracle"' }])
  })

  test('an unknown key in an entry of a list is found there', () => {
    writeFileSync(folder.file('pos.password'), 'open sesame\n', { mode: 0o600 })
    const text = SQL.replace('  currency: USD\n', '  currency: USD\n  watch: [{ table: goods, key: id }, { table: codes, key: goods_id, tabel: x }]\n')
    expect(warnings(text)).toContainEqual(expect.objectContaining({ key: 'pos.watch.1.tabel', line: 12, message: expect.stringContaining('did you mean "pos.watch.1.table"') as string }))
  })

  test('warns of a password that others can read, and never repeats one', () => {
    writeFileSync(folder.file('pos.password'), 'open sesame\nand more', { mode: 0o644 })
    expect(problems(SQL)).toMatchObject([{ key: 'pos.connection.passwordFile', expected: 'one line: the password' }])
    expect(JSON.stringify(load(SQL))).not.toContain('sesame')
    writeFileSync(folder.file('pos.password'), 'open sesame')
    chmodSync(folder.file('pos.password'), 0o644)
    expect(warnings(SQL)).toMatchObject([{ key: 'pos.connection.passwordFile', message: expect.stringContaining('chmod 600') as string }, { key: 'pos.orders' }])
    expect(JSON.stringify(problems(SQL.replace('passwordFile: pos.password', 'password: [open, sesame]')))).not.toContain('sesame')
  })

  test('names what a statement asks for and nobody gives', () => {
    writeFileSync(folder.file('pos.password'), 'open sesame', { mode: 0o600 })
    const orders = `  orders: { stockFallsAt: accept, find: "SELECT id AS reference, state FROM bills WHERE reference = :assignment", states: { 0: open }, changes: "SELECT 1", write: [{ run: "INSERT INTO bills VALUES (:total)", as: bill }] }\n`
    expect(problems(SQL.replace('server:', `${orders}server:`)).map((problem) => (problem as { key: string }).key)).toEqual(['pos.orders.find', 'pos.orders.stock', 'pos.orders.write'])
  })
})

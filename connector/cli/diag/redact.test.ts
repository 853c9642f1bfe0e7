import { readFileSync, writeFileSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { SECRET, testFolder } from '../../test-shop.ts'
import { knownSecrets } from './known-secrets.ts'
import { REDACTED, redactLog, redactText, redactYaml } from './redact.ts'

let folder: ReturnType<typeof testFolder>
beforeEach(() => {
  folder = testFolder()
})
afterEach(() => folder.remove())

const PASSWORD = 'p4ss "word"\\'
const yaml = `# old: c0mment
edge: { url: "https://shop:edg3%40pw@shop.example/x" }
store: { id: shop, secret: [${SECRET}] } # was: c0mment
journal: { file: data/journal.sqlite }
pos:
  type: sql
  dialect: mysql
  currency: EUR
  connection: { user: till, password: &p ${JSON.stringify(PASSWORD)}, host: db.example, pasword: m1styped, caFile: ca.pem }
  goods:
    query: "SELECT k FROM g -- ${PASSWORD.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"
    keyIs: number
    units: { Stk: each }
    columns: { key: k, sku: code, name: n, price: price_key, deleted: token }
desk: { pin: "471147", pinFile: desk.pin }
server: { port: 8791, headers: { Authorization: "Bearer abcdef0123456789" } }
proxy: *p
`
const HIDDEN = [SECRET, SECRET.slice(6), PASSWORD, 'p4ss', 'edg3', '471147', 'm1styped', 'abcdef0123456789', 'c0mment', 'f1le-pw', '998877', 'pr0xy', 'env-c0de']

describe('what diag packs of a configuration', () => {
  const known = () => {
    writeFileSync(folder.file('shop.yaml'), yaml)
    writeFileSync(folder.file('desk.pin'), '998877\n')
    return knownSecrets(folder.file('shop.yaml'), { HTTPS_PROXY: 'http://shop:pr0xy@proxy:3128', TILLBRIDGE_PAIRING_CODE: 'env-c0de' })
  }
  test('is everything but what the schema marks as secret, and what it does not know', () => {
    const clean = redactYaml(yaml, known())
    for (const hidden of HIDDEN) expect(clean).not.toContain(hidden)
    expect(parse(clean)).toEqual({
      edge: { url: `https://${REDACTED}@shop.example/x` }, store: { id: 'shop', secret: REDACTED }, journal: { file: 'data/journal.sqlite' },
      pos: {
        type: 'sql', dialect: 'mysql', currency: 'EUR', connection: { user: 'till', password: REDACTED, host: 'db.example', pasword: REDACTED, caFile: 'ca.pem' },
        goods: { query: `SELECT k FROM g -- ${REDACTED}`, keyIs: 'number', units: { Stk: 'each' }, columns: { key: 'k', sku: 'code', name: 'n', price: 'price_key', deleted: 'token' } },
      },
      desk: { pin: REDACTED, pinFile: 'desk.pin' }, server: { port: 8791, headers: REDACTED }, proxy: REDACTED,
    })
  })

  test.each([['../../config/example.yaml', ''], ['../../pos/sql/example-shop.yaml', 'pos']])('is the whole of %s, which has nothing secret in it', (file, group) => {
    const text = readFileSync(new URL(file, import.meta.url), 'utf8')
    const whole = group === '' ? text : `${group}:\n${text.replaceAll(/^/gm, '  ')}`
    expect(parse(redactYaml(whole, []))).toEqual(parse(whole))
  })

  test('is nothing of what is no YAML, and nothing of text where a group should be', () => {
    expect(redactYaml('store: {id: hunter2', [])).not.toContain('hunter2')
    expect(redactYaml('store: hunter2\npos: [hunter2]\ndesk: { port: { x: hunter2 } }\n', [])).not.toContain('hunter2')
  })

  test('knows each secret wherever it is said: from the file, from files beside it, from addresses and the environment', () => {
    writeFileSync(folder.file('other.yaml'), 'store: { secretFile: [store.secret] }\npos: { type: ospos, connection: { passwordFile: pos.password } }\n')
    writeFileSync(folder.file('store.secret'), `${SECRET}\n`)
    writeFileSync(folder.file('pos.password'), 'f1le-pw\n')
    const secrets = [...known(), ...knownSecrets(folder.file('other.yaml'), {})]
    const said = [PASSWORD, '471147', '998877', 'f1le-pw', 'pr0xy', 'edg3@pw', 'env-c0de', SECRET, SECRET.slice(6)]
    const inEachWay = said.flatMap((secret) => [secret, JSON.stringify({ why: secret }), encodeURIComponent(secret), Buffer.from(secret).toString('base64')])
    const clean = redactText(`${inEachWay.join('\n')}\nAuthorization: Basic dGlsbDpodW50ZXIy`, secrets)
    for (const hidden of [...said, ...said.map(encodeURIComponent), ...said.map((secret) => Buffer.from(secret).toString('base64')), 'dGlsbDpodW50ZXIy', 'p4ss']) expect(clean).not.toContain(hidden)
    expect(redactLog(JSON.stringify({ event: 'x', hint: `as ${PASSWORD}` }), secrets)).toBe(`{"event":"x","hint":"as ${REDACTED}"}`)
  })

  test('a configuration that is not in order keeps its secrets too', () => {
    writeFileSync(folder.file('bad.yaml'), 'desk: { pin: 471148 }\npos: { type: ospos, connection: { password: [a, l1sted] } }\n')
    expect(knownSecrets(folder.file('bad.yaml'), {})).toEqual(expect.arrayContaining(['471148', 'l1sted']))
  })
})

describe('what diag packs of a text', () => {
  test('has of a log only what the connector writes', () => {
    const log = redactLog('{"event":"edge.away","fault":"X","customer":"Bess"}\nplain bess@example.org\n{"event":"x","hint":"ask bess@example.org"}', [])
    expect(log).toBe('{"event":"edge.away","fault":"X"}\n{"event":"x","hint":"ask (removed)"}')
  })
  test.each([
    { event: 'order.refused', reason: 'unknown_sku' }, { event: 'pos.went-back', sign: 'orders' }, { event: 'pull.malformed', paths: ['lines.0.sku'] }, { event: 'desk.tapped', tap: 'picked' },
    { event: 'desk.cannot-listen', host: '0.0.0.0', port: 8792 }, { event: 'csv.file-rejected', name: 'goods.csv', rows: 3, refused: 1, to: 'rejected/goods.csv' }, { event: 'event.too-large', type: 'sale.recorded', bytes: 70_000 },
  ])('has of $event what it is about', (line) => expect(JSON.parse(redactLog(JSON.stringify({ ...line, customer: 'Bess' }), []))).toEqual(line))
  test('takes a login out of an address whose password has an @ in it, and nothing of what stands beside', () =>
    expect(redactText('{"proxy":"http://shop:p@ss@proxy:3128/x","edge":"https://shop.example/a","by":"x@y"}')).toBe('{"proxy":"http://(removed)@proxy:3128/x","edge":"https://shop.example/a","by":"x@y"}'))
  test('knows the edge\'s secrets and mail addresses anywhere', () => expect(redactText('a tbsec_abc+/= b c@d.ef g')).toBe('a (removed) b (removed) g'))
})

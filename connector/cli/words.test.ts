import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { DriftCause, DriftedSku } from '../../contract/feed.ts'
import { proxyFindings, skewFinding } from './doctor/edge.ts'
import { publicAnswer } from './doctor/tunnel.ts'
import { driftInWords } from './drift-words.ts'
import { EXIT_WORDS } from './exit-codes.ts'
import { sinceOf } from './orders/list.ts'
import { money } from './orders/show.ts'
import { createProgressLine, progressText } from './progress-line.ts'
import { reportOf } from './status.ts'
import { systemdUnit } from './systemd-unit.ts'

describe('progress', () => {
  test('has done and total, rate, and time left', () => expect(progressText({ compared: 250, total: 1000, events: 3 }, 250)).toBe('[######..................] 250/1000 (25 %), 250/s, 3 to send, about 3 s left'))
  test('claims no total that nobody knows', () => expect(progressText({ compared: 250, total: null, events: 3 }, 250)).toBe('250 compared, 250/s, 3 to send'))
  test('has a rate of what is compared, without the time for which it only waited', () => {
    const lines: string[] = []
    const line = createProgressLine({ isTTY: false, write: (text: string) => lines.push(text) > 0 })
    for (const [compared, elapsedMs] of [[0, 0], [0, 30_000], [500, 60_000], [1000, 62_000], [2000, 66_000]] as const) line.update({ compared, total: 4000, events: 0 }, elapsedMs)
    expect(lines.map((text) => /\d+\/s.*|\d+ to send/.exec(text.trim())?.[0])).toEqual(['0 to send', '0 to send', '250/s, 0 to send, about 12 s left', '250/s, 0 to send, about 8 s left'])
  })
})

describe('a comparison', () => {
  test('says why each number differed, and by how much', () => {
    const report = (cause: DriftCause, skus = 1) => ({ at: '2026-01-02T12:00:00Z', compared: 9, skus, units: 4, causes: { [cause]: skus }, sample: [], unhealed: null })
    const words = driftInWords(report('lost'), [{ sku: 'A', cause: 'lost', pos: 5, edge: 9 }]).join('\n')
    expect(words).toContain('9 items compared, 1 differed (4 units')
    expect(words).toContain('1 × lost: told, and the edge has an older word')
    expect(words).toContain('A: the POS has 5, the edge had 9')
    expect(words).not.toContain('more')
    expect(driftInWords(report('never_told'), [{ sku: 'A', cause: 'never_told', pos: 0, edge: 9 }]).join('\n')).toContain('A: the POS has none, or counts it no longer, the edge had 9')
    const many = Array.from({ length: 60 }, (_, n): DriftedSku => ({ sku: `S${n}`, cause: 'lost', pos: 1, edge: 2 }))
    expect(driftInWords(report('lost', 60), many).slice(-2)).toEqual([expect.stringMatching(/^ {2}S49:/), '  and 10 more: --json names each'])
    expect(driftInWords(report('lost', 70), many).at(-1)).toBe('  and 20 more: --json names the first 60 of all')
  })
})

describe('status', () => {
  const journal = { waitingSince: '2026-01-02T12:00:00Z' } as Parameters<typeof reportOf>[0]
  test('is as far behind as the oldest event that is not confirmed', () => {
    expect(reportOf(journal, null, null, Date.parse('2026-01-02T12:00:42Z')).lagS).toBe(42)
    expect(reportOf({ ...journal, waitingSince: null }, null, null, 0).lagS).toBe(0)
  })
})

describe('doctor', () => {
  test('tells a clock that is off, before calls are refused', () => {
    expect(skewFinding(900).level).toBe('ok')
    expect(skewFinding(-45_000)).toMatchObject({ level: 'warn', detail: '45 s behind the edge\'s' })
    expect(skewFinding(3_600_000).detail).toContain('60 min ahead of')
  })
  test('sees a proxy that Node would not use', () => {
    expect(proxyFindings({ HTTPS_PROXY: 'http://proxy:3128' })).toMatchObject([{ level: 'warn' }])
    expect(proxyFindings({ HTTPS_PROXY: 'http://proxy:3128', NODE_USE_ENV_PROXY: '1' })).toMatchObject([{ level: 'ok' }])
  })
  test('knows what a public hostname may answer to a stranger', () => {
    expect(publicAnswer('x', 'till.example', 200, true).level).toBe('fail')
    expect(publicAnswer('x', 'till.example', 302, true).level).toBe('ok')
    expect(publicAnswer('x', 'till.example', 530, true).level).toBe('warn')
    // A page that has the words it is sent to.
    const [, page, heading] = /docs ([a-z-]+)", "([^"]+)"/.exec(publicAnswer('x', 'till.example', 200, true).fix ?? '') ?? []
    expect([page, readFileSync(new URL(`../../docs/${page}.md`, import.meta.url), 'utf8')]).toEqual(['secure-link', expect.stringContaining(`\n## ${heading}\n`)])
  })
})

describe('orders list', () => {
  test('understands how long ago', () => {
    expect([sinceOf('30m', 10_000_000), sinceOf('2h', 10_000_000), sinceOf('1970-01-01T00:00:01Z', 0), sinceOf('yesterday', 0)]).toEqual([8_200_000, 2_800_000, 1000, null])
  })
})

test('an amount has its currency\'s decimals, and never a float', () => {
  expect([[1250, 'EUR'], [5, 'GBP'], [-7, 'USD'], [300, 'JPY']].map(([amountMinor, currency]) => money({ amountMinor: Number(amountMinor), currency: String(currency) }))).toEqual(['12.50 EUR', '0.05 GBP', '-0.07 USD', '300 JPY'])
})

describe('a unit', () => {
  const unit = systemdUnit({ name: 'tillbridge-x', storeId: 'x', node: '/opt/my node/node', program: '/opt/c.mjs', configFile: '/etc/t/shop.yaml', credentials: [{ name: 'store.secret', file: '/etc/t/store.secret' }], writable: [], user: null, group: null, environment: [] })
  test('takes the configuration and its secrets as credentials, and runs as nobody', () => {
    for (const line of ['ExecStart="/opt/my node/node" /opt/c.mjs run --config %d/shop.yaml', 'LoadCredential=shop.yaml:/etc/t/shop.yaml', 'LoadCredential=store.secret:/etc/t/store.secret', 'DynamicUser=yes', 'ProtectSystem=strict', 'RestartPreventExitStatus=2 3 5 11', 'Environment=MALLOC_ARENA_MAX=1']) expect(unit.split('\n')).toContain(line)
  })
  test('keeps odd names whole: spaces, percent and dollar signs, quotes', () => {
    const odd = systemdUnit({
      name: 'tillbridge-x', storeId: 'x', node: '/opt/$node', program: '/opt/c.mjs', configFile: '/etc/my 100% shop/the $shop.yaml', credentials: [{ name: 'my secret', file: '/etc/my 100% shop/my secret' }],
      writable: ['/srv/the $till'], user: null, group: null, environment: ['HTTPS_PROXY=http://a:p$%20"w@proxy:3128'],
    })
    for (const line of [
      'ExecStart=/opt/$$node /opt/c.mjs run --config "%d/the $$shop.yaml"', 'LoadCredential=the $shop.yaml:/etc/my 100%% shop/the $shop.yaml', 'LoadCredential=my secret:/etc/my 100%% shop/my secret',
      'ReadWritePaths="/srv/the $till"', 'Environment="HTTPS_PROXY=http://a:p$%%20\\"w@proxy:3128"',
    ]) expect(odd.split('\n')).toContain(line)
  })
  test('lets store IT overrule a setting of its own', () => {
    const own = systemdUnit({ name: 'tillbridge-x', storeId: 'x', node: '/opt/node', program: '/opt/c.mjs', configFile: '/etc/t/shop.yaml', credentials: [], writable: [], user: null, group: null, environment: ['MALLOC_ARENA_MAX=4'] })
    expect(own.match(/MALLOC_ARENA_MAX=\d/gu)).toEqual(['MALLOC_ARENA_MAX=1', 'MALLOC_ARENA_MAX=4'])
  })
})

test('every exit code stands in the handbook as it stands in the help', () => {
  const handbook = readFileSync(new URL('../../docs/store-it.md', import.meta.url), 'utf8')
  for (const [code, words] of Object.entries(EXIT_WORDS)) expect(handbook).toContain(`| ${code} | ${words} |`)
})

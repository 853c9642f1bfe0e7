import { globSync, readFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'

const ROOT = new URL('../', import.meta.url)
const read = (path: string) => readFileSync(new URL(path, ROOT), 'utf8')

const listed = (name: string): string[] => [...(new RegExp(`${name} = \\[([^\\]]+)\\]`).exec(read('workers/metrics/port.ts'))?.[1] ?? '').matchAll(/'(\w+)'/g)].map(([, word = '']) => word)
const METRICS = listed('METRIC_NAMES')
/** Column by column, as the adapter writes them. */
const COLUMNS = new Map([['index1', 'the metric'], ['blob1', 'the metric'], ...listed('LABELS').map((label, n): [string, string] => [`blob${n + 2}`, label]), ['double1', 'how many'], ['double2', 'how long']])
const queries = [...read('docs/slo.md').matchAll(/```sql\n([\s\S]*?)```/g)].map(([, query = '']) => query.trim())
const isAnalytics = (query: string) => /FROM tillbridge_production\b/.test(query)

/** What Analytics Engine's SQL has of what is used here (its reference for statements, aggregate functions, operators). */
const SQL_WORDS = new Set('SELECT AS FROM WHERE AND GROUP BY ORDER DESC INTERVAL DAY NOW sum sumIf max quantileExactWeighted'.split(' '))
const PLATFORM_COLUMNS = new Set(['_sample_interval', 'timestamp', 'tillbridge_production'])

test('the page of the layout has the columns that are written, and every metric', () => {
  const page = read('docs/observability.md')
  const described = new Map([...page.matchAll(/^\| `((?:index|blob|double)\d+)` \| `?([\w ]+)/gm)].map(([, column = '', what = '']) => [column, what]))
  expect([...described.keys()]).toEqual([...COLUMNS.keys()])
  for (const [column, label] of COLUMNS) expect(described.get(column)?.startsWith(label), `${column} is ${label}`).toBe(true)
  const metrics = page.slice(page.indexOf('## Metrics'))
  expect([...metrics.matchAll(/^\| `([a-z_]+)` \| [^|]+ \| /gm)].map(([, metric = '']) => metric).sort()).toEqual([...METRICS].sort())
})

test('each query over the metrics names only what there is', () => {
  const asked = queries.filter(isAnalytics)
  expect(asked.length).toBeGreaterThan(7)
  expect(read('wrangler.toml')).toContain('dataset = "tillbridge_production"')
  for (const query of asked) {
    const metric = /index1 = '(\w+)'/.exec(query)?.[1]
    expect(METRICS, query).toContain(metric)
    const aliases = new Set([...query.matchAll(/\bAS (\w+)/g)].map(([, alias = '']) => alias))
    const words = query.replaceAll(/'[^']*'/g, '').match(/[A-Za-z_]\w*/g) ?? []
    const unknown = words.filter((word) => !SQL_WORDS.has(word) && !PLATFORM_COLUMNS.has(word) && !COLUMNS.has(word) && !aliases.has(word))
    expect(unknown, query).toEqual([])
    expect(query, 'a query reads a time').toContain("timestamp > NOW() - INTERVAL '1' DAY")
  }
  // Each metric is of use to somebody.
  expect(METRICS.filter((metric) => !asked.some((query) => query.includes(`index1 = '${metric}'`)))).toEqual([])
})

test('each query over D1 runs on the tables as the migrations make them', () => {
  const asked = queries.filter((query) => !isAnalytics(query))
  expect(asked).toHaveLength(2)
  const database = new DatabaseSync(':memory:')
  for (const file of globSync('migrations/*.sql', { cwd: ROOT.pathname }).sort()) database.exec(read(file))
  const hourAgo = Date.now() - 3 * 3_600_000
  database.prepare(`INSERT INTO orders (order_id, number, channel, status, body_hash, attempt, purchase, assignments, timeline, due_at, placed_at, updated_at, version)
    VALUES ('ord_1', 'T-1', 'web', 'placed', '', '', '{}', '[]', '[]', 1, ?, 1, 1)`).run(hourAgo)
  database.prepare(`INSERT INTO dead_letters (letter_id, queue, reason, state, body, original, revision, attempts, last_error, filed_at, updated_at, expires_at)
    VALUES ('ltr_1', 'orders', 'failed', 'waiting', '{}', '{}', 1, 6, 'x', ?, 1, 1)`).run(hourAgo)
  const [orders, letters] = asked.map((query) => database.prepare(query).all())
  expect(orders).toMatchObject([{ order_id: 'ord_1', number: 'T-1', status: 'placed' }])
  expect(letters).toMatchObject([{ queue: 'orders', reason: 'failed', letters: 1 }])
  expect(Number(letters?.[0]?.['hours'])).toBeGreaterThan(2.9)
})

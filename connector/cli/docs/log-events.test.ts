import { globSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const CONNECTOR = new URL('../../', import.meta.url)
/** Where a warning or an error is told: its event by name, or chosen between two. */
const TOLD = /\b(?:log\.(?:warn|error|fatal)|warn)\(\{\s*(?:\.\.\.\w+,\s*)?event: ([^,}]+)|\btellFailure\(log, ('[^']+')/g

test('each warning and error of the log stands in the handbook, with what it means', () => {
  const handbook = readFileSync(new URL('../docs/store-it.md', CONNECTOR), 'utf8')
  const sources = globSync('**/*.ts', { cwd: CONNECTOR.pathname }).filter((file) => !file.includes('test') && !file.includes('node_modules'))
  const told = new Set(sources.flatMap((file) => [...readFileSync(new URL(file, CONNECTOR), 'utf8').matchAll(TOLD)]
    .flatMap(([, event, fault]) => [...(event ?? fault ?? '').matchAll(/'([a-z]+\.[a-z-]+)'/g)].map(([, name]) => name ?? ''))))
  expect([...told]).toEqual(expect.arrayContaining(['reconcile.fault', 'journal.filling', 'event.too-large', 'desk.wrong-pin', 'store.held-by', 'pos.contradicts']))
  expect([...told].filter((event) => !handbook.includes(`\`${event}\``))).toEqual([])
})

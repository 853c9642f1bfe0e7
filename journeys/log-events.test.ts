import { globSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const ROOT = new URL('../', import.meta.url)
const read = (path: string) => readFileSync(new URL(path, ROOT), 'utf8')
const sources = globSync('workers/**/*.ts', { cwd: ROOT.pathname }).filter((path) => !/test|\.d\.ts$|storefront\/assets/.test(path))
/** Where an event is told: by the logger, by a port of it, or by what hands it one. */
const TOLD = /\b(?:log|logFault|tell)\(\s*'([^']+)'/g

const told = new Set(sources.flatMap((path) => [...read(path).matchAll(TOLD)].map(([, event = '']) => event)))
const LEVELS = Object.fromEntries([...read('workers/log-levels.ts').matchAll(/^ {2}'([^']+)': '(warn|error)',$/gm)].map(([, event = '', level = '']) => [event, level]))
const table = [...read('docs/observability.md').matchAll(/^\| `([a-z0-9_]+\.[a-z_]+)` \| (info|warn|error) \|/gm)].map(([, event = '', level = '']) => ({ event, level }))

test('each event of the log stands in docs/observability.md, and no event that nobody tells', () => {
  expect(told.size).toBeGreaterThan(30)
  expect([...told].sort()).toEqual(table.map(({ event }) => event).sort())
})

test('the table has the levels that the logger gives', () => {
  expect(table.map(({ event, level }) => [event, level])).toEqual(table.map(({ event }) => [event, LEVELS[event] ?? 'info']))
  expect(Object.keys(LEVELS).filter((event) => !told.has(event))).toEqual([])
})

test('only the logger writes to the console', () => {
  expect(sources.filter((path) => path !== 'workers/log.ts' && /\bconsole(?:\.(?:log|info|warn|error|debug)\(|\[)/.test(read(path).replaceAll(/\/\*[\s\S]*?\*\//g, '')))).toEqual([])
})

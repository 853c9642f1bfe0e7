import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const read = (file: string): string => readFileSync(new URL(file, import.meta.url), 'utf8')
const port = read('./port.ts').replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/^import .*$/gm, '')
/** What the page sets as code, in its text and in its blocks. */
const named = new Set((read('../../docs/adapters.md').match(/```[\s\S]*?```|`[^`\n]+`/g) ?? []).flatMap((code) => code.match(/[a-zA-Z]+(?:-[a-z]+)*/g) ?? []))

const names = (pattern: RegExp): string[] => [...new Set([...port.matchAll(pattern)].map(([, name]) => name ?? ''))]

test.each([
  ['type', names(/^export type (\w+)/gm), ['Pos', 'PosChanges', 'ReadAgain', 'PosMemory']],
  ['member', names(/(?:^|[{;])\s*(?:readonly )?(\w+)\??(?:\(.*\))?: /gm), ['capabilities', 'name', 'wentBack', 'readAgain', 'saleId', 'stockFell', 'unreadable', 'todo', 'lines', 'unitPriceMinor']],
  ['word', names(/'([a-z-]+)'/g), ['open', 'void', 'desk-only', 'stock-fell', 'never', 'handed-over']],
])('the page for who writes an adapter names every exported %s of the port', (_kind, all, known) => {
  expect(all).toEqual(expect.arrayContaining(known))
  expect(all.filter((name) => !named.has(name))).toEqual([])
})

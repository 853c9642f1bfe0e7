import { isMap, isPair, isScalar, type Document, type LineCounter, type Node } from 'yaml'
import type { z } from 'zod'
import { cutText } from '../cut-text.ts'
import { entryOf, shapeOf } from './file-path.ts'

/** One thing wrong with a configuration, for a person with the file open. Lines and columns count from 1. */
export type ConfigProblem = { file: string; line: number; column: number; key: string; expected: string; found: string; /** The configuration is written, and the store's secret not fetched yet. */ notPaired?: true }
/** Something that is not wrong but not meant either. */
export type ConfigWarning = { file: string; line: number; column: number; key: string; message: string }

export type Located = { file: string; document: Document; lines: LineCounter }

type Path = readonly PropertyKey[]

/** Where a key stands; of a missing key, where its nearest parent stands. */
export function locate({ document, lines }: Located, path: Path): { line: number; column: number } {
  for (let length = path.length; length >= 0; length -= 1) {
    const node = length === 0 ? document.contents : keyNode(document, path.slice(0, length)) ?? document.getIn(path.slice(0, length), true)
    const start = isRanged(node) ? node.range?.[0] : undefined
    if (start !== undefined) {
      const { line, col } = lines.linePos(start)
      return { line, column: col }
    }
  }
  return { line: 1, column: 1 }
}

const isRanged = (node: unknown): node is Node => typeof node === 'object' && node !== null && 'range' in node

/** The key itself rather than its value: that is what a person searches for. */
function keyNode(document: Document, path: Path): unknown {
  const parent = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true)
  if (!isMap(parent)) return undefined
  return parent.items.find((item) => isPair(item) && isScalar(item.key) && item.key.value === path.at(-1))?.key
}

const SECRET_KEYS: ReadonlySet<PropertyKey> = new Set(['secret', 'pin', 'password'])
const FOUND_LENGTH_MAX = 60

/** What stands there, in words. A secret is never repeated. */
export function describeFound(value: unknown, path: Path): string {
  if (value === undefined) return 'nothing'
  if (value === null) return 'an empty value'
  if (path.some((part) => SECRET_KEYS.has(part))) return `a ${Array.isArray(value) ? 'list' : typeof value} that is not shown`
  if (Array.isArray(value)) return `a list of ${value.length}`
  if (typeof value === 'object') return 'a group of keys'
  if (typeof value !== 'string') return `${typeof value} ${JSON.stringify(value)}`
  return `text ${JSON.stringify(value.length > FOUND_LENGTH_MAX ? `${cutText(value, FOUND_LENGTH_MAX)}…` : value)}`
}

/** zod's issues as problems with a place. An alternative that failed in all its ways is one problem. */
export function problemsOf(error: z.ZodError, value: unknown, located: Located): ConfigProblem[] {
  return error.issues.map((issue) => ({
    file: located.file,
    ...locate(located, issue.path),
    key: issue.path.join('.') || '(the whole file)',
    expected: expectedOf(issue),
    found: describeFound(valueAt(value, issue.path), issue.path),
  }))
}

const EXPECTED_WORDS: Record<string, string> = { string: 'text', number: 'a number', int: 'a whole number', object: 'a group of keys', record: 'a group of keys', array: 'a list', boolean: 'true or false' }

function expectedOf(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type': return EXPECTED_WORDS[issue.expected] ?? issue.expected
    case 'invalid_value': return `one of ${issue.values.map(String).join(', ')}`
    case 'too_small': return issue.origin === 'string' && Number(issue.minimum) === 1 ? 'a text that is not empty' : `at least ${counted(Number(issue.minimum), issue.origin)}`
    case 'too_big': return `at most ${counted(Number(issue.maximum), issue.origin)}`
    case 'invalid_key': return `keys that are ${issue.issues.map(expectedOf).join(', ')}`
    case 'invalid_union': return expectedOfUnion(issue)
    default: return issue.message.replace(/^expected /i, '')
  }
}

function counted(count: number, origin: string): string {
  if (origin === 'string') return `${count} ${count === 1 ? 'character' : 'characters'}`
  return origin === 'array' ? `${count} ${count === 1 ? 'entry' : 'entries'}` : String(count)
}

function expectedOfUnion(issue: z.core.$ZodIssueInvalidUnion): string {
  if (issue.errors.length === 0) return 'options' in issue && issue.options ? `one of ${issue.options.map(String).join(', ')}` : issue.message
  return [...new Set(issue.errors.flatMap((errors) => errors.slice(0, 1).map(expectedOf)))].join(', or ')
}

const valueAt = (value: unknown, path: Path): unknown =>
  path.reduce<unknown>((at, part) => (typeof at === 'object' && at !== null ? Reflect.get(at, part) : undefined), value)

/** Keys that nobody reads, with the known key that was probably meant. */
export function unknownKeys(schema: z.ZodType, value: unknown, located: Located, path: Path = []): ConfigWarning[] {
  const entry = entryOf(schema)
  if (entry && Array.isArray(value)) return value.flatMap((child: unknown, index) => unknownKeys(entry, child, located, [...path, index]))
  const shape = shapeOf(schema, value)
  if (!shape || typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, child]) => {
    const inner = shape[key]
    if (inner) return unknownKeys(inner, child, located, [...path, key])
    const meant = closest(key, Object.keys(shape))
    const message = `unknown key, ignored${meant ? `; did you mean "${[...path, meant].join('.')}"?` : `; known here: ${Object.keys(shape).join(', ')}`}`
    return [{ file: located.file, ...locate(located, [...path, key]), key: [...path, key].join('.'), message }]
  })
}

/** Two slips of the finger at most. */
const SLIPS_MAX = 2

function closest(key: string, known: readonly string[]): string | null {
  const ranked = known.map((candidate) => ({ candidate, slips: slipsBetween(key.toLowerCase(), candidate.toLowerCase()) })).sort((a, b) => a.slips - b.slips)
  const best = ranked[0]
  return best && best.slips <= SLIPS_MAX ? best.candidate : null
}

/** Levenshtein's distance. */
function slipsBetween(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i]
    for (let j = 1; j <= b.length; j += 1) {
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)))
    }
    row = next
  }
  return row[b.length] ?? 0
}

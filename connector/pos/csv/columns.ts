import { ok, refused, type Result } from '../../../contract/result.ts'

/** A line of a file by what its columns mean. What the file has no column for is an empty text. */
export type Line<C extends string> = (column: C) => string

/** More columns than any till exports: such a file is something else. */
export const COLUMNS_MAX = 1_000

/** Where each column stands, by the file's header. A header met twice is ambiguous. */
export function readHeader<C extends string>(header: readonly string[], names: Record<C, string>, required: readonly C[]): Result<{ width: number; at: Map<C, number>; cells: readonly string[] }, string> {
  if (header.length > COLUMNS_MAX) return refused(`the header has ${header.length} columns, more than ${COLUMNS_MAX}`)
  const written = header.map(normal)
  const at = new Map<C, number>()
  for (const [column, name] of Object.entries(names) as [C, string][]) {
    const places = written.flatMap((one, index) => (one === normal(name) ? [index] : []))
    if (places.length > 1) return refused(`the header has the column "${name}" ${places.length} times`)
    if (places[0] !== undefined) at.set(column, places[0])
  }
  const missing = required.filter((column) => !at.has(column)).map((column) => `"${names[column]}"`)
  const shown = header.slice(0, 20).map((name) => JSON.stringify(name.slice(0, 40))).join(', ')
  return missing.length > 0 ? refused(`the header has no column ${missing.join(', ')}; it has ${shown}`) : ok({ width: header.length, at, cells: header })
}

const normal = (name: string): string => name.trim().toLowerCase()

/** A text that a till may break into lines; any other cell that has several holds the lines that a stray quote has swallowed. */
const MAY_HAVE_LINES = 'description'
/** Fewer columns than this stand in many a sentence. */
const LINE_LIKE_MIN = 4
const isLineOf = (width: number) => (text: string): boolean => width >= LINE_LIKE_MIN && [',', ';', '\t', '|'].some((one) => text.split(one).length >= width)

/** A record under its header. Cells past the header may stand there as long as they are empty. */
export function readLine<C extends string>(record: readonly string[], { width, at }: { width: number; at: Map<C, number> }): Result<Line<C>, string> {
  if (record.length < width || record.slice(width).some((cell) => cell.trim() !== '')) return refused(`the line has ${record.length} columns, the header ${width}`)
  if (record.some((cell) => cell.includes('\0'))) return refused('the line has NUL bytes')
  if (record.some((cell) => cell.includes('\uFFFD'))) return refused('the line has bytes that are no text in this encoding: set pos.encoding')
  for (const [place, cell] of record.entries()) {
    if (!cell.includes('\n') && !cell.includes('\r')) continue
    const [, ...further] = cell.trim().split(/\r\n|\r|\n/)
    if (further.length === 0) continue
    const column = [...at].find(([, one]) => one === place)?.[0]
    const isOneLine = column !== undefined && column !== MAY_HAVE_LINES
    if (isOneLine || further.some(isLineOf(width))) {
      return refused(`a quote at the beginning of a cell has taken ${further.length === 1 ? 'the line after it' : `the ${further.length} lines after it`} into that cell: write it twice, or leave it out`)
    }
  }
  return ok((column) => {
    const index = at.get(column)
    return index === undefined ? '' : (record[index] ?? '').trim()
  })
}

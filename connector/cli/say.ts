import { faultOf } from '../fault.ts'
import { fileWords } from '../file-words.ts'

/** In a terminal they are commands, and a shopper's note, a file's name and a line of it may hold any. */
const COMMANDS = /(?![\n\t])\p{Cc}/gu
const harmless = (text: string): string => text.replaceAll(COMMANDS, '\uFFFD')

export const say = (text: string): void => void process.stdout.write(`${harmless(text)}\n`)
/** One object a line, for machines. */
export const sayJson = (value: unknown): void => void process.stdout.write(`${JSON.stringify(value).replaceAll(COMMANDS, (each) => `\\u${each.charCodeAt(0).toString(16).padStart(4, '0')}`)}\n`)
export const warn = (text: string): void => void process.stderr.write(`${harmless(text)}\n`)

/** What went wrong, why, and what to do about it. */
export type Complaint = { what: string; why: string; todo: string }

export const complain = ({ what, why, todo }: Complaint): void => warn(`${what}: ${why}\n  What to do: ${todo}`)

/** An error with a hint is ours, and says what happened and where; one of the system's is told in words; of somebody else's, whose message may hold anything, only the name. */
export const faultText = (error: unknown): string =>
  (error instanceof Error && 'hint' in error && typeof error.hint === 'string' ? error.message : fileWords(error) ?? faultOf(error))

/** What a log line says of a fault: our own sentence where there is one, and the fault's name for whoever searches. */
export const whatHappened = ({ fault, why }: { fault?: string | undefined; why?: string | undefined }): string =>
  (why === undefined ? fault ?? 'unknown' : fault === undefined ? why : `${why} (${fault})`)

/** A table whose columns are as wide as they must be. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)))
  return rows.map((row) => row.map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0))).join('  ').trimEnd()).join('\n')
}

/** `1 event`, `2 events`. */
export const counted = (count: number, one: string): string => `${count} ${one}${count === 1 ? '' : 's'}`

const MINUTE_S = 60
const HOUR_S = 3600
const DAY_S = 86_400

/** A length of time for a person. */
export function duration(seconds: number): string {
  if (seconds < 2 * MINUTE_S) return `${Math.round(seconds)} s`
  if (seconds < 2 * HOUR_S) return `${Math.round(seconds / MINUTE_S)} min`
  if (seconds < 2 * DAY_S) return `${Math.round(seconds / HOUR_S)} h`
  return `${Math.round(seconds / DAY_S)} days`
}

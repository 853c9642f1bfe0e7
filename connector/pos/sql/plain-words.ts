import type { Assignment } from '../../../contract/assignment.ts'
import { DatabaseFault } from './database-fault.ts'

/** What tables of an older character set do not hold: PostgreSQL no NUL, MySQL's utf8 nothing beyond the first plane, latin1 nothing beyond a byte. */
const STRANGE: readonly RegExp[] = [/[\u{0}\u{10000}-\u{10FFFF}]/gu, /[^\u{1}-\u{ff}]/gu]

/** The column's character set has no such sign. */
const CODES: ReadonlySet<string> = new Set(['1366', '22P05', '22021'])
const isUnspeakable = (error: unknown): boolean => error instanceof DatabaseFault && CODES.has(error.code)

/**
 * Writes an order, and where a table cannot hold a sign of its words, the same with question marks in place of such signs: a name that is
 * spelt oddly is known at the desk, an order that is not there is lost. What identifies anything stays as it is.
 */
export async function inWordsOfTheTill<T>(assignment: Assignment, write: (assignment: Assignment) => Promise<T>): Promise<T> {
  let words = assignment
  for (const strange of STRANGE) {
    try {
      return await write(words)
    } catch (error) {
      if (!isUnspeakable(error)) throw error
      words = without(strange, assignment)
    }
  }
  return write(words)
}

/** "Illegal mix of collations": MySQL compares no text with a column whose character set lacks a sign of it. */
const INCOMPARABLE: ReadonlySet<string> = new Set(['1267', '1270', '1271'])

/** Reads by texts; those with signs that the column cannot hold stand in none of its rows, and are left out where the database says so. */
export async function withoutStrangers<T>(texts: readonly string[], read: (texts: readonly string[]) => Promise<T[]>): Promise<T[]> {
  let some = texts
  for (const strange of STRANGE) {
    try {
      return some.length === 0 ? [] : await read(some)
    } catch (error) {
      if (!(error instanceof DatabaseFault && INCOMPARABLE.has(error.code))) throw error
      some = texts.filter((each) => each.search(strange) === -1)
    }
  }
  return some.length === 0 ? [] : read(some)
}

function without(strange: RegExp, assignment: Assignment): Assignment {
  const plain = (text: string): string => text.replace(strange, '?')
  const { customer, fulfillment, lines, note } = assignment
  return {
    ...assignment,
    lines: lines.map((line) => ({ ...line, name: plain(line.name) })),
    customer: { ...customer, name: plain(customer.name), ...(customer.phone === undefined ? {} : { phone: plain(customer.phone) }) },
    fulfillment: fulfillment.method === 'pickup' ? fulfillment : { ...fulfillment, address: mapped(fulfillment.address, plain) },
    note: note === null ? null : plain(note),
  }
}

function mapped<A extends object>(address: A, plain: (text: string) => string): A {
  const entries = Object.entries(address).map(([name, value]: [string, unknown]) => [name, typeof value === 'string' ? plain(value) : value])
  return Object.assign({}, address, Object.fromEntries(entries))
}

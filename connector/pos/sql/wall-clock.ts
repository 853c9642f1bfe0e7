import { DateTime, IANAZone } from 'luxon'

export const isTimeZone = (zone: string): boolean => IANAZone.isValidZone(zone)

/**
 * A till's wall clock ("2026-05-01 12:00:00", with or without "T" and fractions) in its zone, as RFC 3339 in UTC; `null` when it is no time.
 * An hour that came twice is its first: a sale dated an hour early harms nobody, and order never comes from a clock. An hour that did not
 * exist is an hour later, as a clock shows it that was not put forward yet. A text that carries an offset is taken at its word.
 */
export function wallClockToInstant(text: string, zone: string): string | null {
  const written = text.trim().replace(' ', 'T').replace(/([+-]\d{2})$/, '$1:00')
  if (!/^\d{4}-\d{2}-\d{2}T/.test(written)) return null
  if (/(Z|[+-]\d{2}:?\d{2})$/i.test(written)) return inUtc(DateTime.fromISO(written))
  const time = DateTime.fromISO(written, { zone })
  if (!time.isValid) return null
  const [first] = time.getPossibleOffsets().sort((a, b) => a.toMillis() - b.toMillis())
  return inUtc(first ?? time)
}

/** An instant as that zone's wall clock, the way databases write it: "2026-05-01 12:00:00". */
export const instantToWallClock = (ms: number, zone: string): string => DateTime.fromMillis(ms, { zone }).toFormat('yyyy-MM-dd HH:mm:ss')

const OFFSET = /(?:Z|[+-]\d{2}(?::?\d{2})?)$/i

/** Whether a time says itself how far it is from UTC. */
export const hasOffset = (text: string): boolean => /\d:\d/.test(text) && OFFSET.test(text.trim())

/**
 * An instant in the shape of another time, to be compared with it: with its "T" and its offset. A database that keeps an instant would read a time without an
 * offset in a zone of its own, and one that keeps a text compares letters.
 */
export function writtenLike(text: string, ms: number, zone: string): string {
  const like = text.trim()
  const offset = hasOffset(like) ? OFFSET.exec(like)?.[0] ?? '' : ''
  const at = offset === '' ? DateTime.fromMillis(ms, { zone }) : DateTime.fromMillis(ms).setZone(/^Z$/i.test(offset) ? 'UTC' : `UTC${offset.replace(/([+-]\d{2})(\d{2})$/, '$1:$2')}`)
  return at.toFormat(like.includes('T') ? "yyyy-MM-dd'T'HH:mm:ss" : 'yyyy-MM-dd HH:mm:ss') + offset
}

/** By how much the clocks of a zone went back between two instants, in milliseconds. */
export function wentBackBy(fromMs: number, toMs: number, zone: string): number {
  const offsetAt = (ms: number): number => DateTime.fromMillis(ms, { zone }).offset
  return Math.max(0, offsetAt(fromMs) - offsetAt(toMs)) * 60_000
}

/** No till is older than the epoch, and "0000-00-00" is no date. */
const inUtc = (time: DateTime): string | null => (time.isValid && time.toMillis() >= 0 && time.year <= 9999 ? time.toUTC().toJSDate().toISOString() : null)

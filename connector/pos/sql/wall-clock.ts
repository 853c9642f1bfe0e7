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

/** No till is older than the epoch, and "0000-00-00" is no date. */
const inUtc = (time: DateTime): string | null => (time.isValid && time.toMillis() >= 0 && time.year <= 9999 ? time.toUTC().toJSDate().toISOString() : null)

import { DateTime } from 'luxon'

/** 2026-05-01, 2026_05_01, 2026.05.01 or 20260501. */
const DATE = String.raw`(?<!\d)(?:(?<year>\d{4})(?<dash>[-_.])(?<month>\d\d)\k<dash>(?<day>\d\d)|(?<year>\d{4})(?<month>\d\d)(?<day>\d\d))`
/** Behind it, unless that is another date: 1000, 10-00, 10:00:30, 100030.250, each after a sign, a T or nothing. */
const TIME = String.raw`(?!.?\d{4}[-_.]\d\d[-_.]\d\d)(?<mark>[-_. ]?T|[-_. ])?(?<hour>\d\d)[-_.:]?(?<minute>\d\d)(?:[-_.:]?(?<second>\d\d)(?:[.,]\d{1,9}(?=Z|[-+]))?)?`
/** A minus is more often a hyphen: such an offset must look like one. */
const OFFSET = String.raw`(?<offset>Z|\+\d\d[-_:]?\d\d|-(?:0[1-9]|1[0-2])[-_:]?(?:00|30))`
const DATED = new RegExp(`${DATE}(?:${TIME}${OFFSET}?)?(?!\\d)`, 'gi')
/** Eight digits alone may be a date or a number of anything: further than this from the file's own date they are a number. */
const BARE_DATE_WITHIN_MS = 400 * 86_400_000
/** No till exports files that are older. */
const YEAR_MIN = 2000

/**
 * When what a file says was so, epoch ms. A date and a time in its name are the shop's wall clock, or that of the offset behind them. A date
 * alone says the day; the time of day is the file's own, or the end of that day nearest to it. Without a date in the name it is the file's.
 * An impossible date (20261341) is none, an impossible time a number behind a date. Of several the last counts. Never in the future.
 */
export function momentOf(name: string, mtimeMs: number, timeZone: string, now: number): number {
  const named = [...name.matchAll(DATED)].map((match) => readNamed(match, mtimeMs, timeZone)).filter((at) => at !== null)
  return Math.floor(Math.min(named.at(-1) ?? mtimeMs, now))
}

function readNamed({ groups = {} }: RegExpMatchArray, mtimeMs: number, timeZone: string): number | null {
  const { year, dash, month, day, mark = '', hour, minute, second = '0', offset } = groups
  const date = { year: Number(year), month: Number(month), day: Number(day) }
  if (date.year < YEAR_MIN) return null
  if (hour !== undefined) {
    const isOffset = offset !== undefined && (!offset.startsWith('-') || /t/i.test(mark))
    const zone = !isOffset ? timeZone : /^z$/i.test(offset) ? 'UTC' : `UTC${offset.slice(0, 3)}:${offset.slice(-2)}`
    const at = DateTime.fromObject({ ...date, hour: Number(hour), minute: Number(minute), second: Number(second) }, { zone })
    if (at.isValid) return Math.min(...at.getPossibleOffsets().map((one) => one.toMillis()))
  }
  const start = DateTime.fromObject(date, { zone: timeZone })
  if (!start.isValid) return null
  const at = Math.min(Math.max(mtimeMs, start.toMillis()), start.endOf('day').toMillis())
  return dash === undefined && Math.abs(mtimeMs - at) > BARE_DATE_WITHIN_MS ? null : at
}

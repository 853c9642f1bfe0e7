import { DateTime } from 'luxon'
import { ok, refused, type Result } from '../../../contract/result.ts'
import type { Unit } from '../../../contract/values.ts'
import { cutText } from '../../cut-text.ts'
import type { CsvConfig } from './csv-config.ts'

/** Single fields of a line, as text, read without a float. Each refusal is the end of a sentence: "price: expected …, found …". */

export type Parsed<T> = Result<T, string>

const FOUND_LENGTH_MAX = 60
/** What stands there, short enough for a line of reasons. */
export const found = (text: string): string => (text === '' ? 'nothing' : JSON.stringify(text.length > FOUND_LENGTH_MAX ? `${cutText(text, FOUND_LENGTH_MAX)}…` : text))

/** Thousands may be set apart by the other sign, in threes only: "1,234.50" is a price, "1,23" with a decimal point is none. */
const NUMBER = {
  point: /^([+-]?)(\d{1,3}(?:,\d{3})+|\d+)(?:\.(\d*))?$/,
  comma: /^([+-]?)(\d{1,3}(?:\.\d{3})+|\d+)(?:,(\d*))?$/,
} as const

/** A decimal text as whole units of ten to the minus `places`. More decimals than that are no number of this kind, unless they are zeroes. */
function scaled(text: string, places: number, decimal: CsvConfig['decimal']): number | null {
  const [, sign, whole, fraction = ''] = NUMBER[decimal].exec(text.trim()) ?? []
  if (whole === undefined) return null
  const digits = fraction.replace(/0+$/, '')
  if (digits.length > places) return null
  const value = Number(whole.replaceAll(/[.,]/g, '') + digits.padEnd(places, '0'))
  if (!Number.isSafeInteger(value)) return null
  return sign === '-' && value !== 0 ? -value : value
}

/** Asked for every price of a file, and slow to find out. */
const DIGITS = new Map<string, number>()

export function minorDigits(currency: string): number {
  const known = DIGITS.get(currency)
  if (known !== undefined) return known
  const digits = new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions().maximumFractionDigits ?? 2
  DIGITS.set(currency, digits)
  return digits
}

/** An amount in the currency's smallest unit; may be negative. */
export function readMoney(text: string, currency: string, decimal: CsvConfig['decimal']): Parsed<number> {
  const places = minorDigits(currency)
  const value = scaled(text, places, decimal)
  return value === null ? refused(`expected an amount in ${currency} with a decimal ${decimal} and at most ${places} decimals, found ${found(text)}`) : ok(value)
}

/** What a file may call a unit: the contract's unit, and how many of it are one. */
const UNITS: Record<string, { unit: Unit; times: 0 | 1 | 3 }> = {
  each: { unit: 'each', times: 0 }, pcs: { unit: 'each', times: 0 }, piece: { unit: 'each', times: 0 }, ea: { unit: 'each', times: 0 },
  g: { unit: 'g', times: 0 }, kg: { unit: 'g', times: 3 }, ml: { unit: 'ml', times: 0 }, l: { unit: 'ml', times: 3 },
  mm: { unit: 'mm', times: 0 }, cm: { unit: 'mm', times: 1 }, m: { unit: 'mm', times: 3 },
}
/** `times`: the power of ten between the file's unit and the contract's. */
export type FileUnit = { unit: Unit; times: number }

export function readUnit(text: string): Parsed<FileUnit> {
  const known = Object.hasOwn(UNITS, text.trim().toLowerCase()) ? UNITS[text.trim().toLowerCase()] : undefined
  return known ? ok(known) : refused(`expected one of ${Object.keys(UNITS).join(', ')}, found ${found(text)}`)
}

/** A quantity in the contract's unit: pieces, grams, millilitres, millimetres. May be negative. */
export function readQuantity(text: string, { unit, times }: FileUnit, decimal: CsvConfig['decimal']): Parsed<number> {
  const value = scaled(text, times, decimal)
  return value === null ? refused(`expected a quantity in whole ${unit === 'each' ? 'pieces' : unit}, found ${found(text)}`) : ok(value)
}

const YES: ReadonlySet<string> = new Set(['1', 'true', 'yes', 'y', 'x'])
const NO: ReadonlySet<string> = new Set(['0', 'false', 'no', 'n', ''])

export function readFlag(text: string): Parsed<boolean> {
  const word = text.trim().toLowerCase()
  if (YES.has(word)) return ok(true)
  return NO.has(word) ? ok(false) : refused(`expected yes or no, found ${found(text)}`)
}

/**
 * Epoch ms of a time on the shop's wall clock, or of one that names its own offset. In the hour that a clock repeats in autumn the first is
 * meant; the one it leaves out in spring is read as the clock would show it after.
 */
export function readTime(text: string, { timeZone, timeFormat }: Pick<CsvConfig, 'timeZone' | 'timeFormat'>): Parsed<number> {
  const wall = text.trim()
  const options = { zone: timeZone }
  const iso = timeFormat ? DateTime.fromFormat(wall, timeFormat, options) : DateTime.fromISO(wall.replace(/^(\d{4}-\d\d-\d\d) (?=\d)/, '$1T'), options)
  const at = iso.isValid ? Math.min(...iso.getPossibleOffsets().map((one) => one.toMillis())) : Number.NaN
  if (at >= 0 && iso.year <= 9999) return ok(at)
  return refused(`expected a time like ${timeFormat ?? '2026-05-01 10:00:00'}, found ${found(text)}`)
}

const MINUTE_MS = 60_000

/** The last moment that a time may mean: one without seconds is any of its minute. */
export const latestOf = (at: number, text: string, { timeFormat }: Pick<CsvConfig, 'timeFormat'>): number => ((timeFormat === undefined ? isToTheMinute(text) : endsInMinutes(timeFormat)) ? at + MINUTE_MS - 1 : at)

const isToTheMinute = (text: string): boolean => /\d:\d\d/.test(text) && !/\d:\d\d:\d\d/.test(text.replace(/[+-]\d\d:?\d\d$/, ''))
/** In the letters of the format, without what it takes as it stands. */
function endsInMinutes(timeFormat: string): boolean {
  const letters = timeFormat.replaceAll(/'[^']*'/g, '')
  return /[HhTtf]/.test(letters) && !/[sSuFXx]|TT|tt/.test(letters)
}

import { describe, expect, test } from 'vitest'
import { readFlag, readMoney, readQuantity, readTime, readUnit } from './csv-fields.ts'

const value = <T>(parsed: { ok: true; value: T } | { ok: false; refusal: string }): T | null => (parsed.ok ? parsed.value : null)

describe('an amount', () => {
  test.each([
    ['4.99', 'point', 499], ['4.9', 'point', 490], ['5', 'point', 500], ['1,234.50', 'point', 123_450], ['4.990', 'point', 499], ['-3.10', 'point', -310], ['0', 'point', 0], ['.5', 'point', null],
    ['4,99', 'point', null], ['1,23', 'point', null], ['4.999', 'point', null], ['£4.99', 'point', null], ['1e3', 'point', null], ['', 'point', null], ['99999999999999999', 'point', null],
    ['4,99', 'comma', 499], ['1.234,50', 'comma', 123_450], ['4.99', 'comma', null],
  ] as const)('%s with a decimal %s', (text, decimal, minor) => {
    expect(value(readMoney(text, 'GBP', decimal))).toBe(minor)
  })
  test('has as many decimals as its currency', () => {
    expect([value(readMoney('499', 'JPY', 'point')), value(readMoney('4.9', 'JPY', 'point')), value(readMoney('1.234', 'KWD', 'point'))]).toEqual([499, null, 1_234])
  })
})

test.each([['kg', '1.25', 1_250], ['g', '333', 333], ['l', '0.5', 500], ['each', '3.0', 3], ['each', '1.5', null], ['kg', '0.0005', null], ['each', '-2', -2]])('%s %s', (unit, text, quantity) => {
  const read = readUnit(unit)
  expect(read.ok && value(readQuantity(text, read.value, 'point'))).toBe(quantity)
})

test('a unit that is none, also by the name of something every object has', () => {
  expect([readUnit('furlong').ok, readUnit('constructor').ok]).toEqual([false, false])
})

test.each([['yes', true], ['X', true], ['', false], ['No', false], ['maybe', null]])('%s as a flag', (text, flag) => {
  expect(value(readFlag(text))).toBe(flag)
})

describe('a time', () => {
  const london = { timeZone: 'Europe/London' }
  test.each([
    ['2010-12-01 08:26:00', '2010-12-01T08:26:00Z'], ['2026-07-01 08:26', '2026-07-01T07:26:00Z'], ['2026-07-01T08:26:00.250+02:00', '2026-07-01T06:26:00.250Z'],
    ['2026-10-25 01:30:00', '2026-10-25T00:30:00Z'], ['2026-03-29 01:30:00', '2026-03-29T01:30:00Z'], ['01/07/2026 08:26', null], ['1969-01-01', null], ['', null],
  ])('%s on the shop\'s wall', (text, instant) => {
    expect(value(readTime(text, london))).toBe(instant === null ? null : Date.parse(instant))
  })
  test('in the file\'s own way', () => {
    expect(value(readTime('01/07/2026 08:26', { ...london, timeFormat: 'dd/MM/yyyy HH:mm' }))).toBe(Date.parse('2026-07-01T07:26:00Z'))
  })
})

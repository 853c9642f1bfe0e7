import { expect, test } from 'vitest'
import { StoreEvent } from '../../contract/events.ts'
import { EVENT_BYTES_MAX, eventBytes } from '../journal/event-size.ts'
import type { PosSale } from '../pos/port.ts'
import { saleEvents } from './sale-events.ts'

const sale = (lines: number, more: Partial<PosSale> = {}): PosSale => ({
  saleId: 'T-1', kind: 'sale', currency: 'GBP', assignmentId: null, occurredAt: '2026-11-24T12:00:00Z', totalMinor: lines * 300 + 61,
  lines: Array.from({ length: lines }, (_, n) => ({ sku: `S${n}`, quantity: 3, unitPriceMinor: 100, lineTotalMinor: 300 })), ...more,
})
const told = (of: PosSale) => saleEvents(of).map((event, index) => {
  expect(eventBytes(event)).toBeLessThanOrEqual(EVENT_BYTES_MAX)
  const read = StoreEvent.parse({ ...event, seq: index + 1 })
  if (read.type !== 'sale.recorded') throw new Error('a sale')
  return read.data
})

test.each([0, 1, 500])('a receipt of %i lines is one event', (lines) => expect(told(sale(lines))).toMatchObject([{ saleId: 'T-1', total: { amountMinor: lines * 300 + 61 } }]))

test('a longer one is told in parts: each line once, in their order, and the totals add up to what was paid', () => {
  const long = sale(1_201, { assignmentId: 'ord_00000000000000000000000000.1' })
  const parts = told(long)
  expect(parts.map(({ saleId, lines, total, partOf }) => [saleId, lines.length, total.amountMinor, partOf])).toEqual([['T-1', 500, 150_061, undefined], ['T-1/2', 500, 150_000, 'T-1'], ['T-1/3', 201, 60_300, 'T-1']])
  expect(parts.flatMap(({ lines }) => lines.map(({ sku }) => sku))).toEqual(long.lines.map(({ sku }) => sku))
  expect(new Set(parts.map(({ assignmentId, kind }) => `${kind} ${assignmentId}`)).size).toBe(1)
})

test('so is one whose SKUs are as long as SKUs may be, in letters of four bytes', () => {
  const [wide] = ['😀'.repeat(32)]
  const long = sale(500, { lines: sale(500).lines.map((line) => ({ ...line, sku: wide ?? '' })) })
  expect(told(long).length).toBeGreaterThan(1)
  expect(told(long).reduce((sum, { total }) => sum + total.amountMinor, 0)).toBe(long.totalMinor)
})

test('what a POS told in parts itself keeps its first name', () => {
  expect(told(sale(2, { saleId: 'T-1/2', partOf: 'T-1' }))).toMatchObject([{ saleId: 'T-1/2', partOf: 'T-1' }])
  expect(told(sale(501, { saleId: 'T-1/2', partOf: 'T-1' })).map(({ partOf }) => partOf)).toEqual(['T-1', 'T-1'])
})

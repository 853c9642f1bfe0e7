import { expect, test } from 'vitest'
import { parseAmount, parseQuantity, showMoney, showOrder, table } from './till-print.ts'

test.each([
  ['4.99', 'USD', 499], ['$4.99', 'USD', 499], ['4', 'USD', 400], ['4.9', 'USD', 490], ['0', 'USD', 0], ['500', 'JPY', 500], ['19.999', 'USD', null], ['5.5', 'JPY', null],
  ['-1', 'USD', null], ['1,000', 'USD', null], ['', 'USD', null], ['4.99x', 'USD', null], ['1e3', 'USD', null],
])('%s is an amount in %s of %s minor units', (text, currency, minor) => {
  expect(parseAmount(text, currency)).toBe(minor)
})

test.each([
  ['3', 'each', 3], ['250', 'g', 250], ['250g', 'g', 250], ['0.75kg', 'g', 750], ['1.5 KG', 'g', 1_500], ['0.333l', 'ml', 333], ['2m', 'mm', 2_000],
  ['1.5', 'each', null], ['0.5g', 'g', null], ['1kg', 'each', null], ['1l', 'g', null], ['-1', 'each', null], ['two', 'each', null], ['', 'g', null],
] as const)('%s is a quantity by %s of %s units', (text, unit, units) => {
  expect(parseQuantity(text, unit)).toBe(units)
})

test('money is shown as its currency is written', () => {
  expect([showMoney(499, 'USD'), showMoney(-5, 'USD'), showMoney(500, 'JPY')]).toEqual(['$4.99', '-$0.05', '¥500'])
})

test('columns stand under their titles, numbers to the right', () => {
  expect(table([['SKU'], ['STOCK', 'right']], [['A-1', '5'], ['LONGER-1', '12345 g']])).toBe([
    'SKU         STOCK',
    'A-1             5',
    'LONGER-1  12345 g',
  ].join('\n'))
})

test('what a shopper typed cannot steer the terminal', () => {
  const shown = showOrder({
    ticket_id: 1, kind: 'web', state: 'open', reference: 'r', order_number: 'W-1', method: 'pickup', customer: '{"name":"A\\u001b[2JB"}', address: null, note: 'x\u001b]0;y\u0007',
    refuse_reason: null, currency: 'USD', subtotal_minor: 1, tax_minor: 0, shipping_minor: 0, total_minor: 1, opened_at: '', updated_at: '',
  }, [])
  expect(shown).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/)
  expect(shown).toContain('A [2JB')
})

import type { DatabaseSync } from 'node:sqlite'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Assignment } from '../../../contract/assignment.ts'
import type { Result } from '../../../contract/result.ts'
import { onHand } from './items.ts'
import { openTillFile } from './schema.ts'
import { readTicketByReference, type TicketState } from './tickets.ts'
import { addItem, type TillRefusal } from './till.ts'
import { bookWebOrder, findWebOrder, handOver, listWebOrders, pick, ready, refuse, voidWebOrder, type OrderMoved } from './web-orders.ts'

const NOW = Date.parse('2026-05-01T10:00:00Z')
const ID = 'ord_00000000000000000000000001.1'
const usd = (amountMinor: number) => ({ amountMinor, currency: 'USD' })

const order = (changes: Partial<Assignment> = {}): Assignment => ({
  assignmentId: ID, orderId: ID.slice(0, -2), storeId: 'downtown', number: 'W-1001', placedAt: '2026-05-01T10:00:00Z', acceptBy: '2026-05-02T10:00:00Z',
  lines: [{ lineId: '1', sku: 'MUG', name: 'Mug as shown on the web', quantity: 2, unit: 'each', unitPrice: usd(1_050), taxIncluded: false, taxRate: '8.875' }],
  totals: { subtotal: usd(2_100), tax: usd(186), shipping: usd(500), total: usd(2_786) },
  fulfillment: { method: 'pickup', storeId: 'downtown' }, customer: { name: 'Test Customer', email: 'customer@shop.example' }, note: 'Ring twice', ...changes,
})
const toShip: Partial<Assignment> = { fulfillment: { method: 'ship', address: { name: 'Test Customer', line1: '1 Main St', city: 'Albany', postalCode: '12207', country: 'US' } } }
const line = (changes: Partial<Assignment['lines'][number]>): Partial<Assignment> => {
  const [first] = order().lines
  return { lines: first === undefined ? [] : [{ ...first, ...changes }] }
}

let folder: string
let db: DatabaseSync
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'till-'))
  db = openTillFile(join(folder, 'till.sqlite'), 'create')
  addItem(db, {
    sku: 'MUG', name: 'Mug', description: null, brand: null, category: null, identifiers: [{ type: 'gtin', value: '2000000000008' }], unit: 'each', price: usd(1_099),
    taxIncluded: false, taxRate: '8.875', imageUrl: null, tracked: true,
  }, 5)
})
afterEach(() => {
  db.close()
  rmSync(folder, { recursive: true })
})

describe('booking a web order', () => {
  test('writes what the shopper was shown: prices, tax, shipping, name, note', () => {
    expect(bookWebOrder(db, order(), NOW)).toEqual({ ok: true, posReference: 'T-000001', stockFell: true })
    expect(readTicketByReference(db, ID)).toMatchObject({
      order_number: 'W-1001', state: 'open', method: 'pickup', note: 'Ring twice', subtotal_minor: 2_100, tax_minor: 186, shipping_minor: 500, total_minor: 2_786,
    })
  })

  test.each([
    ['another unit than the till counts in', line({ unit: 'g' }), 'invalid'],
    ['another currency', line({ unitPrice: { amountMinor: 1_050, currency: 'EUR' } }), 'price_mismatch'],
    ['a barcode in the place of a SKU', line({ sku: '2000000000008' }), 'unknown_sku'],
    ['one piece more than there is', line({ quantity: 6 }), 'out_of_stock'],
  ])('with %s is refused', (_, changes, reason) => {
    expect(bookWebOrder(db, order(changes), NOW)).toMatchObject({ ok: false, reason })
    expect(readTicketByReference(db, ID)).toBeUndefined()
    expect(onHand(db, 'MUG')).toBe(5)
  })

  test('of an item that was never counted is refused: unknown is not something to sell', () => {
    db.exec("DELETE FROM stock WHERE sku = 'MUG'")
    expect(bookWebOrder(db, order(), NOW)).toMatchObject({ ok: false, reason: 'out_of_stock' })
  })
})

describe('the staff', () => {
  const STEPS: Record<string, (name: string) => Result<OrderMoved, TillRefusal>> = {
    pick: (name) => pick(db, name, NOW), ready: (name) => ready(db, name, NOW), handOver: (name) => handOver(db, name, NOW),
    refuse: (name) => refuse(db, name, 'out_of_stock', NOW),
  }
  /** What each step makes of each state; what is not here is refused. */
  const NEXT: Record<'pickup' | 'ship', Partial<Record<TicketState, Record<string, TicketState>>>> = {
    pickup: {
      open: { pick: 'picking', ready: 'ready', handOver: 'done', refuse: 'refused' },
      picking: { ready: 'ready', handOver: 'done', refuse: 'refused' },
      ready: { handOver: 'done', refuse: 'refused' },
      shipped: { handOver: 'done' },
    },
    ship: {
      open: { pick: 'picking', ready: 'ready', handOver: 'shipped', refuse: 'refused' },
      picking: { ready: 'ready', handOver: 'shipped', refuse: 'refused' },
      ready: { handOver: 'shipped', refuse: 'refused' },
      shipped: { handOver: 'done' },
    },
  }
  const STATES: TicketState[] = ['open', 'picking', 'ready', 'shipped', 'done', 'refused', 'void']

  test.each(['pickup', 'ship'] as const)('take a %s order only the steps that lead on', (method) => {
    for (const state of STATES) {
      for (const [name, step] of Object.entries(STEPS)) {
        db.exec('DELETE FROM ticket_lines; DELETE FROM tickets')
        bookWebOrder(db, order({ ...line({ quantity: 1 }), ...(method === 'ship' ? toShip : {}) }), NOW)
        db.prepare('UPDATE tickets SET state = ?').run(state)
        const expected = NEXT[method][state]?.[name]
        const taken = step(ID)
        expect(taken.ok ? taken.value.to : undefined, `${name} of a ${state} order`).toBe(expected)
        expect(readTicketByReference(db, ID)?.state).toBe(expected ?? state)
        db.exec("UPDATE stock SET on_hand = 5 WHERE sku = 'MUG'")
      }
    }
  })

  test('who refuse an order see its goods go back', () => {
    bookWebOrder(db, order(), NOW)
    expect(refuse(db, ID, 'out_of_stock', NOW)).toMatchObject({ ok: true, value: { moves: [{ sku: 'MUG', from: 3, to: 5 }] } })
    expect(voidWebOrder(db, ID, NOW)).toBe('voided')
    expect(onHand(db, 'MUG')).toBe(5)
  })

  test('name an order by assignment id, order number or ticket number', () => {
    bookWebOrder(db, order(), NOW)
    for (const name of [ID, 'W-1001', 'T-000001', 't-1', '1']) expect(findWebOrder(db, name)).toMatchObject({ ok: true, value: { reference: ID } })
    expect(findWebOrder(db, 'W-1002')).toMatchObject({ ok: false, refusal: { message: 'There is no web order W-1002' } })
  })

  test('mean by an order number the assignment still being worked on', () => {
    bookWebOrder(db, order(), NOW)
    refuse(db, ID, 'out_of_stock', NOW)
    bookWebOrder(db, order({ assignmentId: ID.replace('.1', '.2') }), NOW)
    expect(findWebOrder(db, 'W-1001')).toMatchObject({ value: { reference: ID.replace('.1', '.2') } })
  })

  test('see what is to do, oldest first, and on request all of it', () => {
    for (const n of [1, 2, 3]) bookWebOrder(db, order({ ...line({ quantity: 1 }), assignmentId: ID.replace('.1', `.${n}`), number: `W-${n}` }), NOW)
    handOver(db, 'W-2', NOW)
    expect(listWebOrders(db, 'open').map((row) => row.order_number)).toEqual(['W-1', 'W-3'])
    expect(listWebOrders(db, 'all').map((row) => row.order_number)).toEqual(['W-1', 'W-2', 'W-3'])
  })
})

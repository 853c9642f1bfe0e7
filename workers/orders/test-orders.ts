import type { OrderRecord } from './port.ts'

export const ORDER_ID = 'ord_0123456789abcdefghjkmnpqrs'
export const ASSIGNMENT_ID = `${ORDER_ID}.1`
const money = (amountMinor: number) => ({ amountMinor, currency: 'USD' })

/** A placed order of two counted lines and a service, one assignment, for tests. */
export function placedOrder(change: Partial<OrderRecord> = {}): OrderRecord {
  const line = (lineId: string, sku: string, quantity: number) => ({
    lineId, sku, name: sku, quantity, unit: 'each' as const, unitPrice: money(100), taxIncluded: false, taxRate: '0', lineTotal: money(100 * quantity),
  })
  return {
    orderId: ORDER_ID,
    number: '01234-56789',
    channel: 'web',
    status: 'placed',
    bodyHash: 'hash-1',
    attempt: 'try-1',
    purchase: {
      lines: [line('1', 'A', 2), line('2', 'B', 1), line('3', 'WRAP', 1)],
      totals: { subtotal: money(400), tax: money(0), shipping: money(0), total: money(400) },
      fulfillment: { method: 'pickup', storeId: 'main' },
      customer: { name: 'Test Customer', email: 'test@shop.example' },
      payment: null,
      note: null,
      untracked: ['WRAP'],
    },
    assignments: [{
      assignmentId: ASSIGNMENT_ID, storeId: 'main', attempt: 'try-1', lines: [{ lineId: '1', quantity: 2 }, { lineId: '2', quantity: 1 }, { lineId: '3', quantity: 1 }],
      state: 'pending', progress: null, posReference: null, reason: null, position: null, fellAt: null,
    }],
    timeline: [{ type: 'order.placed', occurredAt: 1000, seenAt: 1000, status: 'placed' }],
    cancelled: [],
    cancelRequestedAt: null,
    dueAt: 31_000,
    placedAt: 1000,
    updatedAt: 1000,
    version: 1,
    erasedAt: null,
    returns: [],
    payment: null,
    ...change,
  }
}

import type { Assignment } from '../../contract/assignment.ts'
import type { RejectReason } from '../../contract/events.ts'
import type { Item } from '../../contract/product.ts'
import type { Pos, PosChanges } from './port.ts'
import type { TestMemory } from './test-memory.ts'

/** What people do in the shop, done from outside the adapter, with the POS's own means. */
export type ShopFloor = {
  /**
   * `stock` is the first count; left out, the item was never counted. Answers the item as this POS can keep and show it: it may
   * give its own SKU and drop what it has no place for. An item that was retired comes back.
   */
  addItem(item: Item, stock?: number): Promise<Item>
  sell(basket: { sku: string; quantity: number }[]): Promise<void>
  takeReturn(basket: { sku: string; quantity: number }[]): Promise<void>
  setPrice(sku: string, priceMinor: number): Promise<void>
  rename(sku: string, name: string): Promise<void>
  retire(sku: string): Promise<void>
  /** The row that counts it is gone. Left out where a count stays for ever (`PosExceptions.counted`). */
  uncount?(sku: string): Promise<void>
  /** Left out where the POS knows no such step (`PosExceptions.steps`). */
  pick?(assignmentId: string): Promise<void>
  ready?(assignmentId: string): Promise<void>
  /** The goods leave the shop: the cashier completes the order. */
  handOver(assignmentId: string): Promise<void>
  refuse(assignmentId: string, reason: RejectReason): Promise<void>
  /** Another process sells the basket `times` times, one ticket each; resolves when it has ended. */
  keepSelling(basket: { sku: string; quantity: number }[], times: number): Promise<void>
  /** How many orders in the POS carry this reference. */
  countOrders(assignmentId: string): Promise<number>
}

export type PosUnderTest = {
  pos: Pos
  memory: TestMemory
  floor: ShopFloor
  /** The adapter opened once more over the same POS and memory, as after a restart of the connector: what it knew in variables is gone. */
  reopen(): Pos
  close(): Promise<void>
}

/** What a POS cannot show, each with the reason; the suite then holds it to what it can. */
export type PosExceptions = {
  /** It takes no web orders. */
  readOnly?: string
  /** It knows no steps between an open order and a completed one. */
  steps?: string
  /** What was counted once is counted for ever. */
  counted?: string
  /** It does not tell an order that was sent from one that arrived. */
  shipping?: string
  /** It does not say why the staff refused an order: it is told as `out_of_stock`. */
  reasons?: string
  /**
   * A web order is a finished sale in it from the beginning: told as a sale as it is written, as a return when it is taken back or refused.
   * What the staff do with it until it leaves the shop is on the desk page alone, and so is that it has left.
   */
  finishedAtOnce?: string
}

export const ID = 'ord_00000000000000000000000001.1'
export const OTHER_ID = 'ord_00000000000000000000000002.1'

export const TEA: Item = {
  sku: 'TEA-1', name: 'Green tea, 20 bags', description: 'Plain and good.', brand: 'Harrow', category: 'Grocery',
  identifiers: [{ type: 'gtin', value: '2000000000015' }], unit: 'each', price: { amountMinor: 499, currency: 'USD' },
  taxIncluded: false, taxRate: '0', imageUrl: null, tracked: true,
}
export const APPLES: Item = { ...TEA, sku: 'APPLES', name: 'Apples, red', unit: 'g', price: { amountMinor: 399, currency: 'USD' }, identifiers: [{ type: 'plu', value: '4016' }] }
/** For `vi.waitFor`: a database may hint at a write once more, late; never for ever. */
export const CALM = { timeout: 10_000, interval: 100 }
/** 10.35 % on 8.60 is 89.01 cents. */
export const WRAPPING: Item = {
  ...TEA, sku: 'SRV-WRAP', name: 'Gift wrapping', price: { amountMinor: 860, currency: 'USD' }, taxRate: '10.35', identifiers: [], tracked: false,
}

export function orderOf(...lines: [Item, number][]): Assignment {
  const usd = (amountMinor: number) => ({ amountMinor, currency: 'USD' })
  return {
    assignmentId: ID,
    orderId: ID.slice(0, -2),
    storeId: 'downtown',
    number: 'W-1001',
    placedAt: '2026-05-01T10:00:00.000Z',
    acceptBy: '2026-05-02T10:00:00.000Z',
    lines: lines.map(([item, quantity], index) => ({
      lineId: String(index + 1), sku: item.sku, name: item.name, quantity, unit: item.unit, unitPrice: item.price, taxIncluded: item.taxIncluded, taxRate: item.taxRate,
    })),
    totals: { subtotal: usd(0), tax: usd(0), shipping: usd(0), total: usd(0) },
    fulfillment: { method: 'pickup', storeId: 'downtown' },
    customer: { name: 'Test Customer', email: 'customer@shop.example' },
    note: null,
  }
}

/** Reads on until nothing is left, as a connector does. */
export async function readOn(pos: Pos, from: string | null): Promise<PosChanges> {
  const all: PosChanges = { cursor: from ?? '', items: [], removed: [], levels: [], sales: [], orders: [] }
  for (let cursor = from; ;) {
    const told = await pos.readChanges(cursor)
    all.items.push(...told.items)
    all.removed.push(...told.removed)
    all.levels.push(...told.levels)
    all.sales.push(...told.sales)
    all.orders.push(...told.orders)
    all.cursor = told.cursor
    if (told.cursor === cursor && !told.more) return all
    cursor = told.cursor
  }
}

export const byKey = (levels: { sku: string; onHand: number }[]): Record<string, number> => Object.fromEntries(levels.map((level) => [level.sku, level.onHand]))

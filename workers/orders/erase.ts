import { isFinal } from '../../contract/status.ts'
import { ERASED, withoutWords } from '../dead-letters/erase-words.ts'
import type { OrderRecord, TimelineEntry } from './port.ts'

/** No mail leaves for it: the name is reserved for that (RFC 2606). */
export const ERASED_EMAIL = 'erased@erased.invalid'
/** A shop whose staff never say that an order was handed over has it open for ever. As long as the connector keeps it on the desk. */
export const UNTOUCHED_MS = 90 * 24 * 3_600_000
/** Shorter ones stand by chance in every other text. */
const WORD_LENGTH_MIN = 4

/** Nothing has to be delivered with it any more: it is over, or owed by nobody and untouched for so long that nobody will come for it. */
export const mayErase = (order: OrderRecord, now: number): boolean => isFinal(order.status) || (order.dueAt === null && now - order.updatedAt > UNTOUCHED_MS)

/** What is this customer's own, to be found in other places. */
export function wordsOf({ purchase: { customer, fulfillment, note } }: OrderRecord): string[] {
  const address = fulfillment.method === 'ship' ? [fulfillment.address.name, fulfillment.address.line1, fulfillment.address.line2] : []
  const words = [customer.name, customer.email, customer.phone, note, ...address].flatMap((word) => word?.trim() ?? [])
  return [...new Set(words)].filter((word) => word.length >= WORD_LENGTH_MIN && word !== ERASED && word !== ERASED_EMAIL)
}

/** The order as it stays: what was bought, for how much, to which country, and what became of it. Its hash stays, so that the same Idempotency-Key still meets it. */
export function withoutCustomer(order: OrderRecord, now: number): OrderRecord {
  const { fulfillment } = order.purchase
  return {
    ...order,
    purchase: {
      ...order.purchase,
      customer: { name: ERASED, email: ERASED_EMAIL },
      note: null,
      fulfillment: fulfillment.method === 'pickup' ? fulfillment : { method: 'ship', address: { name: ERASED, line1: ERASED, city: ERASED, postalCode: ERASED, country: fulfillment.address.country } },
    },
    timeline: order.timeline.map((entry): TimelineEntry => ({ ...entry, ...(entry.detail === undefined ? {} : { detail: String(withoutWords(entry.detail, wordsOf(order))) }) })),
    erasedAt: now,
    version: order.version + 1,
  }
}

import { Buffer } from 'node:buffer'
import type { OutgoingEvent } from './outgoing-event.ts'

/** What the edge takes of one event: it must fit a queue message there. A receipt of 500 lines is 75 kB; what a receipt has beyond it goes in parts. */
export const EVENT_BYTES_MAX = 100_000
/** An id that made the event too large must not make its stub so. The contract's ids are shorter. */
const STUB_ID_LENGTH_MAX = 200

/** Strings as UTF-8 can carry them: half a surrogate pair from a POS would otherwise stop the whole line of events. */
const wellFormed = (_key: string, value: unknown): unknown => (typeof value === 'string' ? value.toWellFormed() : value)

const wireOf = (seq: number, { type, occurredAt, traceparent }: OutgoingEvent, data: unknown): string => JSON.stringify({ seq, type, occurredAt, data, traceparent }, wellFormed)

/** Bytes on the wire, whatever its number will be. */
export const eventBytes = (event: OutgoingEvent): number => Buffer.byteLength(wireOf(Number.MAX_SAFE_INTEGER, event, event.data))

/** An event whose data was left out because the edge would not take it. `bytes` is what it would have had. */
export type TooLarge = { seq: number; type: OutgoingEvent['type']; id: string; bytes: number }

/**
 * The event as it goes over the wire. One that the edge would refuse for its size goes as a stub with its id alone: the edge
 * files that as malformed, a person sees it, and the events behind it go on.
 */
export function wireText(seq: number, event: OutgoingEvent): { wire: string; tooLarge: TooLarge | null } {
  const bytes = eventBytes(event)
  if (bytes <= EVENT_BYTES_MAX) return { wire: wireOf(seq, event, event.data), tooLarge: null }
  const [key, id] = idOf(event)
  const short = id.slice(0, STUB_ID_LENGTH_MAX)
  return { wire: wireOf(seq, event, { [key]: short, tooLarge: true }), tooLarge: { seq, type: event.type, id: short, bytes } }
}

function idOf(event: OutgoingEvent): [key: string, id: string] {
  switch (event.type) {
    case 'catalog.item_upserted':
    case 'catalog.item_removed':
    case 'catalog.item_renamed':
    case 'catalog.sku_reused':
    case 'stock.counted':
    case 'selling.stopped':
    case 'selling.resumed':
      return ['sku', event.data.sku]
    case 'sale.recorded':
      return ['saleId', event.data.saleId]
    default:
      return ['assignmentId', event.data.assignmentId]
  }
}

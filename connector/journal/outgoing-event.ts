import type { StoreEventInput } from '../../contract/events.ts'

type WithoutSeq<T> = T extends unknown ? Omit<T, 'seq'> : never
/** An event before the journal has given it its number. */
export type OutgoingEvent = WithoutSeq<StoreEventInput>

/** An event with its number, as it stands on the wire. */
export type NumberedEvent = StoreEventInput

/** Which assignment an event is about, if any. Sales carry the reference for people; they are not its outcome. */
export function assignmentOf(event: OutgoingEvent): string | null {
  switch (event.type) {
    case 'catalog.item_upserted':
    case 'catalog.item_removed':
    case 'catalog.item_renamed':
    case 'catalog.sku_reused':
    case 'stock.counted':
    case 'sale.recorded':
    case 'selling.stopped':
    case 'selling.resumed':
      return null
    default:
      return event.data.assignmentId
  }
}

/** The levels an order event carries: read back after everything numbered up to it had committed. */
export function levelsOf(event: OutgoingEvent): { sku: string; onHand: number }[] {
  switch (event.type) {
    case 'order.accepted':
    case 'order.stock_fell':
    case 'order.rejected':
    case 'order.cancel_result':
    case 'order.status_changed':
      return event.data.levels ?? []
    default:
      return []
  }
}

/** The same event with other levels, for when it must be told under a new epoch. Events without levels stay as they are. */
export function withLevels(event: OutgoingEvent, read: ReadonlyMap<string, number>): OutgoingEvent {
  const levels = levelsOf(event).flatMap(({ sku }) => {
    const onHand = read.get(sku)
    return onHand === undefined ? [] : [{ sku, onHand }]
  })
  switch (event.type) {
    case 'order.accepted':
      return { ...event, data: { ...event.data, levels } }
    case 'order.stock_fell':
      return { ...event, data: { ...event.data, levels } }
    case 'order.rejected':
      return { ...event, data: { ...event.data, levels } }
    case 'order.cancel_result':
      return event.data.levels ? { ...event, data: { ...event.data, levels } } : event
    case 'order.status_changed':
      return event.data.levels ? { ...event, data: { ...event.data, levels } } : event
    default:
      return event
  }
}

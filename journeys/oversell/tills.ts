import type { Order } from '../../contract/order.ts'
import type { Stores } from '../local/stores.ts'
import { until } from '../local/until.ts'

/** An order is pushed within a second; a backlog of hundreds on two busy cores takes the rest. */
const DELIVERED_WITHIN_MS = 120_000

/** What the tills booked, by their own tables. */
export type Booked = {
  /** Pieces by `{store} {sku}`. */
  pieces: Map<string, number>
  /** The web tickets of each order, by its number. */
  tickets: Map<string, { reference: string; totalMinor: number }[]>
}

/** Until every order is accepted, by the public API, or has come to nothing. Throws with those that have not. */
export async function deliverAll(house: Stores, orders: readonly Pick<Order, 'id'>[]): Promise<void> {
  const open = new Set(orders.map(({ id }) => id))
  await until('every order accepted', DELIVERED_WITHIN_MS, async () => {
    for (const id of open) {
      const { status } = await house.web.order(id)
      if (status !== 'accepted') throw new Error(`${open.size} are not, order ${id} is ${status}`)
      open.delete(id)
    }
    return true
  }, 500)
}

export function readTills(house: Stores): Booked {
  const booked: Booked = { pieces: new Map(), tickets: new Map() }
  for (const [storeId, { till }] of house.stores) {
    for (const ticket of till.webTickets()) {
      const number = ticket.order_number ?? ''
      booked.tickets.set(number, [...(booked.tickets.get(number) ?? []), { reference: ticket.reference ?? '', totalMinor: ticket.total_minor }])
      for (const { sku, quantity } of till.lines(ticket.ticket_id)) {
        const place = `${storeId} ${sku}`
        booked.pieces.set(place, (booked.pieces.get(place) ?? 0) + quantity)
      }
    }
  }
  return booked
}

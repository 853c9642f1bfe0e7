import { weighs } from '../../workers/inventory/counter.ts'
import type { AssignmentRecord } from '../../workers/orders/port.ts'
import type { Shoppers } from './shoppers.ts'
import type { SimulatedEdge } from './simulated-edge.ts'
import type { SimulatedShop } from './simulated-shop.ts'

export type House = { edge: SimulatedEdge; shops: SimulatedShop[]; shoppers: Shoppers; quietTill: boolean }
type Row = { orderId: string; status: string; assignments: AssignmentRecord[]; lines: { lineId: string; sku: string }[] }

const GIVEN_UP = new Set(['rejected', 'struck', 'voided'])

const ordersOf = (edge: SimulatedEdge): Row[] => edge.sqlite.prepare(`SELECT order_id, status, assignments, purchase FROM orders WHERE status <> 'abandoned'`).all().map((row) => ({
  orderId: String(row['order_id']), status: String(row['status']), assignments: JSON.parse(String(row['assignments'])), lines: JSON.parse(String(row['purchase'])).lines,
}))

/** What must hold after every single step. */
export function atEveryStep({ edge, shops, quietTill }: House, violation: (what: string) => void): void {
  for (const shop of shops) {
    for (const [assignmentId, times] of shop.written) if (times > 1) violation(`${assignmentId} was written ${times} times`)
    for (const [sku, onHand] of shop.till.stock) if (quietTill && onHand < 0) violation(`${shop.storeId} sold ${sku} it does not have`)
  }
  if (!quietTill) return
  // Nobody but the web sells, so what is not yet in the till is owed, and the edge must know all of it.
  const owed = new Map<string, number>()
  for (const { assignments, lines } of ordersOf(edge)) {
    for (const { assignmentId, storeId, state, lines: parts } of assignments) {
      const shop = shops.find((each) => each.storeId === storeId)
      if (!shop || GIVEN_UP.has(state) || shop.till.orders.has(assignmentId)) continue
      // Taken back before any store was offered it: nobody will bring it to a till, whatever the row still says.
      if (edge.links.get(storeId)?.assignmentState(assignmentId) === 'struck') continue
      const journaled = shop.journal?.inbox.get(assignmentId)?.state
      if (journaled !== undefined && GIVEN_UP.has(journaled)) continue
      for (const { lineId, quantity } of parts) {
        const sku = lines.find((line) => line.lineId === lineId)?.sku
        owed.set(`${storeId} ${sku}`, (owed.get(`${storeId} ${sku}`) ?? 0) + quantity)
      }
    }
  }
  for (const shop of shops) {
    for (const [sku, onHand] of shop.till.stock) {
      const shown = edge.homes.availableOf(sku, shop.storeId)
      const truly = onHand - (owed.get(`${shop.storeId} ${sku}`) ?? 0)
      if (shown !== null && shown > Math.max(0, truly)) violation(`the edge shows ${shown} ${sku} at ${shop.storeId}, truly there are ${truly}`)
    }
  }
}

/** What must hold when nothing is under way any more. */
export function atRest({ edge, shops, shoppers }: House, violation: (what: string) => void): void {
  const rows = new Map(ordersOf(edge).map((row) => [row.orderId, row]))
  const desk = JSON.stringify([...edge.letters.values()].map(({ body }) => body))
  for (const { orderId, shopper } of shoppers.placed()) if (!rows.has(orderId)) violation(`${shopper.key} was told of ${orderId}, which is nowhere`)
  for (const { orderId, status, assignments } of rows.values()) {
    const inTill = assignments.some(({ assignmentId, storeId }) => {
      const order = shops.find((shop) => shop.storeId === storeId)?.till.orders.get(assignmentId)
      return order !== undefined && order.state !== 'void'
    })
    const explained = desk.includes(orderId)
    if (status === 'cancelled' ? inTill : !inTill && !explained) violation(`${orderId} is ${status} and ${inTill ? '' : 'not '}in the till (${assignments.map(({ state }) => state).join()})`)
    if (['placed', 'sent_to_store'].includes(status) && !explained) violation(`${orderId} came to rest as ${status}`)
  }
  for (const shop of shops) {
    for (const assignmentId of shop.till.orders.keys()) if (!rows.has(assignmentId.slice(0, -2))) violation(`the till has ${assignmentId}, which nobody ordered`)
    if (shop.journal?.outbox.waiting()) violation(`${shop.storeId} still has ${shop.journal.outbox.waiting()} events to tell`)
    if (shop.journal?.inbox.unfinished()) violation(`${shop.storeId} has unfinished work`)
  }
  for (const { sku, storeId, level, reservations } of edge.homes.counters()) {
    const onHand = shops.find((shop) => shop.storeId === storeId)?.till.stock.get(sku)
    if (level && level.onHand !== onHand) violation(`${sku} at ${storeId}: the edge has ${level.onHand}, the till ${onHand}`)
    for (const reservation of reservations) if (weighs(reservation, level)) violation(`${reservation.assignmentId} still weighs on ${sku} at ${storeId} (${reservation.state})`)
  }
  if (edge.queue.length > 0) violation('messages are left in a queue')
}

import type { Reservation } from '../../workers/inventory/counter.ts'
import type { AssignmentRecord } from '../../workers/orders/port.ts'
import type { Shoppers } from './shoppers.ts'
import type { SimulatedEdge, World } from './simulated-edge.ts'
import type { SimulatedShop } from './simulated-shop.ts'

export type House = { edge: SimulatedEdge; shops: SimulatedShop[]; shoppers: Shoppers; quietTill: boolean }
type Row = { orderId: string; status: string; assignments: AssignmentRecord[]; lines: { lineId: string; sku: string; quantity: number }[]; cancelled: { lineId: string; quantity: number }[]; timeline: { type: string }[] }

const GIVEN_UP: ReadonlySet<string> = new Set(['rejected', 'struck', 'voided'])

/** What must hold, looked at from outside: the till's tables, D1's rows, the counters, the journals, the desk. */
export function createTruths({ edge, shops, shoppers, quietTill }: House, { violation, trace, faults }: Pick<World, 'violation' | 'trace' | 'faults'>) {
  /** What a till had not yet sold when the newest of the levels a counter ever held was read: only that the edge cannot know. */
  const unseenSince = new Map<string, { sku: string; shop: SimulatedShop; level: { epoch: number; seq: number } }>()
  let atDesk = 0
  const orders = remembered(() => edge.changes().orders, () => ordersOf(edge))
  const counters = remembered(() => edge.changes().counters, () => edge.homes.counters())

  /** What shoppers were promised and the till has not taken off, per SKU of a shop. */
  const owedBy = (shop: SimulatedShop): Map<string, number> => {
    const owed = new Map<string, number>()
    for (const { assignments, lines } of orders()) {
      for (const assignment of assignments) {
        if (assignment.storeId !== shop.storeId || !isOwed(assignment, shop, edge)) continue
        for (const { lineId, quantity } of assignment.lines) {
          const sku = lines.find((line) => line.lineId === lineId)?.sku ?? ''
          owed.set(sku, (owed.get(sku) ?? 0) + quantity)
        }
      }
    }
    return owed
  }

  const unseen = (key: string): number => {
    const known = unseenSince.get(key)
    return known ? known.shop.soldSince(known.sku, known.level) : 0
  }
  const noteLevels = (): void => {
    for (const { sku, storeId, level } of counters()) {
      const shop = shops.find((each) => each.storeId === storeId)
      const key = `${storeId} ${sku}`
      if (level && shop && (!unseenSince.has(key) || shop.soldSince(sku, level) < unseen(key))) unseenSince.set(key, { sku, shop, level })
    }
  }

  return {
    /** What must hold after every single step. */
    atEveryStep(): void {
      noteLevels()
      for (const shop of shops) {
        for (const [assignmentId, times] of shop.till.written) if (times > 1) violation('doubled', `${assignmentId} was written ${times} times`)
        for (const [sku, onHand] of shop.till.stock()) if (quietTill && onHand < 0) violation('oversold', `${shop.storeId} sold ${sku} it does not have`)
        const owed = owedBy(shop)
        for (const counter of counters()) {
          if (counter.storeId !== shop.storeId) continue
          const onHand = shop.till.onHand(counter.sku)
          const shown = edge.homes.availableOf(counter)
          // Renamed away: nobody will ever count it again under this name.
          if (onHand === undefined || shown === null) continue
          const unknown = unseen(`${counter.storeId} ${counter.sku}`)
          const truly = Math.max(0, onHand - (owed.get(counter.sku) ?? 0) + unknown)
          if (shown <= truly) continue
          trace(`  held: ${JSON.stringify(counter)}`)
          for (const { orderId, status, assignments, lines } of orders()) {
            const told = assignments.map(({ assignmentId, storeId, state, lines: parts }) => ({
              assignmentId, storeId, state, asks: parts.map(({ lineId, quantity }) => `${quantity} ${lines.find((line) => line.lineId === lineId)?.sku}`).join(),
              journal: shop.journals().map((journal) => journal.inbox.get(assignmentId)?.state), till: shop.till.orders.get(assignmentId)?.state, fell: shop.till.orders.get(assignmentId)?.fell,
            }))
            trace(`  ${orderId} ${status}: ${JSON.stringify(told)}`)
          }
          violation('oversold', `the edge shows ${shown} ${counter.sku} at ${shop.storeId}, truly there are ${truly - unknown}, and it cannot have seen ${unknown} go`)
        }
      }
    },

    /** What must hold when nothing is under way any more. */
    atRest(): void {
      const rows = new Map(orders().map((row) => [row.orderId, row]))
      const desk = JSON.stringify([...edge.letters.values()].map(({ body }) => body))
      // Goods of nobody in a till are only right where its staff were told of them.
      const setAsideInVain = JSON.stringify([...edge.letters.values()].flatMap(({ body, lastError }) => (GIVEN_AWAY.test(lastError) ? [body] : [])))
      for (const { orderId, shopper } of shoppers.placed()) if (!rows.has(orderId)) violation('lost', `${shopper.key} was told of ${orderId}, which is nowhere`)
      for (const { orderId, status, assignments, lines, cancelled, timeline } of rows.values()) {
        const inTills = assignments.flatMap(({ assignmentId, storeId }) => {
          const order = shops.find((shop) => shop.storeId === storeId)?.till.orders.get(assignmentId)
          return order === undefined || order.state === 'void' ? [] : order.assignment.lines
        })
        const explained = desk.includes(orderId)
        for (const { assignedAt } of assignments) if (assignedAt !== undefined) faults.note('part rerouted')
        if (explained) atDesk += 1
        const states = assignments.map(({ state }) => state).join()
        for (const { lineId, sku, quantity } of lines) {
          const wanted = quantity - quantityIn(cancelled, lineId)
          const got = quantityIn(inTills, lineId)
          if (got !== wanted && !(got > wanted ? setAsideInVain.includes(orderId) : explained)) violation(got > wanted ? 'doubled' : 'lost', `${orderId} is ${status}, of ${quantity} ${sku} ${wanted} are wanted and ${got} in the tills (${states})`)
        }
        if (['placed', 'sent_to_store'].includes(status) && !explained) violation('unsettled', `${orderId} came to rest as ${status} (${states})`)
        if (status === 'cancelled' && !timeline.some(({ type }) => TELLS_WHY.has(type))) violation('untold', `${orderId} was cancelled and nobody was told why`)
      }
      for (const shop of shops) {
        for (const assignmentId of shop.till.orders.keys()) if (!rows.has(assignmentId.slice(0, assignmentId.lastIndexOf('.')))) violation('doubled', `the till has ${assignmentId}, which nobody ordered`)
        if (shop.journal?.outbox.waiting()) violation('unsettled', `${shop.storeId} still has ${shop.journal.outbox.waiting()} events to tell`)
        if (shop.journal?.inbox.unfinished()) violation('unsettled', `${shop.storeId} has unfinished work`)
      }
      for (const counter of counters()) {
        const { sku, storeId, level, reservations } = counter
        const onHand = shops.find((shop) => shop.storeId === storeId)?.till.onHand(sku)
        if (onHand === undefined) continue
        const reserved = reservations.reduce((sum, reservation) => (mustWeigh(reservation, level) ? sum + reservation.quantity : sum), 0)
        const shown = edge.homes.availableOf(counter)
        // Off the shelves: none can be bought, and its level may stay what it was.
        const isSold = shops.some((shop) => shop.storeId === storeId && shop.till.isSold(sku))
        if (level && shown !== (isSold ? Math.max(0, level.onHand - reserved) : 0)) violation('drift', `${sku} at ${storeId} shows ${shown} of ${level.onHand}, with ${reserved} reserved${isSold ? '' : ', and is not sold any more'}`)
        if (level?.onHand !== onHand && isSold) violation('drift', `${sku} at ${storeId}: the edge has ${level?.onHand ?? 'nothing'}, the till ${onHand}`)
        for (const reservation of reservations) {
          const { assignmentId } = reservation
          const row = rows.get(assignmentId.slice(0, assignmentId.lastIndexOf('.')))
          const assignment = row?.assignments.find((each) => each.assignmentId === assignmentId)
          const shop = shops.find((each) => each.storeId === storeId)
          // What still waits for a cashier, or for a person, must weigh.
          const waits = assignment && shop && (isOwed(assignment, shop, edge) || desk.includes(assignmentId))
          if (mustWeigh(reservation, level) && !waits) violation('drift', `${assignmentId} still weighs on ${sku} at ${storeId} (${reservation.state})`)
        }
      }
      if (edge.queue.length > 0) violation('unsettled', 'messages are left in a queue')
    },
    /** Orders that came to rest on the desk, where a person decides about them. */
    atDesk: (): number => atDesk,
    /** Units by which the edge's numbers differ from the tills'. */
    drift: (): number => counters().reduce((sum, { sku, storeId, level }) => {
      const onHand = shops.find((shop) => shop.storeId === storeId)?.till.onHand(sku)
      return level && onHand !== undefined && shops.some((shop) => shop.storeId === storeId && shop.till.isSold(sku)) ? sum + Math.abs(level.onHand - onHand) : sum
    }, 0),
  }
}

/** What the desk is told of goods that a store holds for an order it no longer has. */
const GIVEN_AWAY = /what had been|Have its staff put/

type HeldLevel = { epoch: number; asOf: number } | null

/** Rules 3, written once more: what judges must not be what is judged. */
export const mustWeigh = ({ fellAt }: Reservation, level: HeldLevel): boolean =>
  fellAt === null || level === null || fellAt.epoch > level.epoch || (fellAt.epoch === level.epoch && fellAt.seq > level.asOf)

const TELLS_WHY: ReadonlySet<string> = new Set(['order.cancelled', 'order.lines_cancelled', 'order.cancel_requested'])

const quantityIn = (lines: readonly { lineId: string; quantity: number }[], lineId: string): number => lines.reduce((sum, line) => (line.lineId === lineId ? sum + line.quantity : sum), 0)

/** Whether an assignment may still take goods that are on the shelf now. */
function isOwed({ assignmentId, state, unreserved }: AssignmentRecord, shop: SimulatedShop, edge: SimulatedEdge): boolean {
  const order = shop.till.orders.get(assignmentId)
  if (order) return order.state !== 'void' && !order.fell
  // What is written down and not yet reserved is promised to nobody: if the goods are gone by then, it goes elsewhere.
  if (GIVEN_UP.has(state) || unreserved) return false
  // Taken back before any store was offered it: nobody will bring it to a till, whatever the row still says.
  if (edge.links.get(shop.storeId)?.assignmentState(assignmentId) === 'struck') return false
  return !shop.hasGivenUp(assignmentId)
}

const ordersOf = (edge: SimulatedEdge): Row[] => edge.sqlite.prepare(`SELECT order_id, status, assignments, purchase, cancelled, timeline FROM orders WHERE status <> 'abandoned'`).all().map((row) => ({
  orderId: String(row['order_id']), status: String(row['status']), assignments: JSON.parse(String(row['assignments'])), lines: JSON.parse(String(row['purchase'])).lines,
  cancelled: JSON.parse(String(row['cancelled'])), timeline: JSON.parse(String(row['timeline'])),
}))

/** Read again only when something was written. */
function remembered<T>(version: () => number, read: () => T): () => T {
  let known: { version: number; value: T } | null = null
  return () => {
    const now = version()
    if (known?.version !== now) known = { version: now, value: read() }
    return known.value
  }
}
export type Truths = ReturnType<typeof createTruths>

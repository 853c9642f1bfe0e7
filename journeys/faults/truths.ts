import type { Order } from '../../contract/order.ts'
import { z } from 'zod'
import { DeadLetterSummary } from '../../contract/operator.ts'
import { page } from '../../contract/values.ts'
import { expectAnswer } from '../local/edge-api.ts'
import type { Ticket } from '../local/till.ts'
import type { Told } from './shoppers.ts'
import { statusOf, type Store, type Town } from './town.ts'

/**
 * `lost`: told of an order that is neither in a till nor cancelled for a reason. `doubled`: more in the tills than was ordered. `oversold`: sold on the
 * web alone, and not there. `drift`: the edge has another level than the till. `weighs`: a reservation that should not any more. `untrue`: a shopper or
 * the edge was told something that is not so. `left`: work or events that nobody finishes. `desk`: a dead letter.
 */
export const FINDING_KINDS = ['lost', 'doubled', 'oversold', 'drift', 'weighs', 'untrue', 'left', 'desk'] as const
export type FindingKind = (typeof FINDING_KINDS)[number]
/** `units`: of goods, where it is about goods; else 1. */
export type Finding = { kind: FindingKind; units: number; what: string }

const ASKED_AT_ONCE = 8
const DEAD_STATES = new Set(['void', 'refused'])
const UNFINISHED = ['received', 'intent']

/** What does not hold now. Empty when everything has come to rest as it should. `webOnly`: SKUs that nobody sells at a counter. */
export async function findings(town: Town, told: readonly Told[], webOnly: ReadonlySet<string>): Promise<Finding[]> {
  const found: Finding[] = []
  const say = (kind: FindingKind, what: string, units = 1): void => void found.push({ kind, units, what })
  for (const { contradictions } of told) for (const what of contradictions) say('untrue', what)
  const tickets = town.stores.flatMap((store) => store.till.webTickets().map((ticket) => ({ store, ticket })))
  const placed = told.filter((each) => each.orderId !== null)
  const numbers = new Set<string>()
  await eachOf(placed, async (each) => {
    const order = await town.truth.order(each.orderId ?? '')
    numbers.add(order.number)
    await ofTheOrder(town, order, each, tickets.filter(({ ticket }) => ticket.order_number === order.number), webOnly, say)
  })
  for (const { store, ticket } of tickets) if (!numbers.has(ticket.order_number ?? '')) say('doubled', `${store.shop.storeId}: nobody knows of ${ticket.reference} in the till`)
  for (const store of town.stores) await ofTheStore(store, webOnly, say)
  await ofTheLevels(town, say)
  const letters = expectAnswer(await town.operator.send('/dead-letters?state=waiting'), 200, page(DeadLetterSummary)).items
  for (const { id, queue, reason, lastError } of letters) {
    const { body } = expectAnswer(await town.operator.send(`/dead-letters/${id}`), 200, z.looseObject({ body: z.unknown() }))
    say('desk', `${queue}: ${reason}: ${lastError} ${JSON.stringify(body).slice(0, 300)}`)
  }
  return found
}

type Say = (kind: FindingKind, what: string, units?: number) => void

async function ofTheOrder(town: Town, order: Order, told: Told, tickets: { store: Store; ticket: Ticket }[], webOnly: ReadonlySet<string>, say: Say): Promise<void> {
  const name = `${order.number} (${order.id}, ${told.key})`
  const live = tickets.filter(({ ticket }) => !DEAD_STATES.has(ticket.state))
  const inTills = sumBySku(live.flatMap(({ store, ticket }) => store.till.lines(ticket.ticket_id)))
  const parts = new Set(order.fulfillments.map(({ id }) => id))
  for (const { ticket } of tickets) if (!parts.has(ticket.reference ?? '')) say('doubled', `${name}: ${ticket.reference} is in a till and not of the order`)
  if (order.cancelRequestedAt !== null && order.status !== 'cancelled') say('left', `${name}: the wish to cancel is not answered (${order.status})`)

  const { items } = await town.truth.timeline(order.id)
  const refusals = items.filter(({ type }) => type === 'order.rejected').map(({ detail }) => detail)
  if (refusals.includes('out_of_stock') && order.lines.every(({ sku }) => webOnly.has(sku))) say('oversold', `${name}: the till did not have what only the web sells`, quantityOf(order))
  if (order.status === 'cancelled') {
    if (live.length > 0) say('untrue', `${name} is cancelled and in a till`)
    if (told.cancel === null && refusals.length === 0) say('lost', `${name} was cancelled by nobody`, quantityOf(order))
    return
  }
  for (const [sku, ordered] of sumBySku(order.lines)) {
    const there = inTills.get(sku) ?? 0
    if (there < ordered) say('lost', `${name} is ${order.status}: ${there} of ${ordered} ${sku} in the tills`, ordered - there)
    if (there > ordered) say('doubled', `${name} is ${order.status}: ${there} of ${ordered} ${sku} in the tills`, there - ordered)
  }
  const handedOver = live.length > 0 && live.every(({ ticket }) => ticket.state === 'done' || ticket.state === 'shipped')
  const expected = handedOver ? ['completed', 'shipped'] : ['accepted']
  if (!expected.includes(order.status)) say('untrue', `${name} is ${order.status}, in the till ${live.map(({ ticket }) => ticket.state).join(', ') || 'nothing'}`)
}

/** The till's books and the connector's journal. */
async function ofTheStore(store: Store, webOnly: ReadonlySet<string>, say: Say): Promise<void> {
  const { till, shop, startStock } = store
  const moved = till.movedStock()
  for (const [sku, onHand] of till.stock()) {
    const should = (startStock.get(sku) ?? 0) - (moved.get(sku) ?? 0)
    if (onHand !== should) say('doubled', `${shop.storeId}: ${onHand} ${sku} on the shelf, by its tickets it should be ${should}`, Math.abs(onHand - should))
    if (onHand < 0 && webOnly.has(sku)) say('oversold', `${shop.storeId}: ${onHand} ${sku}`, -onHand)
  }
  const status = await statusOf(store)
  if (!status.running) say('left', `the connector of ${shop.storeId} has ended`)
  if (status.outbox > 0) say('left', `${shop.storeId}: ${status.outbox} events wait to be told`)
  for (const state of UNFINISHED) if (status.inbox[state]) say('left', `${shop.storeId}: ${status.inbox[state]} assignments are ${state}`)
}

/** What the edge believes of every SKU, by its own explanation. */
async function ofTheLevels({ stores, operator }: Town, say: Say): Promise<void> {
  await eachOf([...new Set(stores.flatMap(({ till }) => [...till.stock().keys()]))], async (sku) => {
    const explained = await operator.explain(sku)
    for (const { shop, till } of stores) {
      const level = explained?.stores.find(({ storeId }) => storeId === shop.storeId)
      const onHand = till.onHand(sku)
      if (level?.onHand !== onHand) say('drift', `${sku}: the edge has ${level?.onHand} at ${shop.storeId}, the till ${onHand}`, Math.abs((level?.onHand ?? 0) - (onHand ?? 0)))
      for (const { assignmentId, quantity, state, weighs } of level?.reservations ?? []) {
        if (weighs) say('weighs', `${assignmentId} (${state}) weighs ${quantity} on ${sku} at ${shop.storeId}`, quantity)
      }
    }
  })
}

function sumBySku(lines: readonly { sku: string; quantity: number }[]): Map<string, number> {
  const sums = new Map<string, number>()
  for (const { sku, quantity } of lines) sums.set(sku, (sums.get(sku) ?? 0) + quantity)
  return sums
}

const quantityOf = (order: Order): number => order.lines.reduce((sum, { quantity }) => sum + quantity, 0)

async function eachOf<T>(list: readonly T[], work: (one: T) => Promise<void>): Promise<void> {
  const rest = [...list]
  await Promise.all(Array.from({ length: ASKED_AT_ONCE }, async () => {
    for (let next = rest.shift(); next !== undefined; next = rest.shift()) await work(next)
  }))
}

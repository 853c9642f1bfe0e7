import { REPAIR_CURSOR } from '../../contract/operator.ts'
import type { RepairPage } from '../../contract/operator-answers.ts'
import { letterId } from '../dead-letters/letter.ts'
import type { DeadLetters } from '../dead-letters/port.ts'
import type { Inventory } from '../inventory/port.ts'
import type { LogFields } from '../log.ts'
import { isSettled, isUndelivered, isUnreserved } from '../orders/assignment.ts'
import { changeOrder } from '../orders/change-order.ts'
import { orderIdOf } from '../orders/ids.ts'
import type { OrderBook } from '../orders/port.ts'
import type { StoreBook, StoreLinkRpc } from '../stores/port.ts'
import { adopt, compare, knownOf } from './compare.ts'
import type { Known } from './compare.ts'

export type RepairPorts = {
  orders: Pick<OrderBook, 'find' | 'findMany' | 'update' | 'openAfter'>
  inventory: Pick<Inventory, 'reservations' | 'apply'>
  stores: Pick<StoreBook, 'list' | 'find'>
  links: { link(storeId: string): Pick<StoreLinkRpc, 'works' | 'recall' | 'request' | 'takeBack'> }
  deadLetters: Pick<DeadLetters, 'file'>
  clock: () => number
  newId: () => string
  log: (event: string, fields: LogFields) => void
}

/** Each costs a call to its link and the rows of its orders; the homes are asked once for all of them. */
const STORES_AT_ONCE = 20
const ORDERS_AT_ONCE = 200
/** What was placed so long ago has come to its store's link, or never was. */
const NEW_FOR_MS = 2 * 60_000

/**
 * Brings D1 up to what counters and links know, after it was taken back to an earlier moment. A page of it: the stores first, so that no order is sent anywhere while a part of
 * it is unknown, then every open order, whose stores are asked again. Does nothing twice; `dryRun` only looks.
 */
export async function repair(ports: RepairPorts, cursor: string | undefined, dryRun: boolean): Promise<RepairPage> {
  const [, phase = 'stores', after = ''] = REPAIR_CURSOR.exec(cursor ?? '') ?? []
  return phase === 'stores' ? repairStores(ports, after, dryRun) : askStores(ports, after, dryRun)
}

async function repairStores(ports: RepairPorts, after: string, dryRun: boolean): Promise<RepairPage> {
  const left = (await ports.stores.list()).map(({ storeId }) => storeId).filter((storeId) => storeId > after).sort()
  const storeIds = left.slice(0, STORES_AT_ONCE)
  // The objects before D1: what is placed meanwhile is then in both.
  const reservations = storeIds.length === 0 ? [] : await ports.inventory.reservations(storeIds)
  const works = (await Promise.all(storeIds.map(async (storeId) => (await ports.links.link(storeId).works()).map((work) => ({ storeId, work }))))).flat()
  const known = knownOf(reservations, works)
  const { missing, strays } = compare(known, await ports.orders.findMany([...new Set(known.map(({ assignmentId }) => orderIdOf(assignmentId)))]))
  if (!dryRun) {
    for (const [orderId, parts] of strays) {
      await changeOrder(ports.orders, orderId, (order) => ({ order: adopt(order, parts, ports.newId, ports.clock()) }))
      for (const { assignmentId, storeId } of parts) ports.log('repair.adopted', { orderId, assignmentId, storeId })
    }
    for (const each of missing) await tellPerson(ports, each)
    // The catalogue and the counts: each connector compares all it has with what is here.
    await Promise.all(storeIds.map((storeId) => ports.links.link(storeId).request('reconcile')))
  }
  return {
    dryRun, stores: storeIds, orders: 0, asked: 0,
    adopted: [...strays.values()].flat().map(({ assignmentId, storeId }) => ({ assignmentId, storeId })),
    missing: missing.map(({ assignmentId, storeId, link, reserved }) => ({ assignmentId, storeId, link, reserved })),
    nextCursor: left.length > STORES_AT_ONCE ? `stores:${storeIds.at(-1)}` : 'orders:',
  }
}

/** Everything that is not over: D1 may have forgotten what the store has said of it, and the store says it again. */
async function askStores(ports: RepairPorts, after: string, dryRun: boolean): Promise<RepairPage> {
  const now = ports.clock()
  const open = await ports.orders.openAfter(after, ORDERS_AT_ONCE)
  const byStore = new Map<string, { assignmentId: string; mayBeNew: boolean }[]>()
  // No store has heard of what is not paid for.
  for (const { assignments, placedAt } of open.filter(({ status }) => status !== 'awaiting_payment')) {
    for (const each of assignments.filter((assignment) => !isSettled(assignment) && !isUnreserved(assignment))) {
      const mayBeNew = isUndelivered(each) && now - (each.assignedAt ?? placedAt) < NEW_FOR_MS
      byStore.set(each.storeId, [...(byStore.get(each.storeId) ?? []), { assignmentId: each.assignmentId, mayBeNew }])
    }
  }
  const asked = await Promise.all([...byStore].map(async ([storeId, works]) => (dryRun ? works.length : (await ports.links.link(storeId).recall(works, now)).length)))
  return {
    dryRun, stores: [], orders: open.length, asked: asked.reduce((sum, each) => sum + each, 0), adopted: [], missing: [],
    nextCursor: open.length < ORDERS_AT_ONCE ? null : `orders:${open.at(-1)?.orderId}`,
  }
}

async function tellPerson(ports: RepairPorts, { assignmentId, storeId, link, reserved }: Known): Promise<void> {
  await ports.deadLetters.file([{
    letterId: await letterId('repair', `${storeId} ${assignmentId}`), queue: 'repair', reason: 'unmatched', storeId, body: { orderId: orderIdOf(assignmentId), assignmentId, storeId, link, reserved }, attempts: 1,
    lastError: 'The store may have this order and the database has not. Its goods stay reserved. Ask the store by the assignment\'s id; then let it serve the customer, or take it back.', filedAt: ports.clock(),
  }])
}

/**
 * Ends an assignment whose order D1 has not: what its store cannot know of is released at once; else the store is asked to give it back, and its answer releases it.
 * `there`: the order is in D1 and is cancelled as any other. `nothing`: nobody knows it (any more).
 */
export async function takeBackMissing(ports: RepairPorts, storeId: string, assignmentId: string): Promise<'released' | 'requested' | 'there' | 'nothing'> {
  const now = ports.clock()
  const reserved = (await ports.inventory.reservations([storeId])).filter((each) => each.assignmentId === assignmentId)
  const isAtLink = (await ports.links.link(storeId).works()).some((work) => work.assignmentId === assignmentId)
  if (reserved.length === 0 && !isAtLink) return 'nothing'
  const order = await ports.orders.find(orderIdOf(assignmentId))
  if (order?.assignments.some((each) => each.assignmentId === assignmentId && each.storeId === storeId)) return 'there'
  if ((await ports.links.link(storeId).takeBack(assignmentId, now)) === 'requested') return 'requested'
  await ports.inventory.apply(reserved.map(({ sku }) => ({ type: 'release', storeId, sku, assignmentId, at: now })))
  return 'released'
}

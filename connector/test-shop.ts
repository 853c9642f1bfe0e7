import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { Assignment } from '../contract/assignment.ts'
import { toInstant } from '../contract/clock.ts'
import { Item } from '../contract/product.ts'
import type { Shop } from './delivery/accept-order.ts'
import { openJournal, type Journal } from './journal/journal.ts'
import type { NumberedEvent } from './journal/outgoing-event.ts'
import type { Pos, PosCapabilities, PosOrderChange, PosSale } from './pos/port.ts'
import { createTurn } from './turn.ts'

/** What the connector's tests stand on: a shop in memory and assignments to fill it. */

export const NOW = Date.UTC(2026, 0, 2, 12)
export const STORE_ID = 'main-street'
export const SECRET = `tbsec_${Buffer.alloc(32, 7).toString('base64')}`
export const silent = pino({ level: 'silent' })

export const assignmentId = (n: number): string => `ord_${String(n).padStart(26, '0')}.1`

export function assignmentOf(n: number, lines: Record<string, number>, change: Partial<Assignment> = {}): Assignment {
  const money = (amountMinor: number) => ({ amountMinor, currency: 'EUR' })
  return Assignment.parse({
    assignmentId: assignmentId(n),
    orderId: assignmentId(n).slice(0, -2),
    number: `W-${n}`,
    placedAt: toInstant(NOW),
    acceptBy: toInstant(NOW + 600_000),
    lines: Object.entries(lines).map(([sku, quantity], index) => ({
      lineId: `l${index + 1}`, sku, name: `Item ${sku}`, quantity, unitPrice: money(250), taxIncluded: true, taxRate: '20',
    })),
    totals: { subtotal: money(250), tax: money(42), shipping: money(0), total: money(250) },
    fulfillment: { method: 'pickup', storeId: STORE_ID },
    customer: { name: 'A Shopper', email: 'shopper@example.com' },
    ...change,
  })
}

export const itemOf = (sku: string, name = `Item ${sku}`): Item =>
  Item.parse({ sku, name, price: { amountMinor: 250, currency: 'EUR' }, taxIncluded: true, taxRate: '20' })

/** What the memory POS says when it is away. */
export class PosAway extends Error {
  override name = 'PosAway'
  readonly hint = 'look whether the POS runs'
}

/** `fell`: its goods are off the stock. */
type MemoryOrder = { posReference: string; state: 'open' | 'picking' | 'ready' | 'done' | 'void'; fell: boolean; assignment: Assignment }
export type MemoryPos = Pos & {
  items: Map<string, Item>
  stock: Map<string, number>
  orders: Map<string, MemoryOrder>
  writes: string[]
  /** Thrown from inside a method before or after its effect: a crash, or a POS that is away. */
  fail: { at: keyof Pos; when: 'before' | 'after' } | null
  sell(sku: string, quantity: number): void
  staff(change: PosOrderChange): void
  put(item: Item, stock?: number): void
  retire(sku: string): void
}

type LogEntry = { item?: string; level?: string; sale?: PosSale; order?: PosOrderChange }

const STATE_OF = { accepted: 'open', picking: 'picking', ready_for_pickup: 'ready', shipped: 'done', completed: 'done' } as const

/** A POS as an object literal, correct by its port; `pause` lets other work in between its steps. */
export function memoryPos(stock: Record<string, number>, capabilities: Partial<PosCapabilities> = {}, pause: () => Promise<void> = async () => {}): MemoryPos {
  const log: LogEntry[] = []
  let seen = -1
  const step = async <T>(at: keyof Pos, effect: () => T): Promise<T> => {
    await pause()
    if (pos.fail?.at === at && pos.fail.when === 'before') throw new PosAway(`${at} failed before its effect`)
    const result = effect()
    if (pos.fail?.at === at && pos.fail.when === 'after') throw new PosAway(`${at} failed after its effect`)
    await pause()
    return result
  }
  const levels = (skus: Iterable<string>) => [...new Set(skus)].flatMap((sku) => {
    const onHand = pos.stock.get(sku)
    return onHand === undefined ? [] : [{ sku, onHand }]
  })
  const move = (sku: string, by: number): void => {
    pos.stock.set(sku, (pos.stock.get(sku) ?? 0) + by)
    log.push({ level: sku })
  }
  const putBack = (order: MemoryOrder): void => {
    if (order.fell) for (const line of order.assignment.lines) move(line.sku, line.quantity)
    order.state = 'void'
    order.fell = false
  }
  const pos: MemoryPos = {
    items: new Map(Object.keys(stock).map((sku) => [sku, itemOf(sku)])),
    stock: new Map(Object.entries(stock)),
    orders: new Map(),
    writes: [],
    fail: null,
    capabilities: { name: 'memory', takesOrders: true, stockFallsAt: 'accept', duplicates: 'never', seesDeletes: true, changes: 'cursor', seenAfterMs: 0, ...capabilities },
    mayHaveChanged: () => step('mayHaveChanged', () => log.length !== seen),
    readChanges: (cursor) => step('readChanges', () => {
      const fresh = log.slice(Number(cursor ?? 0))
      seen = log.length
      const touched = [...new Set(fresh.flatMap(({ item }) => item ?? []))]
      return {
        cursor: String(log.length),
        items: touched.flatMap((sku) => pos.items.get(sku) ?? []),
        removed: touched.filter((sku) => !pos.items.has(sku)),
        levels: levels(fresh.flatMap(({ level }) => level ?? [])),
        sales: fresh.flatMap(({ sale }) => sale ?? []),
        orders: fresh.flatMap(({ order }) => order ?? []),
      }
    }),
    currentCursor: () => step('currentCursor', () => String(log.length)),
    readSnapshot: (afterSku, limit) => step('readSnapshot', () => {
      const skus = [...pos.items.keys()].sort().filter((sku) => afterSku === null || sku > afterSku)
      const page = skus.slice(0, limit)
      return { items: page.flatMap((sku) => pos.items.get(sku) ?? []), levels: levels(page), done: skus.length <= limit }
    }),
    readLevels: (skus) => step('readLevels', () => levels(skus)),
    findOrder: (id) => step('findOrder', () => {
      const order = pos.capabilities.duplicates === 'possible' ? undefined : pos.orders.get(id)
      return order ? { posReference: order.posReference, state: order.state, stockFell: order.fell } : null
    }),
    writeOrder: (assignment) => step('writeOrder', () => {
      pos.writes.push(assignment.assignmentId)
      const there = pos.capabilities.duplicates === 'never' ? pos.orders.get(assignment.assignmentId) : undefined
      if (there?.state === 'void') return { ok: false, reason: 'invalid', detail: `${there.posReference} had this reference and was taken back or refused` }
      if (there) return { ok: true, posReference: there.posReference, stockFell: there.fell }
      for (const line of assignment.lines) {
        if (!pos.items.has(line.sku)) return { ok: false, reason: 'unknown_sku', detail: `no ${line.sku}` }
        if ((pos.stock.get(line.sku) ?? 0) < line.quantity) return { ok: false, reason: 'out_of_stock', detail: `too few ${line.sku}` }
      }
      const fell = pos.capabilities.stockFallsAt === 'accept'
      if (fell) for (const line of assignment.lines) move(line.sku, -line.quantity)
      const posReference = `T${pos.orders.size + 1}`
      pos.orders.set(assignment.assignmentId, { posReference, state: 'open', fell, assignment })
      return { ok: true, posReference, stockFell: fell }
    }),
    voidOrder: (id) => step('voidOrder', () => {
      const order = pos.orders.get(id)
      if (!order) return 'absent'
      if (order.state === 'done') return 'refused'
      if (order.state !== 'void') putBack(order)
      return 'voided'
    }),
    staffStep: () => step('staffStep', () => 'desk-only' as const),
    close: async () => {},
    sell(sku, quantity) {
      move(sku, -quantity)
      const line = { sku, quantity, unitPriceMinor: 250, lineTotalMinor: 250 * quantity }
      log.push({ sale: { saleId: `S${log.length}`, kind: 'sale', lines: [line], totalMinor: line.lineTotalMinor, currency: 'EUR', assignmentId: null, occurredAt: toInstant(NOW) } })
    },
    staff(change) {
      const order = pos.orders.get(change.assignmentId)
      if (change.kind === 'stock-fell' && order && !order.fell) {
        for (const line of order.assignment.lines) move(line.sku, -line.quantity)
        order.fell = true
      }
      if (change.kind === 'refused' && order) putBack(order)
      if (change.kind === 'progress' && order) order.state = STATE_OF[change.status]
      log.push({ order: change })
    },
    put(item, onHand) {
      pos.items.set(item.sku, item)
      log.push({ item: item.sku })
      if (onHand !== undefined) move(item.sku, onHand - (pos.stock.get(item.sku) ?? 0))
    },
    retire(sku) {
      pos.items.delete(sku)
      log.push({ item: sku })
    },
  }
  return pos
}

/** A folder of its own under the system's, and the way to be rid of it. */
export function testFolder(): { path: string; file(name: string): string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'tillbridge-connector-'))
  return { path, file: (name) => join(path, name), remove: () => rmSync(path, { recursive: true, force: true }) }
}

export const openTestJournal = (file: string): Journal => openJournal({ file, storeId: STORE_ID, connectorId: 'test' })

export const shopOf = (journal: Journal, pos: Pos, now: () => number = () => NOW): Shop => ({ journal, pos, turn: createTurn(), now, holdsStore: () => true })

/** Everything not yet confirmed, numbered. */
export const waitingEvents = (journal: Journal): NumberedEvent[] =>
  journal.outbox.next(100_000, Number.POSITIVE_INFINITY).events.map((event) => JSON.parse(event) as NumberedEvent)

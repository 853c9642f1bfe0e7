import { LIMITS_DEFAULT } from '../../contract/operator.ts'
import type { OrderEvent } from '../../contract/events.ts'
import type { Letter } from '../dead-letters/port.ts'
import { availabilityOf } from '../inventory/availability.ts'
import { applyCommand, applyLevel, decideReserve, emptyCounter } from '../inventory/counter.ts'
import type { Counter } from '../inventory/counter.ts'
import type { CounterCommand, ReserveRequest } from '../inventory/port.ts'
import type { OrderMessage } from '../queue-messages.ts'
import { handleStatusEvents } from '../status/handle-events.ts'
import type { Store } from '../stores/port.ts'
import { createLink } from '../stores/run-link.ts'
import type { SyncLink } from '../stores/run-link.ts'
import { beatOf, memoryBook, NOW } from '../stores/test-link-book.ts'
import type { PaymentProvider } from '../payments/port.ts'
import { cancelOrder } from './cancel-order.ts'
import { handleOrderMessage } from './deliver.ts'
import { placeOrder } from './place-order.ts'
import type { LineQuantity, OrderRecord } from './port.ts'
import { memoryLimits } from '../limits/test-limits.ts'
import { sweepOrders } from './sweep.ts'

const SKUS = ['A', 'B']
const item = (sku: string) => ({
  sku, name: sku, description: null, brand: null, category: null, identifiers: [], unit: 'each' as const, price: { amountMinor: 100, currency: 'USD' },
  taxIncluded: false, taxRate: '0', imageUrl: null, tracked: true,
})
const storeOf = (storeId: string, priority: number): Store => ({
  storeId, name: storeId, timeZone: 'UTC', transport: { kind: 'tunnel', url: 'http://127.0.0.1:1' }, secrets: [], safetyStock: 0, catalogSource: false,
  paused: false, priority, openingHours: null, sellStaleForMs: 10 * 86_400_000, rounding: { tax: 'line', mode: 'half_up' }, specialDays: [], pickupLeadMinutes: null, createdAt: 0,
})
export const ADDRESS = { name: 'T', line1: '1 Road', city: 'X', postalCode: '1', country: 'US' }

/** Stores with what they have, the real links and counters of the edge in memory, for tests. Stores are asked in the order they are named. */
export function house(stock: Record<string, Partial<Record<'A' | 'B', number>>>) {
  const stores = Object.keys(stock).map((storeId, index) => storeOf(storeId, index + 1))
  const links = new Map<string, SyncLink>(stores.map(({ storeId }) => [storeId, createLink(memoryBook())]))
  const counters = new Map<string, Counter>()
  const buried = new Set<string>()
  const orders = new Map<string, OrderRecord>()
  const letters: Letter[] = []
  const seqs = new Map<string, number>()
  const queue: OrderMessage[] = []
  let ids = 0
  const self = { now: NOW, provider: null as PaymentProvider | null, failReserve: false, unreachable: new Set<string>(), pushed: [] as string[], asked: [] as string[] }

  const counterAt = (sku: string, storeId: string): Counter => counters.get(`${sku} ${storeId}`) ?? emptyCounter(sku, storeId, 0)
  const keep = (counter: Counter) => void counters.set(`${counter.sku} ${counter.storeId}`, counter)
  const linkOf = (storeId: string): SyncLink => {
    const link = links.get(storeId)
    if (!link) throw new Error(`no store ${storeId}`)
    return link
  }
  const beat = (storeId: string) => linkOf(storeId).heartbeat(beatOf(1), self.now)
  for (const { storeId } of stores) {
    linkOf(storeId).takeEpoch('till-1', NOW)
    beat(storeId)
    for (const sku of SKUS) keep(applyLevel(counterAt(sku, storeId), { type: 'level', sku, storeId, onHand: stock[storeId]?.[sku as 'A' | 'B'] ?? 0, epoch: 1, asOf: 0, seq: 1, at: NOW }).counter)
  }

  const ports = {
    orders: {
      find: async (orderId: string) => orders.get(orderId) ?? null,
      insert: async (order: OrderRecord) => !orders.has(order.orderId) && orders.set(order.orderId, order) !== undefined,
      update: async (order: OrderRecord, expected: number) => orders.get(order.orderId)?.version === expected && orders.set(order.orderId, structuredClone(order)) !== undefined,
      due: async (at: number) => [...orders.values()].filter(({ dueAt }) => dueAt !== null && dueAt <= at),
      setDue: async ({ orderId, version }: { orderId: string; version: number }, dueAt: number | null) => {
        const order = orders.get(orderId)
        if (order?.version === version) orders.set(orderId, { ...order, dueAt })
      },
    },
    catalog: { sellable: async (skus: string[]) => stores.flatMap(({ storeId }, index) => skus.map((sku) => ({ storeId, sku, item: item(sku), describes: index === 0 }))) },
    limits: memoryLimits(() => self.now),
    inventory: {
      reserve: async (request: ReserveRequest) => {
        if (self.failReserve) throw new Error('the home cannot be reached')
        const isBuried = [request.assignmentId, `${request.assignmentId} ${request.attempt.id}`].some((key) => buried.has(key))
        const decided = decideReserve(request.demands.map(({ sku }) => counterAt(sku, request.storeId)), request, isBuried)
        if (!decided.ok) return decided
        decided.value.forEach(keep)
        return { ok: true as const }
      },
      apply: async (commands: CounterCommand[]) => commands.map((command) => {
        if (command.type === 'release') buried.add(command.attempt ? `${command.assignmentId} ${command.attempt.id}` : command.assignmentId)
        const { counter, outcome } = applyCommand(counterAt(command.sku, command.storeId), command)
        keep(counter)
        return outcome
      }),
      availability: async (skus: string[], orderId?: string) => skus.map((sku) => availabilityOf(sku, stores.map(({ storeId }) => counterAt(sku, storeId)), orderId)),
      setStop: async () => undefined,
    },
    stops: { set: async () => undefined, standing: async () => null },
    stores: { find: async (storeId: string) => stores.find((store) => store.storeId === storeId) ?? null, list: async () => stores },
    links: {
      link: (storeId: string) => {
        const link = linkOf(storeId)
        return {
          facts: async () => link.facts(self.now),
          offer: async (...args: Parameters<SyncLink['offer']>) => link.offer(...args),
          pushed: async (...args: Parameters<SyncLink['pushed']>) => link.pushed(...args),
          progress: async (...args: Parameters<SyncLink['progress']>) => link.progress(...args),
          takeBack: async (...args: Parameters<SyncLink['takeBack']>) => link.takeBack(...args),
          giveUp: async (...args: Parameters<SyncLink['giveUp']>) => link.giveUp(...args),
          undo: async (...args: Parameters<SyncLink['undo']>) => link.undo(...args),
          assignmentState: async (...args: Parameters<SyncLink['assignmentState']>) => link.assignmentState(...args),
        }
      },
      breaker: () => ({ state: async () => 'closed' as const, view: async () => ({ phase: 'closed' as const, probeAt: null }), allow: async () => true, record: async () => undefined }),
      transport: ({ storeId }: Store) => ({
        put: async ({ assignmentId }: { assignmentId: string }) => {
          if (self.unreachable.has(storeId)) throw new Error('connection refused')
          self.pushed.push(`${storeId} ${assignmentId.slice(-1)}`)
          return { kind: 'journaled' as const }
        },
        cancel: async (assignmentId: string) => {
          self.asked.push(`${storeId} ${assignmentId.slice(-1)}`)
          return { kind: 'journaled' as const }
        },
      }),
    },
    sales: { record: async () => true },
    deadLetters: { file: async (filed: Letter[]) => void letters.push(...filed), find: async () => null },
    queues: { orders: async (messages: OrderMessage[]) => void queue.push(...messages), status: async () => undefined },
    clock: () => self.now,
    newId: () => `try-${(ids += 1)}`,
    sleep: async () => undefined,
    log: () => undefined,
    payments: (): PaymentProvider | null => self.provider,
    secrets: { masterKey: 'master' },
  }

  const order = (): OrderRecord => {
    const [placed] = [...orders.values()]
    if (!placed) throw new Error('nothing is placed')
    return placed
  }
  /** Handles what is in the queue, and what comes of it. */
  const settle = async (): Promise<void> => {
    for (let handled = 0; queue.length > 0; handled++) {
      if (handled > 100) throw new Error('messages go in a circle')
      const [message] = queue.splice(0, 1)
      if (message) await handleOrderMessage(message, ports)
    }
  }
  let again: () => Promise<unknown> = async () => undefined
  const tell = async (n: number, type: OrderEvent['type'], data: object): Promise<void> => {
    const assignment = order().assignments[n - 1]
    if (!assignment) throw new Error(`no part ${n}`)
    const { storeId, assignmentId } = assignment
    const seq = (seqs.get(storeId) ?? 1) + 1
    seqs.set(storeId, seq)
    const event = { seq, type, occurredAt: '2026-11-24T10:00:00Z', data: { assignmentId, ...data } } as OrderEvent
    again = () => handleStatusEvents({ storeId, epoch: 1, requestId: 'r', events: [event] }, ports)
    await again()
  }
  const levels = (left: Partial<Record<string, number>>) => Object.entries(left).map(([sku, onHand]) => ({ sku, onHand }))

  return Object.assign(self, {
    ports, order, settle, tell, beat, letters, linkOf,
    counter: counterAt,
    takeMessages: () => queue.splice(0),
    /** The last word of a store comes once more. */
    again: () => again(),
    ship: async (lines: { sku: string; quantity: number }[], payInStore = true) => {
      const body = { lines, fulfillment: { method: 'ship' as const, address: ADDRESS }, customer: { name: 'T', email: 't@shop.example' } }
      return placeOrder(ports, { channel: { channelId: 'web', name: 'Web', allowedOrigins: [], payInStore, paymentProviders: [self.provider ? 'stripe' : 'manual'], limits: LIMITS_DEFAULT, createdAt: 0 }, caller: { keyId: 'key', addressBlock: null }, idempotencyKey: 'key', body, raw: body, requestId: 'r' })
    },
    sweep: () => sweepOrders(ports),
    cancel: (lines: LineQuantity[] | null = null) => cancelOrder(ports, order().orderId, 'r', lines),
    /** A store says that it took part `n`; `left` is what its shelf has after it. */
    accept: (n: number, left: Partial<Record<string, number>>, lines: LineQuantity[] = []) => tell(n, 'order.accepted', { posReference: `T-${n}`, stockFell: true, lines, levels: levels(left) }),
    refuse: (n: number, reason: string, left: Partial<Record<string, number>> = {}) => tell(n, 'order.rejected', { reason, levels: levels(left) }),
    answerCancel: (n: number, outcome: string, left: Partial<Record<string, number>> = {}) => tell(n, 'order.cancel_result', { outcome, levels: levels(left) }),
    parts: () => order().assignments.map(({ storeId, state }) => `${storeId} ${state}`),
    /** What weighs on a SKU at a store. */
    weight: (sku: string, storeId: string) => counterAt(sku, storeId).reservations.reduce((sum, { quantity }) => sum + quantity, 0),
    free: (sku: string, storeId: string) => availabilityOf(sku, [counterAt(sku, storeId)]).stores[0]?.available,
  })
}

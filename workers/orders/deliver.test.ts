import { beforeEach, describe, expect, it } from 'vitest'
import type { Letter } from '../dead-letters/port.ts'
import type { CounterCommand } from '../inventory/port.ts'
import type { OrderMessage } from '../queue-messages.ts'
import type { Offer, Store, TransportAnswer } from '../stores/port.ts'
import { cancelOrder } from './cancel-order.ts'
import { handleOrderMessage } from './deliver.ts'
import type { OrderRecord } from './port.ts'
import { sweepOrders } from './sweep.ts'
import { ASSIGNMENT_ID, ORDER_ID, placedOrder } from './test-orders.ts'

const store: Store = {
  storeId: 'main', name: 'Main', timeZone: 'UTC', transport: { kind: 'tunnel', url: 'http://127.0.0.1:1' }, secrets: [], safetyStock: 0, catalogSource: false,
  paused: false, priority: 1, openingHours: null, sellStaleForMs: 1, rounding: { tax: 'line', mode: 'half_up' }, specialDays: [], pickupLeadMinutes: null, createdAt: 0,
}
const message: OrderMessage = { kind: 'deliver', orderId: ORDER_ID, assignmentId: ASSIGNMENT_ID, storeId: 'main', requestId: 'r' }

let order: OrderRecord | null
let offer: Offer
let breakerOpen: boolean
let linkState: 'unknown' | 'parked' | 'queued' | 'offered' | 'handed-over' | 'struck'
let takeBack: 'struck' | 'requested'
let answer: () => TransportAnswer
let now: number
let did: string[]
let applied: CounterCommand[]
let sent: OrderMessage[]
let letters: Letter[]

beforeEach(() => {
  order = placedOrder()
  offer = { kind: 'go', acceptBy: 90_000, maybeWritten: false }
  breakerOpen = false
  linkState = 'unknown'
  takeBack = 'requested'
  answer = () => ({ kind: 'journaled' })
  now = 40_000
  did = []
  applied = []
  sent = []
  letters = []
})

const link = {
  offer: async () => offer,
  pushed: async (_: string, outcome: string) => void did.push(`pushed ${outcome}`),
  progress: async (_: string, progress: string) => void did.push(`progress ${progress}`),
  assignmentState: async () => linkState,
  takeBack: async () => takeBack,
  giveUp: async () => 'kept' as const,
  facts: async () => expect.fail('asked'),
}
const ports = {
  orders: {
    find: async () => order,
    update: async (changed: OrderRecord, expected: number) => {
      if (order?.version !== expected) return false
      order = changed
      return true
    },
    due: async (at: number) => (order && order.dueAt !== null && order.dueAt <= at ? [order] : []),
    setDue: async ({ version }: { version: number }, dueAt: number | null) => void (order = order?.version === version ? { ...order, dueAt } : order),
  },
  catalog: { sellable: async () => [] },
  inventory: { reserve: async () => expect.fail('reserved'), availability: async () => [], apply: async (commands: CounterCommand[]) => {
    applied.push(...commands)
    return commands.map(() => 'applied' as const)
  } },
  stores: { find: async () => store, list: async () => [store] },
  links: {
    link: () => link,
    breaker: () => ({
      allow: async () => !breakerOpen,
      state: async () => (breakerOpen ? 'open' as const : 'closed' as const),
      view: async () => ({ phase: breakerOpen ? 'open' as const : 'closed' as const, probeAt: null }),
      record: async (outcome: string) => void did.push(`breaker ${outcome}`),
    }),
    transport: () => ({ put: async () => answer(), cancel: async () => answer() }),
  },
  deadLetters: { file: async (filed: Letter[]) => void letters.push(...filed) },
  queues: { orders: async (messages: OrderMessage[]) => void sent.push(...messages) },
  clock: () => now,
  newId: () => 'id',
  sleep: async () => undefined,
  payments: () => null,
  log: () => undefined,
}
const state = () => ({ status: order?.status, assignment: order?.assignments[0]?.state, dueAt: order?.dueAt })
const fails = (): never => {
  throw new Error('connection refused')
}

describe('delivering an assignment', () => {
  it('is handed over when the store has journaled it, and nothing is owed any more', async () => {
    expect(await handleOrderMessage(message, ports)).toBe('applied')
    expect(state()).toEqual({ status: 'sent_to_store', assignment: 'journaled', dueAt: null })
    expect(did).toEqual(['breaker ok', 'pushed journaled'])
  })

  it('stays parked and acked when the store cannot be reached: nobody knows whether it arrived', async () => {
    answer = fails
    expect(await handleOrderMessage(message, ports)).toBe('applied')
    expect(state()).toMatchObject({ status: 'placed', assignment: 'pending' })
    expect(did).toEqual(['breaker failed', 'pushed failed'])
    expect(letters).toEqual([])
  })

  it("does not hold a fault of D1 against the store's breaker, and lets the queue try again", async () => {
    const away = { ...ports, orders: { ...ports.orders, update: async () => fails() } }
    await expect(handleOrderMessage(message, away)).rejects.toThrow()
    expect(did).toEqual(['breaker ok', 'pushed journaled'])
  })

  it('counts a slow answer against the breaker, and takes it all the same', async () => {
    answer = () => {
      now += 6_000
      return { kind: 'journaled' }
    }
    await handleOrderMessage(message, ports)
    expect(did).toContain('breaker slow')
    expect(state().assignment).toBe('journaled')
  })

  it('is not even tried while it is parked', async () => {
    offer = { kind: 'parked' }
    answer = () => expect.fail('pushed')
    await handleOrderMessage(message, ports)
    expect(did).toEqual([])
  })

  it('ends as cancelled, released, when it was taken back before any offer', async () => {
    offer = { kind: 'struck' }
    await handleOrderMessage(message, ports)
    expect(state()).toEqual({ status: 'cancelled', assignment: 'struck', dueAt: null })
    expect(applied.map((command) => [command.type, command.sku])).toEqual([['release', 'A'], ['release', 'B']])
  })

  it('that a connector refuses goes to the desk and holds no stock', async () => {
    answer = () => ({ kind: 'refused', status: 422 })
    await handleOrderMessage(message, ports)
    expect(letters).toMatchObject([{ reason: 'needs_person', lastError: expect.stringContaining('422') }])
    expect(state()).toMatchObject({ status: 'placed', assignment: 'rejected', dueAt: null })
    expect(applied.map((command) => command.type)).toEqual(['release', 'release'])
    expect(did).toContain('progress final')
  })

  it('that is over is offered to nobody', async () => {
    order = placedOrder({ assignments: placedOrder().assignments.map((each) => ({ ...each, state: 'voided' })) })
    answer = () => expect.fail('pushed')
    expect(await handleOrderMessage(message, ports)).toBe('superseded')
    expect(did).toEqual(['progress final'])
  })

  it('waits until it is paid', async () => {
    order = placedOrder({ status: 'awaiting_payment' })
    answer = () => expect.fail('pushed')
    expect(await handleOrderMessage(message, ports)).toBe('superseded')
  })
})

describe('the sweep', () => {
  it.each(['unknown', 'queued', 'offered'] as const)('sends again what the link knows as %s', async (known) => {
    linkState = known
    await sweepOrders(ports)
    expect(sent).toMatchObject([{ kind: 'deliver', assignmentId: ASSIGNMENT_ID }])
    expect(state().dueAt).toBe(70_000)
  })

  it('leaves alone what is not yet due', async () => {
    now = 30_000
    expect(await sweepOrders(ports)).toBe(0)
  })

  it('lets what is parked wait for its store', async () => {
    linkState = 'parked'
    await sweepOrders(ports)
    expect(sent).toEqual([])
    expect(state().dueAt).toBe(340_000)
  })

  it('learns from the link what D1 has missed', async () => {
    linkState = 'handed-over'
    await sweepOrders(ports)
    expect(state()).toEqual({ status: 'sent_to_store', assignment: 'journaled', dueAt: null })
  })

  it('ends what was taken back by somebody who crashed', async () => {
    linkState = 'struck'
    await sweepOrders(ports)
    expect(state()).toMatchObject({ status: 'cancelled', dueAt: null })
    expect(applied).toHaveLength(2)
  })

  it('cancels and releases what was not paid in time', async () => {
    order = placedOrder({ status: 'awaiting_payment', dueAt: 901_000 })
    now = 901_000
    await sweepOrders(ports)
    expect(state()).toEqual({ status: 'cancelled', assignment: 'struck', dueAt: null })
    expect(applied.map((command) => command.type)).toEqual(['release', 'release'])
  })

  it('asks again for a cancel without an answer', async () => {
    const journaled = placedOrder().assignments.map((each) => ({ ...each, state: 'journaled' as const }))
    order = placedOrder({ status: 'sent_to_store', assignments: journaled })
    await cancelOrder(ports, ORDER_ID, 'r')
    sent = []
    now = 75_000
    await sweepOrders(ports)
    expect(sent).toMatchObject([{ kind: 'cancel' }])
    expect(state().dueAt).toBe(105_000)
  })
})

describe("a shopper's cancel", () => {
  it('ends at once what no store was offered', async () => {
    takeBack = 'struck'
    expect(await cancelOrder(ports, ORDER_ID, 'r')).toMatchObject({ ok: true, value: { done: true, order: { status: 'cancelled' } } })
    expect(applied.map((command) => command.type)).toEqual(['release', 'release'])
  })

  it('of what a store may have is a request: status and reservation stay', async () => {
    expect(await cancelOrder(ports, ORDER_ID, 'r')).toMatchObject({ ok: true, value: { done: false, order: { status: 'placed', cancelRequestedAt: 40_000 } } })
    expect(applied).toEqual([])
    expect(sent).toMatchObject([{ kind: 'cancel' }])
  })

  it.each(['completed', 'shipped', 'refunded'] as const)('comes too late for what is %s', async (status) => {
    order = placedOrder({ status })
    expect(await cancelOrder(ports, ORDER_ID, 'r')).toEqual({ ok: false, refusal: { reason: 'too-late-to-cancel', status } })
  })

  it('ends an order whose store has refused it and whose person has not decided', async () => {
    order = placedOrder({ assignments: placedOrder().assignments.map((each) => ({ ...each, state: 'rejected' })) })
    expect(await cancelOrder(ports, ORDER_ID, 'r')).toMatchObject({ ok: true, value: { done: true, order: { status: 'cancelled' } } })
  })
})

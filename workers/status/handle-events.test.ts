import { beforeEach, expect, it } from 'vitest'
import type { StoreEvent } from '../../contract/events.ts'
import type { Letter } from '../dead-letters/port.ts'
import type { CounterCommand } from '../inventory/port.ts'
import type { OrderRecord } from '../orders/port.ts'
import { ASSIGNMENT_ID, placedOrder } from '../orders/test-orders.ts'
import type { OrderMessage, StoreEventsMessage } from '../queue-messages.ts'
import { handleStatusEvents } from './handle-events.ts'

let order: OrderRecord | null
let did: string[]
let applied: CounterCommand[]
let letters: Letter[]
let sent: OrderMessage[]
let sentBack: StoreEventsMessage[]
let fault: string | null
let lines: Record<string, string | number>[]

beforeEach(() => {
  order = placedOrder()
  did = []
  applied = []
  letters = []
  sent = []
  sentBack = []
  fault = null
  lines = []
})

const failOn = (place: string): void => {
  if (fault === place) throw new Error(`${place} is away`)
}
const ports = {
  orders: {
    find: async () => order,
    update: async (changed: OrderRecord, expected: number) => {
      failOn('D1')
      did.push('D1')
      if (order?.version !== expected) return false
      order = changed
      return true
    },
  },
  inventory: { apply: async (commands: CounterCommand[]) => {
    failOn('counters')
    did.push('counters')
    applied.push(...commands)
    return commands.map(() => 'applied' as const)
  }, setStop: async () => undefined },
  stops: { set: async () => undefined, standing: async () => null },
  links: { link: () => ({ progress: async (_: string, progress: string) => void did.push(`link ${progress}`), undo: async () => void did.push('link undo') }) },
  sales: { record: async () => {
    failOn('sales')
    did.push('sale')
    return true
  } },
  deadLetters: { file: async (filed: Letter[]) => void letters.push(...filed), find: async () => null },
  queues: { orders: async (messages: OrderMessage[]) => void sent.push(...messages), status: async (batch: StoreEventsMessage) => void sentBack.push(batch) },
  clock: () => 5000,
  log: (event: string, fields: Record<string, string | number>) => void lines.push({ event, ...fields }),
}
const occurredAt = '2026-11-24T10:00:00Z'
const accepted = (seq: number): StoreEvent => ({
  seq, type: 'order.accepted', occurredAt, data: { assignmentId: ASSIGNMENT_ID, posReference: 'T-1', stockFell: true, lines: [], levels: [{ sku: 'A', onHand: 5 }] },
})
const sale = (seq: number): StoreEvent => ({ seq, type: 'sale.recorded', occurredAt, data: { saleId: `s${seq}`, kind: 'sale', lines: [], total: { amountMinor: 1, currency: 'USD' } } })
const handle = (...events: StoreEvent[]) => handleStatusEvents({ storeId: 'main', epoch: 1, requestId: 'r', events }, ports)

it('applies an outcome to the counters first, then to D1, then tells the link', async () => {
  expect(await handle(accepted(4))).toBe('applied')
  expect(did).toEqual(['counters', 'D1', 'link outcome'])
  expect(order?.status).toBe('accepted')
})

it('tells the link again when an outcome comes again: the first time may have crashed before it did', async () => {
  await handle(accepted(4))
  did.length = 0
  await handle(accepted(4))
  expect(did).toEqual(['counters', 'link outcome'])
})

it('sends one event that fails back alone, and goes on with its neighbours', async () => {
  fault = 'counters'
  expect(await handle(sale(3), accepted(4), sale(5))).toBe('applied')
  expect(did).toEqual(['sale', 'sale'])
  expect(sentBack).toEqual([{ storeId: 'main', epoch: 1, requestId: 'r', events: [accepted(4)] }])
})

it('throws when its only event fails, so that the queue tries it again', async () => {
  fault = 'D1'
  await expect(handle(accepted(4))).rejects.toThrow('D1')
})

it('files what names nothing of this store, but takes its levels: the shelf does not depend on the order', async () => {
  order = null
  expect(await handle(accepted(4))).toBe('superseded')
  expect(applied).toEqual([{ type: 'fell', storeId: 'main', sku: 'A', assignmentId: expect.any(String) as string, position: { epoch: 1, seq: 4 } }, { type: 'level', storeId: 'main', sku: 'A', onHand: 5, epoch: 1, asOf: 4, seq: 4, at: 5000 }])
  expect(letters).toMatchObject([{ reason: 'unmatched', queue: 'events', body: { storeId: 'main', epoch: 1, event: { seq: 4 } } }])
})

it('does not let a store speak for an assignment of another', async () => {
  order = placedOrder({ assignments: placedOrder().assignments.map((each) => ({ ...each, storeId: 'other' })) })
  await handle(accepted(4))
  expect(order.status).toBe('placed')
  expect(letters).toMatchObject([{ reason: 'unmatched' }])
})

it('has a store undo what it accepted after it was given away: the wish stays at the link, and a person hears of it', async () => {
  order = placedOrder({ status: 'cancelled', assignments: placedOrder().assignments.map((each) => ({ ...each, state: 'rejected', position: { epoch: 1, seq: 3 } })) })
  await handle(accepted(9))
  expect(did).toEqual(['counters', 'link undo'])
  expect(sent).toMatchObject([{ kind: 'cancel', assignmentId: ASSIGNMENT_ID }])
  expect(letters).toMatchObject([{ reason: 'needs_person' }])
})

it('says how long it took into the till when it is told so for the first time, and carries the trace that the store sends back', async () => {
  const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'
  const placedAt = Date.parse(occurredAt) - 700
  order = placedOrder({ placedAt })
  await handle({ seq: 3, type: 'order.journaled', occurredAt, data: { assignmentId: ASSIGNMENT_ID }, traceparent })
  await handle({ ...accepted(4), traceparent })
  await handle({ ...accepted(9), traceparent })
  expect(lines.map(({ type, webToTillMs, traceId }) => [type, webToTillMs, traceId])).toEqual([
    ['order.journaled', 700, traceparent.slice(3, 35)], ['order.accepted', 700, traceparent.slice(3, 35)], ['order.accepted', undefined, traceparent.slice(3, 35)],
  ])
})

import { describe, expect, test } from 'vitest'
import { EMPTY_DIGEST, nextDigest } from '../../contract/digest.ts'
import type { Letter } from '../dead-letters/port.ts'
import type { CounterCommand } from '../inventory/port.ts'
import type { Mark, StoreLinkRpc } from './port.ts'
import { takeEvents } from './take-events.ts'
import type { TakeEventsPorts } from './take-events.ts'

const NOW = 1_800_000_000_000
const ASSIGNMENT = 'ord_00000000000000000000000001.1'
const at = '2026-11-24T00:00:00Z'
type Wire = { seq: number; [field: string]: unknown }
const counted = (seq: number, sku = 'A'): Wire => ({ seq, type: 'stock.counted', occurredAt: at, data: { sku, onHand: 10 + seq, asOf: seq - 1 }, fromTheFuture: { b: 1, a: 2 } })
const removed = (seq: number): Wire => ({ seq, type: 'catalog.item_removed', occurredAt: at, data: { sku: 'A' } })
const journaled = (seq: number): Wire => ({ seq, type: 'order.journaled', occurredAt: at, data: { assignmentId: ASSIGNMENT } })
const rejected = (seq: number): Wire =>
  ({ seq, type: 'order.rejected', occurredAt: at, data: { assignmentId: ASSIGNMENT, reason: 'out_of_stock', levels: [{ sku: 'A', onHand: 0 }, { sku: 'C', onHand: 4 }] } })
const digestOf = async (events: readonly Wire[], from = EMPTY_DIGEST) => {
  let digest = from
  for (const event of events) digest = await nextDigest(digest, event)
  return digest
}

/** A small edge: the mark as the link keeps it, and everything that was made durable. `broken` names what fails. */
function edge(mark: Mark = { seq: 0, digest: EMPTY_DIGEST }) {
  const did: { levels: CounterCommand[]; late: unknown[]; catalog: number[][]; status: number[][]; letters: Letter[]; marks: Mark[]; told: unknown[] } =
    { levels: [], late: [], catalog: [], status: [], letters: [], marks: [], told: [] }
  const state = { mark, broken: '', home: true }
  const orThrow = (what: string) => {
    if (state.broken === what) throw new Error(`${what} is away`)
  }
  const link: Pick<StoreLinkRpc, 'admitEvents' | 'markDurable'> = {
    admitEvents: async ({ epoch, afterSeq }) => {
      if (epoch !== 1) return { ok: false, refusal: { reason: 'epoch-forked', epoch: 1 } }
      if (afterSeq > state.mark.seq) return { ok: false, refusal: { reason: 'sequence-gap', expectedSeq: state.mark.seq + 1 } }
      return { ok: true, value: state.mark }
    },
    markDurable: async (_, from, to, told) => {
      did.told.push(told)
      if (from.seq === state.mark.seq && from.digest === state.mark.digest) state.mark = to
      did.marks.push(state.mark)
      return { ok: true, value: state.mark }
    },
  }
  const ports: TakeEventsPorts = {
    clock: () => NOW,
    links: { link: () => link as StoreLinkRpc },
    inventory: {
      applyWhatGoes: async (commands) => {
        if (!state.home) return { failed: commands }
        did.levels.push(...commands)
        return { failed: [] }
      },
    },
    deadLetters: { file: async (letters) => { orThrow('letters'); did.letters.push(...letters) } },
    queues: {
      stock: async ({ levels }) => { orThrow('stock'); did.late.push(...levels) },
      catalog: async ({ events }) => { orThrow('catalog'); did.catalog.push(events.map(({ seq }) => seq)) },
      status: async ({ events }) => { orThrow('status'); did.status.push(events.map(({ seq }) => seq)) },
    },
  }
  const send = (events: readonly Wire[], after: Mark = { seq: 0, digest: EMPTY_DIGEST }, epoch = 1) =>
    takeEvents(ports, { storeId: 'main', requestId: 'r', request: { connectorId: 'till-1', epoch, after, events: [...events] }, events })
  return { state, did, send }
}

test('each event goes its own way, in order, and then all are marked with the digest of what came', async () => {
  const { did, send } = edge()
  const events = [counted(1), removed(2), journaled(3), counted(4, 'B'), removed(5), journaled(6)]
  expect(await send(events)).toEqual({ ok: true, value: { ackedSeq: 6, rejected: [] } })
  expect(did.levels).toEqual([
    { type: 'level', storeId: 'main', sku: 'A', onHand: 11, epoch: 1, asOf: 0, seq: 1, at: NOW },
    { type: 'level', storeId: 'main', sku: 'B', onHand: 14, epoch: 1, asOf: 3, seq: 4, at: NOW },
  ])
  expect(did.catalog).toEqual([[2, 5]])
  expect(did.status).toEqual([[3, 6]])
  expect(did.marks).toEqual([{ seq: 6, digest: await digestOf(events) }])
})

test('levels inside order events go to the counters with the counted ones, as read after their event', async () => {
  const { did, send } = edge()
  await send([counted(1), rejected(2), counted(3, 'C')])
  expect(did.levels).toEqual([
    { type: 'level', storeId: 'main', sku: 'A', onHand: 11, epoch: 1, asOf: 0, seq: 1, at: NOW },
    { type: 'level', storeId: 'main', sku: 'A', onHand: 0, epoch: 1, asOf: 2, seq: 2, at: NOW },
    { type: 'level', storeId: 'main', sku: 'C', onHand: 4, epoch: 1, asOf: 2, seq: 2, at: NOW },
    { type: 'level', storeId: 'main', sku: 'C', onHand: 13, epoch: 1, asOf: 2, seq: 3, at: NOW },
  ])
  expect(did.status).toEqual([[2]])
})

test('the link hears with the mark which assignments were spoken of, each once', async () => {
  const { did, send } = edge()
  await send([journaled(1), removed(2), rejected(3)])
  expect(did.told).toEqual([{ assignmentIds: [ASSIGNMENT], at: NOW }])
})

test('levels whose home is away take the way through the queue', async () => {
  const { did, state, send } = edge()
  state.home = false
  expect(await send([counted(1), rejected(2)])).toMatchObject({ value: { ackedSeq: 2 } })
  expect(did.late).toMatchObject([{ sku: 'A', seq: 1 }, { sku: 'A', seq: 2 }, { sku: 'C', seq: 2 }])
})

test('the status queue gets nothing before the rest is durable: what it applies must find the mark moved', async () => {
  const { did, state, send } = edge()
  state.broken = 'catalog'
  await expect(send([removed(1), journaled(2)])).rejects.toThrow('catalog is away')
  expect(did.status).toEqual([])
})

test.each(['catalog', 'status', 'letters', 'stock'])('when %s is away nothing is marked, and the same call again is taken', async (broken) => {
  const { did, state, send } = edge()
  state.broken = broken
  state.home = broken !== 'stock'
  const events = [counted(1), removed(2), journaled(3), { seq: 4, type: 'nonsense' }]
  await expect(send(events)).rejects.toThrow(`${broken} is away`)
  expect(did.marks).toEqual([])
  state.broken = ''
  expect(await send(events)).toMatchObject({ value: { ackedSeq: 4 } })
})

test('a bad event is filed and told, and takes no neighbour along', async () => {
  const { did, send } = edge()
  const bad = { ...counted(2), data: { sku: 'SECRET SKU', onHand: 1.5, asOf: 0 } }
  const unknown = { seq: 3, type: 'weather.changed', occurredAt: at, data: {} }
  const taken = await send([counted(1), bad, unknown, counted(4)])
  expect(taken).toMatchObject({ ok: true, value: { ackedSeq: 4, rejected: [{ seq: 2, code: 'malformed' }, { seq: 3, code: 'unknown_type' }] } })
  expect(JSON.stringify(taken)).toContain('/data/onHand')
  expect(JSON.stringify(taken)).not.toContain('SECRET')
  expect(did.levels.map((command) => command.sku)).toEqual(['A', 'A'])
  expect(did.letters).toMatchObject([
    { queue: 'events', reason: 'malformed', storeId: 'main', body: { storeId: 'main', epoch: 1, event: bad }, filedAt: NOW },
    { queue: 'events', reason: 'unknown_type', body: { event: unknown } },
  ])
  for (const { letterId } of did.letters) expect(letterId).toMatch(/^evt_[0-9a-f]{32}$/)
})

test.each([
  ['that claims to be read after its own seq', { ...counted(1), data: { sku: 'A', onHand: 1, asOf: 2 } }],
  ['without a type', { seq: 1 }],
  ['of a type that every object has', { seq: 1, type: 'toString', occurredAt: at, data: {} }],
])('an event %s is rejected', async (_, event) => {
  expect(await edge().send([event])).toMatchObject({ value: { ackedSeq: 1, rejected: [{ seq: 1 }] } })
})

test('an event too big for any queue blocks nothing', async () => {
  const line = { sku: '\u{1F34E}'.repeat(64), quantity: 1, unitPrice: { amountMinor: 1, currency: 'USD' }, lineTotal: { amountMinor: 1, currency: 'USD' } }
  const sale = { seq: 1, type: 'sale.recorded', occurredAt: at, data: { saleId: '1', kind: 'sale', lines: Array.from({ length: 400 }, () => line), total: line.lineTotal } }
  expect(await edge().send([sale, counted(2)])).toMatchObject({ value: { ackedSeq: 2, rejected: [{ seq: 1, code: 'malformed' }] } })
})

describe('what was sent before', () => {
  const first = [counted(1), removed(2), journaled(3)]

  test('is known when it comes again, and only what is new is done', async () => {
    const { did, send } = edge({ seq: 3, digest: await digestOf(first) })
    expect(await send([...first, counted(4)])).toEqual({ ok: true, value: { ackedSeq: 4, rejected: [] } })
    expect([did.levels.length, did.catalog, did.status]).toEqual([1, [], []])
    expect(did.marks).toEqual([{ seq: 4, digest: await digestOf([...first, counted(4)]) }])
  })

  test('is answered with the mark when nothing is new', async () => {
    const mark = { seq: 3, digest: await digestOf(first) }
    const { did, send } = edge(mark)
    for (const events of [[], first.slice(0, 1), first]) expect(await send(events)).toEqual({ ok: true, value: { ackedSeq: 3, rejected: [] } })
    expect(await send([], mark)).toMatchObject({ value: { ackedSeq: 3 } })
    expect(did.marks).toEqual([])
  })

  test('must be the same: another history is a fork, wherever it shows', async () => {
    const { did, send } = edge({ seq: 3, digest: await digestOf(first) })
    const forked = { ok: false, refusal: { reason: 'epoch-forked', epoch: 1 } }
    expect(await send([...first.slice(0, 2), journaled(3), counted(4)].map((event) => ({ ...event, more: 1 })))).toEqual(forked)
    expect(await send([counted(4)], { seq: 3, digest: EMPTY_DIGEST })).toEqual(forked)
    expect(await send([], { seq: 3, digest: EMPTY_DIGEST })).toEqual(forked)
    expect(did.levels).toEqual([])
  })

  test('leaves no gap, and belongs to this epoch', async () => {
    const { send } = edge({ seq: 3, digest: await digestOf(first) })
    expect(await send([counted(6)], { seq: 5, digest: EMPTY_DIGEST })).toEqual({ ok: false, refusal: { reason: 'sequence-gap', expectedSeq: 4 } })
    expect(await send([counted(4)], { seq: 3, digest: EMPTY_DIGEST }, 2)).toMatchObject({ refusal: { reason: 'epoch-forked' } })
  })
})

test.each([[[counted(2)], 0], [[counted(1), counted(3)], 1], [[counted(1), counted(1)], 1]])('seqs that do not rise by one are refused', async (events, place) => {
  expect(await edge().send(events)).toMatchObject({ ok: false, refusal: { reason: 'invalid-request', path: `/events/${place}/seq` } })
})

test('a number that JSON cannot hold is refused, not a crash', async () => {
  expect(await edge().send([{ ...counted(1), far: JSON.parse('1e999') }])).toMatchObject({ ok: false, refusal: { reason: 'invalid-request', path: '/events/0' } })
})

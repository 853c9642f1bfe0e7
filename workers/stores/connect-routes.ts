import { Hono } from 'hono'
import type { Context } from 'hono'
import { fromInstant, toInstant } from '../../contract/clock.ts'
import { EpochRequest, EventsRequest, HeartbeatRequest, PairRequest } from '../../contract/connect.ts'
import type { EpochAnswer, HeartbeatAnswer, PairAnswer, PendingAnswer, StateAnswer } from '../../contract/connect.ts'
import { EVENTS_BODY_BYTES_MAX, PENDING_MAX } from '../../contract/limits.ts'
import { SIGNING_HEADERS } from '../../contract/signing.ts'
import { z } from 'zod'
import { hearAgeing } from '../ageing/hear-ageing.ts'
import { hearFeed } from '../feeds/hear-feed.ts'
import { body } from '../gateway/body.ts'
import type { AppEnv } from '../gateway/context.ts'
import { faultName, log } from '../log.ts'
import { Cursor, encodeCursor, notACursor } from '../gateway/paging.ts'
import { invalidField, problem } from '../gateway/problem.ts'
import { query } from '../gateway/query.ts'
import { hashPairingCode } from './pairing-code.ts'
import type { LinkRefusal, Store } from './port.ts'
import { readState } from './read-state.ts'
import { signedGet, signedJson } from './signed-routes.ts'
import { takeEvents } from './take-events.ts'

/** Pair, epochs, heartbeat: some hundred bytes each. */
const SMALL_BODY_BYTES_MAX = 8_000

/** The Connect API (api.md 2), mounted at `/connect/v1/stores/:storeId`. */
export const connect = new Hono<AppEnv>()

/** Unsigned. An unknown store and a wrong code get the same answer. */
connect.post('/pair', body(PairRequest, SMALL_BODY_BYTES_MAX), async (c) => {
  const { stores, clock } = c.var.ports
  const storeId = c.req.param('storeId') ?? ''
  const spent = await stores.spendPairingCode(storeId, await hashPairingCode(storeId, c.req.valid('json').parsed.code), clock())
  const secret = spent ? (await stores.find(storeId))?.secrets[0] : undefined
  log('store.pair', { storeId, paired: secret !== undefined, requestId: c.var.requestId })
  if (secret === undefined) return problem(c, 'pairing-code-spent', 'Ask the operator for another code.')
  return c.json({ secret } satisfies z.infer<typeof PairAnswer>, 200, { 'Cache-Control': 'no-store' })
})

/** What a replayed call has in common with itself: id and timestamp, both signed. */
const callIdOf = (c: Context<AppEnv>): string => `${c.req.header(SIGNING_HEADERS.id)}.${c.req.header(SIGNING_HEADERS.timestamp)}`

connect.post('/epochs', signedJson(EpochRequest, SMALL_BODY_BYTES_MAX), async (c) => {
  const { store, parsed } = c.req.valid('json')
  const { links, clock } = c.var.ports
  const taken = await links.link(store.storeId).takeEpoch(parsed.connectorId, clock(), callIdOf(c))
  log('store.epoch', { storeId: store.storeId, outcome: taken.ok ? 'taken' : taken.refusal.reason, epoch: taken.ok ? taken.value.epoch : null, requestId: c.var.requestId })
  if (!taken.ok) return refuse(c, taken.refusal)
  await dispatch(c, store, taken.value.dispatch)
  return c.json({ epoch: taken.value.epoch } satisfies z.infer<typeof EpochAnswer>)
})

connect.post('/events', signedJson(EventsRequest, EVENTS_BODY_BYTES_MAX), async (c) => {
  const { store: { storeId }, parsed: request, raw } = c.req.valid('json')
  const { requestId, ports } = c.var
  let taken
  try {
    taken = await takeEvents(ports, { storeId, requestId, request, events: eventsAsReceived(raw) })
  } catch (error) {
    log('events.fault', { storeId, epoch: request.epoch, afterSeq: request.after.seq, requestId, error: faultName(error) })
    return problem(c, 'try-again', 'Not everything could be made durable; nothing is acknowledged. Send the same again.')
  }
  if (taken.ok) {
    if (taken.value.rejected.length > 0) log('events.rejected', { storeId, epoch: request.epoch, events: taken.value.rejected.length, requestId })
    const levels = request.events.filter(({ type }) => type === 'stock.counted')
    // By the store's clock, which follows the edge's; the oldest of the call, for all of them.
    const countedAt = Math.min(...levels.map(({ occurredAt }) => (typeof occurredAt === 'string' ? fromInstant(occurredAt) : NaN)))
    if (Number.isFinite(countedAt)) ports.metrics.timing('till_to_web', ports.clock() - countedAt, { store: storeId }, levels.length)
    return c.json(taken.value, 202)
  }
  const { refusal } = taken
  log('events.refused', { storeId, epoch: request.epoch, afterSeq: request.after.seq, reason: refusal.reason, requestId })
  return refusal.reason === 'invalid-request' ? invalidField(c, refusal.path, refusal.message) : refuse(c, refusal)
})

connect.post('/heartbeat', signedJson(HeartbeatRequest, SMALL_BODY_BYTES_MAX), async (c) => {
  const { store, parsed: beat } = c.req.valid('json')
  const { links, clock } = c.var.ports
  const heard = await links.link(store.storeId).heartbeat(beat, clock())
  if (!heard.ok) {
    log('heartbeat.refused', { storeId: store.storeId, reason: heard.refusal.reason, requestId: c.var.requestId })
    return refuse(c, heard.refusal)
  }
  const { dispatch: waiting, requests, ...answer } = heard.value
  await dispatch(c, store, waiting)
  const decided = await feedWords(c, store.storeId, beat)
  await noteAgeing(c, store.storeId, beat)
  return c.json({ serverTime: toInstant(clock()), ...answer, requests: [...requests, ...decided] } satisfies HeartbeatAnswer)
})

connect.get('/orders/pending', signedGet, async (c) => {
  const { storeId } = c.req.valid('header').store
  const { links, orders, clock } = c.var.ports
  const { assignments, cancels } = await links.link(storeId).pull(PENDING_MAX, clock())
  const answer: z.infer<typeof PendingAnswer> = {
    assignments: assignments.length > 0 ? await orders.assignments(storeId, assignments) : [],
    cancels: cancels.map((assignmentId) => ({ assignmentId })),
  }
  return c.json(answer, 200, { 'Cache-Control': 'no-store' })
})

connect.get('/state', signedGet, query(z.object({ cursor: Cursor })), async (c) => {
  const page = await readState(c.var.ports, c.req.valid('header').store.storeId, c.req.valid('query').cursor)
  if (!page) return notACursor(c)
  const answer: z.infer<typeof StateAnswer> = { items: page.items, nextCursor: page.nextPlace === null ? null : encodeCursor(page.nextPlace) }
  return c.json(answer, 200, { 'Cache-Control': 'no-store' })
})

function refuse(c: Context<AppEnv>, refusal: LinkRefusal): Response {
  switch (refusal.reason) {
    case 'store-held-by':
      return problem(c, 'store-held-by', 'One connector serves a store. Stop the other one, or wait until it has been silent for half a minute.', { connectorId: refusal.connectorId })
    case 'epoch-forked':
      return problem(c, 'epoch-forked', 'Take a new epoch and tell again what was not acknowledged.', { epoch: refusal.epoch })
    case 'sequence-gap':
      return problem(c, 'sequence-gap', 'Send from expectedSeq on.', { expectedSeq: refusal.expectedSeq })
  }
}

/** A sign of life counts whether or not its feed can be noted: the next one says the same again. */
async function feedWords(c: Context<AppEnv>, storeId: string, beat: HeartbeatRequest): Promise<string[]> {
  try {
    return await hearFeed(c.var.ports, storeId, beat)
  } catch (error) {
    log('feed.not_noted', { storeId, requestId: c.var.requestId, error: faultName(error) })
    return []
  }
}

/** As with the feed. */
async function noteAgeing(c: Context<AppEnv>, storeId: string, beat: HeartbeatRequest): Promise<void> {
  try {
    await hearAgeing(c.var.ports, storeId, beat.ageing)
  } catch (error) {
    log('ageing.not_noted', { storeId, requestId: c.var.requestId, error: faultName(error) })
  }
}

/** What waited goes to the queue again. A send that fails costs only time: the link repeats it, and so does the sweep. */
async function dispatch(c: Context<AppEnv>, store: Store, assignmentIds: readonly string[]): Promise<void> {
  // A store that only pulls is told by `pending` and needs no queue.
  if (assignmentIds.length === 0 || store.transport.kind === 'pull') return
  const { requestId, ports } = c.var
  try {
    await ports.queues.orders(assignmentIds.map((assignmentId) =>
      ({ kind: 'deliver', orderId: assignmentId.slice(0, assignmentId.lastIndexOf('.')), assignmentId, storeId: store.storeId, requestId })))
    log('store.dispatched', { storeId: store.storeId, assignments: assignmentIds.length, requestId })
  } catch (error) {
    log('store.dispatch_failed', { storeId: store.storeId, assignments: assignmentIds.length, requestId, error: faultName(error) })
  }
}

/** The shape is checked already; this is the same list before the schema dropped or filled anything. */
function eventsAsReceived(raw: unknown): unknown[] {
  return typeof raw === 'object' && raw !== null && 'events' in raw && Array.isArray(raw.events) ? raw.events : []
}

import { sha256Hex } from '../../contract/canonical.ts'
import type { Clock } from '../../contract/clock.ts'
import type { EventsAnswer, EventsRequest } from '../../contract/connect.ts'
import { nextDigest } from '../../contract/digest.ts'
import { isEventType, StoreEvent } from '../../contract/events.ts'
import type { OrderEvent } from '../../contract/events.ts'
import { fieldErrors } from '../../contract/problem.ts'
import { ok, refused } from '../../contract/result.ts'
import type { Result } from '../../contract/result.ts'
import type { DeadLetters, Letter } from '../dead-letters/port.ts'
import type { Inventory, LevelCommand } from '../inventory/port.ts'
import type { Queues } from '../queues.ts'
import type { LinkRefusal, Mark, StoreLinks } from './port.ts'

/** One event must fit a queue message (128 KB) with its envelope. A receipt of 500 lines is 75 kB. */
const EVENT_BYTES_MAX = 100_000
/** Enough of what is wrong to mend it. */
const DETAILS_MAX = 3
const LETTER_HASH_LENGTH = 32

export type TakeEventsPorts = {
  clock: Clock
  links: Pick<StoreLinks, 'link'>
  inventory: Pick<Inventory, 'applyWhatGoes'>
  deadLetters: Pick<DeadLetters, 'file'>
  queues: Pick<Queues, 'stock' | 'catalog' | 'status'>
}
/** `events` as they came over the wire, unknown fields included: the digest is over them. */
export type TakeEventsCall = { storeId: string; requestId: string; request: EventsRequest; events: readonly unknown[] }
export type TakeEventsRefusal = LinkRefusal | { reason: 'invalid-request'; path: string; message: string }

/**
 * Takes a store's events: 202 means that every one is durable (rules.md 1). Throws when something could not be made durable;
 * then nothing is marked, and the same call again changes nothing twice.
 */
export async function takeEvents(ports: TakeEventsPorts, call: TakeEventsCall): Promise<Result<EventsAnswer, TakeEventsRefusal>> {
  const { connectorId, epoch, after, events } = call.request
  const astray = events.findIndex(({ seq }, place) => seq !== after.seq + 1 + place)
  if (astray !== -1) return refused({ reason: 'invalid-request', path: `/events/${astray}/seq`, message: 'expected each seq to be one more than the one before, from after.seq' })

  const link = ports.links.link(call.storeId)
  const now = ports.clock()
  const admitted = await link.admitEvents({ connectorId, epoch, afterSeq: after.seq }, now)
  if (!admitted.ok) return admitted
  const mark = admitted.value
  const followed = await follow(after, mark, call.events)
  if (!followed.ok) return refused(followed.refusal === 'forked' ? { reason: 'epoch-forked', epoch } : followed.refusal)
  const to = followed.value
  if (to.seq <= mark.seq) return ok({ ackedSeq: mark.seq, rejected: [] })

  const read = call.events.slice(mark.seq - after.seq).map((event, place) => readEvent(event, mark.seq + 1 + place))
  const rejected = read.flatMap((each) => (each.ok ? [] : [each.refusal]))
  await makeDurable(ports, call, read, now)
  const marked = await link.markDurable(epoch, mark, to, { assignmentIds: assignmentsOf(read), at: now })
  if (!marked.ok) return marked
  return ok({ ackedSeq: marked.value.seq, rejected: rejected.map(({ seq, code, detail }) => ({ seq, code, detail })) })
}

/** Where the numbering stands after the call, if what it repeats is what we know. Calls are in order, so a call wholly below the mark has nothing to compare. */
async function follow(after: Mark, mark: Mark, events: readonly unknown[]): Promise<Result<Mark, 'forked' | { reason: 'invalid-request'; path: string; message: string }>> {
  let { seq, digest } = after
  if (seq === mark.seq && digest !== mark.digest) return refused('forked')
  for (const [place, event] of events.entries()) {
    try {
      digest = await nextDigest(digest, event)
    } catch {
      return refused({ reason: 'invalid-request', path: `/events/${place}`, message: 'expected what RFC 8785 can write: finite numbers and whole characters' })
    }
    seq += 1
    if (seq === mark.seq && digest !== mark.digest) return refused('forked')
  }
  return ok({ seq, digest })
}

type Rejected = { seq: number; code: 'malformed' | 'unknown_type'; detail: string; event: unknown }
type ReadEvent = Result<StoreEvent, Rejected>

/** Each event by itself: one that is wrong takes no neighbour along. Details name places, never values. */
export function readEvent(event: unknown, seq: number): ReadEvent {
  const reject = (code: Rejected['code'], detail: string): ReadEvent => refused({ seq, code, detail, event })
  const type = typeof event === 'object' && event !== null && 'type' in event ? event.type : undefined
  if (typeof type === 'string' && !isEventType(type)) return reject('unknown_type', '/type: this edge does not know events of this type')
  const parsed = StoreEvent.safeParse(event)
  if (!parsed.success) {
    return reject('malformed', fieldErrors(parsed.error).slice(0, DETAILS_MAX).map(({ path, message }) => `${path || '/'}: ${message}`).join('; '))
  }
  // A level claims to be read after that seq was given, and none after the event's own has been given (rules.md 3).
  if (parsed.data.type === 'stock.counted' && parsed.data.data.asOf > seq) return reject('malformed', '/data/asOf: expected no seq after the event\'s own')
  if (new TextEncoder().encode(JSON.stringify(parsed.data)).length > EVENT_BYTES_MAX) return reject('malformed', `/: expected at most ${EVENT_BYTES_MAX} bytes`)
  return ok(parsed.data)
}

const isOrderEvent = (event: StoreEvent): event is OrderEvent => event.type.startsWith('order.')

/** Whom the link must ask again if what goes to the status queue now is lost there. Each once. */
function assignmentsOf(read: readonly ReadEvent[]): string[] {
  return [...new Set(read.flatMap((each) => (each.ok && isOrderEvent(each.value) ? [each.value.data.assignmentId] : [])))]
}

/**
 * Everything at once; waits for all before it throws, so that nothing runs on behind the answer. The status queue is last: its
 * consumer tells the link what it has applied, and that should not overtake the mark that says it is owed.
 */
async function makeDurable(ports: TakeEventsPorts, call: TakeEventsCall, read: readonly ReadEvent[], now: number): Promise<void> {
  const { storeId, requestId, request: { epoch } } = call
  const events = read.flatMap((each) => (each.ok ? [each.value] : []))
  const levels = events.flatMap((event) => levelsOf(event, storeId, epoch, now))
  const catalog = events.filter(({ type }) => type.startsWith('catalog.'))
  const status = events.filter((event) => isOrderEvent(event) || event.type === 'sale.recorded' || event.type.startsWith('selling.'))
  const rejected = read.flatMap((each) => (each.ok ? [] : [each.refusal]))

  const done = await Promise.allSettled([
    levels.length > 0 && applyLevels(ports, levels, requestId),
    catalog.length > 0 && ports.queues.catalog({ storeId, epoch, events: catalog, requestId }),
    rejected.length > 0 && fileLetters(ports, call, rejected, now),
  ])
  for (const each of done) if (each.status === 'rejected') throw each.reason
  if (status.length > 0) await ports.queues.status({ storeId, epoch, events: status, requestId })
}

/** Levels inside order events were read back after their event's seq was given. The status consumer applies them again, which changes nothing. */
function levelsOf(event: StoreEvent, storeId: string, epoch: number, now: number): LevelCommand[] {
  const { seq } = event
  if (event.type === 'stock.counted') return [{ type: 'level', storeId, sku: event.data.sku, onHand: event.data.onHand, epoch, asOf: event.data.asOf, seq, at: now }]
  if (!isOrderEvent(event) || !('levels' in event.data)) return []
  return (event.data.levels ?? []).map(({ sku, onHand }) => ({ type: 'level', storeId, sku, onHand, epoch, asOf: seq, seq, at: now }))
}

/** Straight to the counters; only what failed there takes the way through the queue. */
async function applyLevels(ports: TakeEventsPorts, levels: LevelCommand[], requestId: string): Promise<void> {
  const { failed } = await ports.inventory.applyWhatGoes(levels)
  const late = failed.filter((command): command is LevelCommand => command.type === 'level')
  if (late.length > 0) await ports.queues.stock({ levels: late, requestId })
}

async function fileLetters(ports: TakeEventsPorts, { storeId, request: { epoch } }: TakeEventsCall, rejected: readonly Rejected[], now: number): Promise<void> {
  const letters = await Promise.all(rejected.map(async ({ seq, code, detail, event }): Promise<Letter> => ({
    letterId: `evt_${(await sha256Hex(`${storeId}.${epoch}.${seq}`)).slice(0, LETTER_HASH_LENGTH)}`,
    queue: 'events',
    reason: code,
    storeId,
    body: { storeId, epoch, event },
    attempts: 1,
    lastError: detail,
    filedAt: now,
  })))
  await ports.deadLetters.file(letters)
}

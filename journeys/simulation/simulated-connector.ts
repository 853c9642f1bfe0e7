import { pino } from 'pino'
import type { Assignment } from '../../contract/assignment.ts'
import { toInstant } from '../../contract/clock.ts'
import { captureChanges } from '../../connector/capture/capture.ts'
import { createFeed, decideFeed } from '../../connector/capture/feed.ts'
import { FEED_LIMITS } from '../../connector/capture/judge-feed.ts'
import { lookForOrders } from '../../connector/capture/lost-orders.ts'
import { reconcile } from '../../connector/capture/reconcile.ts'
import type { Shop } from '../../connector/delivery/accept-order.ts'
import { askedAgain, receiveOrder } from '../../connector/delivery/receive-order.ts'
import { requestCancel } from '../../connector/delivery/request-cancel.ts'
import { createWriter } from '../../connector/delivery/writer.ts'
import { createEdgeClock } from '../../connector/edge/edge-clock.ts'
import { EdgeUnreachable } from '../../connector/edge/edge-client.ts'
import type { Edge, EdgeRefusal } from '../../connector/edge/edge-client.ts'
import { createHeartbeat } from '../../connector/edge/heartbeat.ts'
import { watchLease } from '../../connector/edge/lease.ts'
import { createPull } from '../../connector/edge/pull.ts'
import { createSender } from '../../connector/edge/sender.ts'
import { createStanding } from '../../connector/edge/standing.ts'
import { FIRST_EPOCH, openJournal } from '../../connector/journal/journal.ts'
import { levelsOf } from '../../connector/journal/outgoing-event.ts'
import type { NumberedEvent } from '../../connector/journal/outgoing-event.ts'
import { createTurn } from '../../connector/turn.ts'
import type { SimulatedEdge, World } from './simulated-edge.ts'
import type { SimulatedTill } from './simulated-till.ts'
import type { Actor } from './stage.ts'

const silent = pino({ level: 'silent' })
export const STEPS_OF_A_CONNECTOR = ['sender', 'heartbeat', 'pull', 'writer', 'capture', 'reconcile', 'look for orders'] as const
export type ConnectorStep = (typeof STEPS_OF_A_CONNECTOR)[number]

/** An hourly comparison is a matter of course, so nothing may depend on its never coming. */
const RECONCILE_EVERY_MS = 60 * 60_000

/** Shops here are small: one of three goods sold out is a bulk. */
const QUARANTINE_FROM = 1

export type Life = { storeId: string; connectorId: string; file: string; name: string; till: SimulatedTill; lineUp: () => boolean; onLevel(epoch: number, seq: number, sku: string, readAt: number): void }

/** One life of one connector process: its real parts over a journal on disk, until it is killed. */
export function startConnector(world: World, edge: () => SimulatedEdge, life: Life) {
  const { stage, random, faults, now } = world
  const { storeId } = life
  const actor = stage.actor(life.name)
  const journal = openJournal({ file: life.file, storeId, connectorId: life.connectorId })
  // This machine's own clock may say anything; what it learns from the edge is what counts.
  const skewMs = faults.strikes('clock skewed', 0.3) ? random.int(2 * 3_600_000) - 3_600_000 : 0
  const wall = (): number => now() + skewMs
  const clock = createEdgeClock(wall, now)
  const { edge: line, isHeld } = watchLease(lineOf(world, edge, life, actor, clock.learn), now, wall)
  const { pos, readAt } = life.till.reach(actor)
  const shop: Shop = { journal, pos, turn: createTurn(), now: clock.now, holdsStore: isHeld }
  let numbered = journal.outbox.lastSeq()
  let numberedIn = journal.meta.number('epoch')
  journal.onAppend(() => {
    if (journal.meta.number('epoch') !== numberedIn) numbered = 0
    numberedIn = journal.meta.number('epoch')
    for (const text of journal.outbox.next(Number.MAX_SAFE_INTEGER, Number.POSITIVE_INFINITY).events) {
      const event = JSON.parse(text) as NumberedEvent
      if (event.seq <= numbered) continue
      const levels = event.type === 'stock.counted' ? [event.data] : levelsOf(event)
      for (const { sku } of levels) life.onLevel(journal.meta.number('epoch') ?? FIRST_EPOCH, event.seq, sku, readAt(sku))
    }
    numbered = journal.outbox.lastSeq()
  })
  const feed = createFeed({ ...FEED_LIMITS, minimum: QUARANTINE_FROM }, ({ kind }) => { if (kind === 'quarantined') faults.note('feed held') })
  const standing = createStanding(journal, clock.now)
  const zero = () => 0
  let held = false
  const onHeld = (): void => {
    standing.held(null)
    held = true
  }
  const writer = createWriter(shop, silent, zero, now)
  const sender = createSender(shop, line, silent, { onHeld, onEpoch: () => standing.confirmed(), onSent: () => standing.confirmed() }, zero)
  const receive = (assignment: Assignment) => receiveOrder(journal, assignment, clock.now())
  const cancel = (assignmentId: string) => requestCancel(journal, assignmentId, clock.now())
  const pull = createPull({
    edge: line, log: silent, everyMs: 5000, storeId, cancel, mayPull: standing.mayPull, told: async () => true,
    receive: (assignment) => receive(assignment).kind === 'journaled',
  })
  const heartbeat = createHeartbeat({
    journal, edge: line, log: silent, version: 'simulated', everyMs: 10_000, wall, posReachable: () => true, onHeld, onForked: sender.wantEpoch,
    onAnswer(answer) {
      standing.answered()
      for (const assignmentId of answer.askAgain) askedAgain(journal, assignmentId, clock.now())
      const held = journal.held.quarantine()
      if (held) decideFeed(shop, feed, random.chance(0.3) ? 'refuse' : 'approve', held.id).catch(() => undefined)
      if (answer.requests.includes('reconcile')) journal.meta.set('reconcileWanted', '1')
    },
  })
  const never = new AbortController().signal
  let comparedAt = now()
  const compare = async (): Promise<void> => {
    if (journal.meta.number('epoch') === null || journal.meta.get('epochWanted') !== null) return
    if (journal.meta.get('synced') !== null && journal.meta.get('reconcileWanted') === null && now() - comparedAt < RECONCILE_EVERY_MS) return
    await reconcile(shop, line, () => undefined, feed)
    comparedAt = now()
  }
  const work: Record<ConnectorStep, () => Promise<unknown>> = {
    sender: () => sender.once(),
    heartbeat: () => heartbeat.once(),
    pull: async () => standing.mayPull() && pull.once(never),
    writer: () => writer.once(never),
    capture: async () => journal.meta.get('synced') !== null && captureChanges(shop, feed),
    reconcile: compare,
    // The tills here lose nothing, so an order that is told as lost is a mistake of the look.
    'look for orders': () => lookForOrders(shop, never, (assignmentId, became) => {
      if (became === 'lost') world.violation('lost', `${assignmentId} was told as lost, and the till has it ${life.till.orders.get(assignmentId)?.state ?? 'not'}`)
    }),
  }
  return {
    actor, journal, receive, cancel, busy: new Set<ConnectorStep>(), work,
    /** Another connector has the store, so this process is about to end by itself. */
    isHeld: () => held,
  }
}
export type SimulatedConnector = ReturnType<typeof startConnector>

/** The plain HTTPS line from the shop to the edge, with everything that happens to calls and answers. */
function lineOf(world: World, edge: () => SimulatedEdge, { storeId, lineUp }: Life, actor: Actor, learn: (serverMs: number, sentAt: number) => void): Edge {
  const { stage, faults, later, now } = world
  let calls = 0
  const line = async <T>(what: string, send: () => Promise<T>): Promise<T> => {
    const sentAt = now()
    await stage.pass(actor, what)
    if (!lineUp() || faults.strikes('call lost', 0.03)) throw new EdgeUnreachable('the line is down')
    if (faults.strikes('call doubled', 0.03)) void send().catch(() => undefined)
    if (faults.strikes('call late', 0.01)) {
      later(`${actor.name} ${what}, late`, () => void send().catch(() => undefined))
      throw new EdgeUnreachable('the edge does not answer')
    }
    const answer = await send().catch(() => {
      throw new EdgeUnreachable('the edge ended')
    })
    const serverMs = now()
    await stage.pass(actor, `${what} answered`)
    if (!lineUp() || faults.strikes('answer lost', 0.03)) throw new EdgeUnreachable('the line was cut')
    learn(serverMs, sentAt)
    return structuredClone(answer)
  }
  const refusal = ({ reason, ...more }: { reason: string; expectedSeq?: number; connectorId?: string }): { ok: false; refusal: EdgeRefusal } =>
    ({ ok: false, refusal: { status: 409, problem: reason as EdgeRefusal['problem'], retryAfterMs: null, expectedSeq: more.expectedSeq ?? null, holder: more.connectorId ?? null } })
  return {
    async takeEpoch(connectorId) {
      const callId = `${actor.name} ${(calls += 1)}`
      const taken = await line('takes an epoch', () => edge().connect.takeEpoch(storeId, connectorId, callId))
      return taken.ok ? { ok: true, value: { epoch: taken.value.epoch } } : refusal(taken.refusal)
    },
    async sendEvents({ connectorId, epoch, after, events }) {
      const request = { connectorId, epoch, after, events: events.map((event) => JSON.parse(event)) }
      const answer = await line(`sends ${events.length} events`, () => edge().connect.events(storeId, structuredClone(request)))
      return answer.ok ? answer : refusal(answer.refusal)
    },
    async heartbeat(beat) {
      const heard = await line('beats', () => edge().connect.heartbeat(storeId, beat))
      return heard.ok ? { ok: true, value: { serverTime: toInstant(now()), ...heard.value } } : refusal(heard.refusal)
    },
    pending: async () => ({ ok: true, value: await line('pulls', () => edge().connect.pending(storeId)) }),
    state: async (cursor) => ({ ok: true, value: await line('asks the state', () => edge().connect.state(storeId, cursor)) }),
  }
}

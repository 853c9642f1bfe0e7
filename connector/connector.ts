import type { Logger } from 'pino'
import type { Assignment } from '../contract/assignment.ts'
import { systemClock } from '../contract/clock.ts'
import { readFeedWord } from '../contract/feed.ts'
import { createBell } from './bell.ts'
import { createFeed, decideFeed } from './capture/feed.ts'
import { createReconciler } from './capture/reconciler.ts'
import { watchPos } from './capture/watch.ts'
import type { ConnectorConfig } from './config/config.ts'
import { createActivity, liveStatus, type Refused } from './control/activity.ts'
import { startControl } from './control/control-server.ts'
import { createTroubles, type Troubles } from './control/troubles.ts'
import type { Shop } from './delivery/accept-order.ts'
import { giveUp } from './delivery/give-up.ts'
import { refusedHere } from './delivery/refused-here.ts'
import { askedAgain, receiveOrder, traceOf, type Received } from './delivery/receive-order.ts'
import { requestCancel } from './delivery/request-cancel.ts'
import { startServer } from './delivery/server.ts'
import { createWriter } from './delivery/writer.ts'
import { openDesk } from './desk/open-desk.ts'
import { watchAcceptance, whyUnauthorized } from './edge/acceptance.ts'
import { createEdgeClient } from './edge/edge-client.ts'
import { createEdgeClock, systemMonotonic } from './edge/edge-clock.ts'
import { createHeartbeat } from './edge/heartbeat.ts'
import { watchLease } from './edge/lease.ts'
import { createPull } from './edge/pull.ts'
import { PAIR_AGAIN, UPGRADE } from './edge/refusal-words.ts'
import { createSender } from './edge/sender.ts'
import { createStanding } from './edge/standing.ts'
import { watchVersion } from './edge/watch-version.ts'
import { isUnfinished } from './journal/inbox.ts'
import type { Journal } from './journal/journal.ts'
import { fullInWords } from './journal/room.ts'
import { retryRefused } from './journal/read-refused-again.ts'
import { sellingEvent } from './journal/selling-word.ts'
import { keepJournal } from './journal/upkeep.ts'
import { eraseCustomers } from './delivery/erase-customers.ts'
import { createAccess } from './link/access.ts'
import { readTunnelState } from './link/tunnel-state.ts'
import { createFreshness } from './freshness.ts'
import { createMetrics } from './metrics.ts'
import type { Pos } from './pos/port.ts'
import { tellBroken, tellFailure } from './failure.ts'
import { watchReachable } from './pos-reachable.ts'
import { readinessOf, REFUSED_LATELY_MS } from './readiness.ts'
import { createTurn } from './turn.ts'

export type RunningConnector = {
  /** Where the server listens. */
  url: string
  /** Ends when the connector must stop by itself, with the reason. */
  ended: Promise<Ending>
  /** Takes no more work, ends the POS write under way, with `drain` sends what can be sent in a few seconds, closes everything. */
  stop(how: 'drain' | 'at-once'): Promise<void>
}
export type Ending = { why: 'held'; holder: string | null } | { why: 'broken'; error: unknown }

/** Enough to see whether any order goes in. */
const STUCK_MAX = 100
/** Of the orders that ended lately, so many are looked through for those refused by a mistake. */
const REFUSED_LOOKED_AT = 200
/** What is still in the outbox has this long when the connector stops; the rest keeps in the journal. */
const DRAIN_MS = 5000
/** A call that is under way when everything is said. */
const LAST_CALL_MS = 1000
/** Before its state is compared, the edge gets this long to take what it was sent. */
const TOLD_BEFORE_RECONCILE_MS = 10_000
/** Between two pages of pulled work the edge gets this long to hear that the first is journaled. */
const TOLD_BETWEEN_PULLS_MS = 1000

/** Starts every part over one journal and one POS. Throws when the server's address cannot be had. */
export async function startConnector(config: ConnectorConfig, journal: Journal, openedPos: Pos, log: Logger, version: string, troubles: Troubles = createTroubles(systemClock)): Promise<RunningConnector> {
  const startedAt = systemClock()
  const activity = createActivity(systemClock)
  const freshness = createFreshness(systemMonotonic)
  let edgeSeenAt: number | null = null
  const metrics = createMetrics({
    version, pos: openedPos.capabilities.name, journal, freshness, posReachable: () => reachable(), holdsStore: () => isHeld(), clockSkewMs: () => clock.skewMs(),
    edgeSeenAgoMs: () => (edgeSeenAt === null ? null : systemMonotonic() - edgeSeenAt), edgeAnswering: () => activity.facts().edgeAwaySince === null, edgeAccepts: () => refusedSince() === null, now: () => clock.now(), monotonic: systemMonotonic,
  })
  const { pos, reachable } = watchReachable(openedPos, (call) => {
    const heard = [activity.hearPos(call), metrics.hearPos(call)]
    return (ok, answer) => heard.forEach((hear) => hear(ok, answer))
  })
  const clock = createEdgeClock(systemClock)
  const client = createEdgeClient({ url: config.edge.url, storeId: config.store.id, secrets: config.store.secrets, version, clock })
  const { edge: accepting, refusedSince } = watchAcceptance(activity.watchEdge(client), log, systemClock, clock.skewMs)
  const { edge: patient, tooOld } = watchVersion(accepting, log, version, systemClock, systemMonotonic)
  const { edge, isHeld } = watchLease(patient, systemMonotonic, systemClock)
  const refused = (): Refused | null => {
    const since = refusedSince()
    if (since !== null) return { since, why: whyUnauthorized(clock.skewMs()), hint: PAIR_AGAIN, waitsFor: 'the edge to accept this store\'s signature' }
    const old = tooOld()
    return old && { ...old, hint: UPGRADE, waitsFor: 'a newer connector' }
  }
  const posReadable = (): boolean => reachable() && !activity.facts().failing.some(({ part, cause }) => part === 'capture' && cause === 'pos')
  const shop: Shop = { journal, pos, turn: createTurn(), now: clock.now, holdsStore: isHeld }
  const ending = Promise.withResolvers<Ending>()
  const standing = createStanding(journal, systemClock)
  const onHeld = (holder: string | null): void => {
    log.fatal({ event: 'store.held-by', holder, hint: 'another connector serves this store: stop it, or wait until its lease is over' })
    ending.resolve({ why: 'held', holder })
    // Last: a full disk keeps nothing, and must not keep this one from ending.
    standing.held(holder)
  }
  let taking = true

  const feed = createFeed(config.feed, ({ kind, report }) => {
    if (kind === 'quarantined') log.error({ event: 'feed.quarantined', ...report, hint: 'the POS would empty or reprice too much of the shop: the web keeps the last good state until it is normal again or the operator decides' })
    else log.info({ event: `feed.${kind}` })
    heartbeat.wake()
  })
  const writer = createWriter(shop, log)
  const sender = createSender(shop, edge, log, {
    onHeld,
    onEpoch() {
      freshness.renumbered()
      standing.confirmed()
      writer.edgeAnswered()
      heartbeat.wake()
      reconciler.wake()
      pull.set({ often: true, now: true })
    },
    onSent(ackedSeq) {
      standing.confirmed()
      writer.edgeAnswered()
      edgeSeenAt = systemMonotonic()
      freshness.edgeConfirmed(ackedSeq, journal.outbox.lastSeq())
    },
  })
  journal.onAppend(() => sender.wake())
  journal.room.onChange((state, hint) => {
    if (state.kind === 'open') log.info({ event: 'journal.has-room' })
    else log.error({ event: state.kind === 'full' ? 'journal.full' : 'journal.filling', why: state.why, hint })
  })
  journal.onTooLarge((event) => log.error({
    ...event, event: 'event.too-large', hint: 'the edge files this as a dead letter without its content: make the item or the receipt smaller in the POS',
  }))

  const receive = (assignment: Assignment): Received => {
    const received = receiveOrder(journal, assignment, clock.now())
    writer.wake()
    return received
  }
  const cancel = (assignmentId: string) => {
    const outcome = requestCancel(journal, assignmentId, clock.now())
    writer.wake()
    return outcome
  }

  const pull = createPull({
    edge, log, everyMs: config.pull.everyMs, storeId: config.store.id, cancel, mayPull: standing.mayPull,
    receive(assignment) {
      const received = receive(assignment)
      if (received.kind === 'different-body') log.error({ event: 'pull.different-body', assignmentId: assignment.assignmentId, hint: 'the edge offers this order again with another content: the first stands. Tell the operator' })
      else log.info({ event: 'order.pulled', assignmentId: assignment.assignmentId, orderId: assignment.orderId, outcome: received.kind, ...traceOf(assignment) })
      return received.kind === 'journaled'
    },
    told: () => sender.drained(TOLD_BETWEEN_PULLS_MS),
  })
  const reconciler = createReconciler({
    shop, edge, feed, log, monotonic: systemMonotonic,
    everyMs: config.reconcile.everyMinutes === 0 ? null : config.reconcile.everyMinutes * 60_000,
    told: () => sender.drained(TOLD_BEFORE_RECONCILE_MS), onCompared: (error) => activity.hearPart('comparison', error),
  })
  const watchBell = createBell()
  const desk = openDesk({ shop, log, storeId: config.store.id, config: config.desk, posReachable: reachable, wake: { capture: () => watchBell.ring(), writer: () => writer.wake() } })
  const heartbeat = createHeartbeat({
    ageing: desk.ageing, journal, edge, log, version, everyMs: config.heartbeat.everyMs, wall: systemClock, posReachable: posReadable, onHeld, onForked: sender.wantEpoch,
    tunnel: () => readTunnelState(config.tunnel),
    onAnswer(answer) {
      edgeSeenAt = systemMonotonic()
      freshness.edgeConfirmed(answer.ackedSeq, journal.outbox.lastSeq())
      standing.answered()
      writer.edgeAnswered()
      sender.edgeIsBack()
      pull.set({ often: !answer.pushConfirmed, now: answer.pending > 0 })
      const again = answer.askAgain.filter((assignmentId) => askedAgain(journal, assignmentId, clock.now()))
      if (again.length > 0) writer.wake()
      if (answer.requests.includes('reconcile')) reconciler.want()
      if (answer.erase && eraseCustomers(journal, answer.erase, log)) heartbeat.wake()
      for (const { decision, id } of answer.requests.flatMap((word) => readFeedWord(word) ?? [])) {
        decideFeed(shop, feed, decision, id).catch((error: unknown) => tellFailure(log, 'feed.undecided', 'command', error))
      }
    },
  })

  const server = await startServer({
    storeId: config.store.id, secrets: config.store.secrets, clock, log, receive, cancel,
    access: config.server.access && createAccess(config.server.access, { now: clock.now, monotonic: systemMonotonic, log }),
    taking: () => taking,
    desk: desk.fetch,
    readiness: () => readinessOf({
      now: clock.now(), hasEpoch: standing.hasStore(), synced: journal.meta.get('synced') !== null, posReadable: posReadable(),
      journalFull: fullInWords(journal.room.state()), refused: refused(), edgeAwaySince: activity.facts().edgeAwaySince, held: journal.held.quarantine(),
      refusedOrders: journal.inbox.endedSince(clock.now() - REFUSED_LATELY_MS, REFUSED_LOOKED_AT).flatMap((row) => refusedHere(row) ?? []), failing: activity.facts().failing, stuck: journal.inbox.stuck(STUCK_MAX), workedAt: writer.workedAt(),
    }),
    status: () => status(),
    metrics: metrics.text,
  }, config.server)

  const status = () => liveStatus({
    version, url: server.url, startedAt, now: systemClock(), journal, activity, posReachable: reachable(), posSeenAfterMs: openedPos.capabilities.seenAfterMs, holdsStore: isHeld(), clockSkewMs: clock.skewMs(),
    comparing: reconciler.comparing(), comparisons: reconciler.comparisons(), troubles: troubles.list(), fresh: { posMs: freshness.posFreshMs(), edgeMs: freshness.edgeFreshMs() },
    refused: refused(),
  })
  const control = await startControl({
    status,
    reconcile: () => reconciler.want(),
    retryOrder(assignmentId) {
      const row = journal.inbox.get(assignmentId)
      const due = row !== null && (isUnfinished(row) || row.cancel === 'requested' || row.answerAgain)
      if (due) writer.hurry(assignmentId)
      return due
    },
    giveUp: (order) => giveUp(shop, order),
    async retryRefused(key) {
      const retried = await retryRefused(shop, key)
      if (retried.kind === 'compared') reconciler.wake()
      if (retried.kind === 'read') watchBell.ring()
      return retried
    },
    dropRefused: (key) => journal.refused.drop(key),
    async sell(word) {
      const known = (await pos.readLevels([word.sku])).length > 0
      if (known) journal.append([sellingEvent(word, clock.now())])
      return known
    },
  }, config.journal.file)

  const work = new AbortController()
  const talk = new AbortController()
  const guarded = (part: string, run: Promise<void>): Promise<void> => run.catch((error: unknown) => {
    tellBroken(log, part, error)
    ending.resolve({ why: 'broken', error })
  })
  const working = [
    guarded('writer', writer.run(work.signal)),
    guarded('capture', watchPos(shop, feed, log, config.poll.everyMs, work.signal, watchBell, () => {
      const lookedAt = systemMonotonic()
      return () => freshness.posCaughtUp(lookedAt)
    }, (error) => activity.hearPart('capture', error))),
    guarded('reconciler', reconciler.run(work.signal)),
    guarded('pull', pull.run(work.signal)),
    guarded('upkeep', keepJournal({ journal, log, now: systemClock, monotonic: systemMonotonic, keepFinishedDays: config.journal.keepFinishedDays }, work.signal)),
    guarded('desk', desk.run(work.signal)),
  ]
  const talking = [guarded('sender', sender.run(talk.signal)), guarded('heartbeat', heartbeat.run(talk.signal))]

  return {
    url: server.url,
    ended: ending.promise,
    async stop(how) {
      taking = false
      work.abort()
      await control.close()
      await server.close()
      await settledWithin(Promise.all(working), DRAIN_MS)
      sender.edgeIsBack()
      if (how === 'drain') await sender.drained(DRAIN_MS)
      talk.abort()
      await settledWithin(Promise.all(talking), LAST_CALL_MS)
      await pos.close()
      journal.close()
    },
  }
}

/** Ends with the work or with the time: a call to an edge that does not answer must not keep a shutdown. */
async function settledWithin(work: Promise<unknown>, ms: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const timer = setTimeout(resolve, ms)
  await Promise.race([work, promise])
  clearTimeout(timer)
}

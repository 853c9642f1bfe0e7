import { setTimeout as sleep } from 'node:timers/promises'
import { pino } from 'pino'
import { z } from 'zod'
import { systemClock } from '../../contract/clock.ts'
import type { DriftedSku, DriftReport } from '../../contract/feed.ts'
import { createFeed } from '../capture/feed.ts'
import { readDrift, readDrifted, reconcile as compare } from '../capture/reconcile.ts'
import type { ConnectorConfig } from '../config/config.ts'
import { findConnector, type Found } from '../control/control-client.ts'
import { LiveStatus } from '../control/live-status.ts'
import type { Shop } from '../delivery/accept-order.ts'
import { createEdgeClient } from '../edge/edge-client.ts'
import { createEdgeClock, systemMonotonic } from '../edge/edge-clock.ts'
import { createSender } from '../edge/sender.ts'
import { readJournal } from '../journal/read-only.ts'
import { openShopPos } from '../pos/open-pos.ts'
import { createTurn } from '../turn.ts'
import { driftInWords } from './drift-words.ts'
import { EXIT, type ExitCode } from './exit-codes.ts'
import { complainUnreachable, openOwnJournal, unbroken } from './open-shop.ts'
import { createProgressLine } from './progress-line.ts'
import { readConfig } from './read-config.ts'
import { complain, counted, faultText, say, sayJson } from './say.ts'
import { version } from './version.ts'

type Options = { json?: boolean | undefined }

/** Often enough for a person to see it move. */
const LOOK_EVERY_MS = 250
/** A connector that waits for its POS or the edge does not begin; that is worth saying rather than sitting there. */
const BEGINS_WITHIN_MS = 30_000
/** Longer than the slowest call to the edge. */
const TAKES_EPOCH_WITHIN_MS = 20_000
/** A whole shop of differences is some hundred calls; what is left goes with the next start. */
const SENDS_WITHIN_MS = 120_000

/** Compares everything in the POS with what the edge has, sends what differs, and says why each differed. */
export async function reconcile(configPath: string, options: Options): Promise<ExitCode> {
  const config = readConfig(configPath)
  if (!config) return EXIT.configuration
  const found = await findConnector(config.journal.file)
  switch (found.kind) {
    case 'running': return unbroken(() => followRunning(config, found, options))
    case 'stopped': return compareHere(config, options)
    case 'denied':
    case 'silent':
      complainUnreachable(config, found.kind)
      return EXIT.notDone
  }
}

function answer(report: DriftReport | null, drifted: readonly DriftedSku[], stillToSend: number, options: Options): ExitCode {
  if (!report) throw new TypeError('a comparison that ended has left no figure')
  if (options.json) sayJson({ ...report, drifted, stillToSend })
  else say([...driftInWords(report, drifted), ...(stillToSend > 0 ? [`${counted(stillToSend, 'event')} still on the way.`] : [])].join('\n'))
  return EXIT.ok
}

/** The running connector does it, as it does every hour; here it is only watched. */
async function followRunning(config: ConnectorConfig, connector: Extract<Found, { kind: 'running' }>, options: Options): Promise<ExitCode> {
  const status = () => connector.ask('GET', '/status', LiveStatus)
  const before = (await status()).comparisons
  await connector.ask('POST', '/reconcile', z.unknown())
  const line = createProgressLine()
  const startedAt = systemMonotonic()
  let begun = false
  for (;;) {
    await sleep(LOOK_EVERY_MS)
    const { comparisons, doing, troubles } = await status()
    const elapsedMs = systemMonotonic() - startedAt
    const comparing = doing.find((each) => each.what === 'comparing')
    if (comparing) line.update(comparing.progress, elapsedMs)
    begun ||= comparing !== undefined
    // One that was under way when this was asked has begun too early: the wish is kept until one has seen it all.
    if (comparisons.finished > before.finished && !comparisons.wanted) break
    const isLate = !begun && elapsedMs > BEGINS_WITHIN_MS
    if (comparisons.failed > before.failed || isLate) {
      line.end()
      const trouble = troubles.find(({ event }) => event === 'reconcile.fault' || event.startsWith('edge.'))
      complain({
        what: 'The comparison did not come about',
        why: trouble ? `${trouble.event}: ${trouble.hint ?? trouble.fault ?? ''}` : 'the connector waits for the edge or for its POS',
        todo: 'look at "status" and "doctor"; the wish is kept, the connector compares as soon as it can',
      })
      return EXIT.edge
    }
  }
  line.end()
  return readJournal(config.journal.file, ({ meta, outbox }) => answer(readDrift({ meta }), readDrifted({ meta }), outbox.waiting(), options))
}

/** Without a running connector: the journal's lock, the store's lease and its numbering are taken as `run` would take them, and left again. */
async function compareHere(config: ConnectorConfig, options: Options): Promise<ExitCode> {
  const opened = openOwnJournal(config, 'any')
  if ('exit' in opened) return opened.exit
  const { journal } = opened
  const pos = await openShopPos(config, journal.memory)
  const clock = createEdgeClock(systemClock)
  const edge = createEdgeClient({ url: config.edge.url, storeId: config.store.id, secrets: config.store.secrets, version, clock })
  // Nothing is written to the POS here.
  const shop: Shop = { journal, pos, turn: createTurn(), now: clock.now, holdsStore: () => false }
  const talk = new AbortController()
  const held = Promise.withResolvers<ExitCode>()
  const sender = createSender(shop, edge, pino({ level: 'silent' }), {
    onHeld(holder) {
      complain({ what: 'The store cannot be compared from here', why: `another connector (${holder ?? 'unknown'}) holds it`, todo: 'run "reconcile" on that machine, or stop the connector there and wait half a minute' })
      held.resolve(EXIT.storeHeld)
    },
    onEpoch: () => {},
    onSent: () => {},
  })
  journal.onAppend(() => sender.wake())
  const sending = sender.run(talk.signal)
  const line = createProgressLine()
  try {
    const compared = async (): Promise<ExitCode> => {
      try {
        await pos.currentCursor()
      } catch (error) {
        complain({ what: 'The POS cannot be read', why: faultText(error), todo: 'look at pos: in the configuration, and run "doctor"' })
        return EXIT.posUnreachable
      }
      if (!(await hasEpoch(journal.meta))) {
        const state = await edge.state(null).catch((error: unknown) => ({ fault: faultText(error) }))
        const why = 'fault' in state ? state.fault : state.ok ? 'it has not answered in time' : `it says ${state.refusal.status} ${state.refusal.problem ?? ''}`
        complain({ what: 'The edge does not take this connector on', why, todo: 'run "doctor", which looks at the address, the signature and the clock' })
        return EXIT.edge
      }
      await sender.drained(SENDS_WITHIN_MS)
      const startedAt = systemMonotonic()
      await compare(shop, edge, (progress) => line.update(progress, systemMonotonic() - startedAt), createFeed(config.feed))
      line.end()
      await sender.drained(SENDS_WITHIN_MS)
      return answer(readDrift(journal), readDrifted(journal), journal.outbox.waiting(), options)
    }
    return await Promise.race([compared(), held.promise])
  } catch (error) {
    line.end()
    complain({ what: 'The comparison broke off', why: faultText(error), todo: 'run "doctor"; what was sent stands, and a new comparison goes on from there' })
    return EXIT.edge
  } finally {
    talk.abort()
    await sending
    await pos.close()
    journal.close()
  }
}

async function hasEpoch(meta: { number(key: 'epoch'): number | null; get(key: 'epochWanted'): string | null }): Promise<boolean> {
  const startedAt = systemMonotonic()
  while (systemMonotonic() - startedAt < TAKES_EPOCH_WITHIN_MS) {
    if (meta.number('epoch') !== null && meta.get('epochWanted') === null) return true
    await sleep(LOOK_EVERY_MS)
  }
  return false
}

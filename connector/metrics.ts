import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'
import { feedReport } from './capture/feed.ts'
import { readDrift } from './capture/reconcile.ts'
import { fromInstant } from '../contract/clock.ts'
import type { Freshness } from './freshness.ts'
import type { Journal } from './journal/journal.ts'
import { hasFailed } from './journal/last-try.ts'
import type { PosListener } from './pos-reachable.ts'

export type MetricsSources = {
  version: string
  pos: string
  journal: Journal
  freshness: Freshness
  posReachable(): boolean
  /** Null before it first answered in this run. */
  edgeSeenAgoMs(): number | null
  edgeAnswering(): boolean
  /** Whether the edge accepts what this store signs. */
  edgeAccepts(): boolean
  holdsStore(): boolean
  clockSkewMs(): number | null
  /** Epoch ms, for ages of what the journal holds. */
  now(): number
  monotonic(): number
}

export type Metrics = {
  /** Prometheus text (version 0.0.4). Numbers only: nothing of the shop's customers or goods. */
  text(): Promise<string>
  /** Measures the calls to the POS, the one that hangs included. */
  hearPos: PosListener
}

/** From a local SQLite file to a POS that has nearly gone. */
const POS_BUCKETS_S = [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10, 60]
/** More than this is no other alarm. */
const STUCK_MAX = 1000
const PREFIX = 'tillbridge_connector_'

/** What a monitoring system asks for. A registry of its own: two connectors of one process, as in the tests, do not mix. */
export function createMetrics(sources: MetricsSources): Metrics {
  const { journal, freshness } = sources
  const registry = new Registry()
  const gauge = (name: string, help: string, read: () => number | null): void => {
    new Gauge({
      name: PREFIX + name, help, registers: [registry],
      collect() {
        const value = read()
        // A figure that is not known is left out: 0 would say something.
        if (value === null) this.remove()
        else this.set(value)
      },
    })
  }
  const flag = (is: boolean): number => (is ? 1 : 0)
  const seconds = (ms: number | null): number | null => (ms === null ? null : Math.max(0, Math.round(ms)) / 1000)
  const ageOf = (at: number | null): number => (at === null ? 0 : Math.max(0, sources.now() - at) / 1000)

  gauge('epoch', 'The epoch of the numbering.', () => journal.meta.number('epoch'))
  gauge('last_seq', 'The last number given.', () => journal.outbox.lastSeq())
  gauge('acked_seq', 'The last number the edge has confirmed.', () => journal.outbox.acked().seq)
  gauge('outbox_events', 'Events waiting for the edge.', () => journal.outbox.waiting())
  gauge('lag_seconds', 'Age of the oldest event that the edge has not confirmed; 0 when there is none.', () => ageOf(oldestEventAt(journal)))
  gauge('inbox_unfinished', 'Assignments not finished.', () => journal.inbox.unfinished())
  gauge('inbox_oldest_seconds', 'Age of the oldest assignment that is not finished; 0 when there is none.', () => ageOf(journal.inbox.oldestUnfinishedAt()))
  gauge('inbox_retried', 'Assignments that were tried in vain and are tried again.', () => journal.inbox.stuck(STUCK_MAX).filter(({ lastTry }) => hasFailed(lastTry)).length)
  gauge('feed_quarantined', '1 while changes of the POS wait for the operator.', () => flag(feedReport(journal).state === 'quarantined'))
  gauge('refused_rows', 'Rows of the POS that cannot be read.', () => journal.refused.count())
  gauge('drift_skus', 'SKUs that differed at the last reconcile.', () => readDrift(journal)?.skus ?? null)
  gauge('drift_units', 'The sum of the differences between levels at the last reconcile.', () => readDrift(journal)?.units ?? null)
  gauge('pos_reachable', '1 when the last call to the POS came through.', () => flag(sources.posReachable()))
  gauge('pos_fresh_seconds', 'Since the POS was last read to its end. Near 0 in a quiet shop; grows when the POS hangs or the journal takes nothing.', () => seconds(freshness.posFreshMs()))
  gauge('edge_fresh_seconds', 'Since the moment up to which the edge has confirmed everything. Near 0 in a quiet shop; grows when the outbox is stuck.', () => seconds(freshness.edgeFreshMs()))
  gauge('edge_seen_seconds', 'Seconds since the edge last answered.', () => seconds(sources.edgeSeenAgoMs()))
  gauge('edge_answering', '0 from a call that the edge did not answer until it answers one: the calls between wait longer each time.', () => flag(sources.edgeAnswering()))
  gauge('edge_unauthorized', '1 while the edge does not accept the signature of this store.', () => flag(!sources.edgeAccepts()))
  gauge('holds_store', '1 while no other connector can have the store.', () => flag(sources.holdsStore()))
  gauge('clock_skew_seconds', 'This clock minus the clock of the edge.', () => {
    const skewMs = sources.clockSkewMs()
    return skewMs === null ? null : Math.round(skewMs / 1000)
  })
  gauge('journal_bytes', 'What the journal holds on disk.', () => journal.room.use().journalBytes)
  gauge('journal_bytes_max', 'The ceiling of the configuration.', () => journal.room.use().maxBytes)
  gauge('journal_disk_free_bytes', 'What is free on the disk of the journal.', () => journal.room.use().freeBytes)
  gauge('journal_full', '1 while no orders are taken for want of room.', () => flag(journal.room.state().kind === 'full'))
  gauge('captures_paused', '1 while nothing new of the POS is taken down for want of room.', () => flag(journal.room.state().kind !== 'open'))
  new Gauge({ name: `${PREFIX}build_info`, help: 'What runs here.', labelNames: ['version', 'pos', 'node'], registers: [registry] })
    .set({ version: sources.version, pos: sources.pos, node: process.versions.node }, 1)
  collectDefaultMetrics({ register: registry, prefix: PREFIX })

  const latency = new Histogram({ name: `${PREFIX}pos_call_seconds`, help: 'How long calls to the POS take.', labelNames: ['operation'], buckets: POS_BUCKETS_S, registers: [registry] })
  const calls = new Counter({ name: `${PREFIX}pos_calls_total`, help: 'Calls to the POS that ended: reads and writes, by operation.', labelNames: ['operation', 'outcome'], registers: [registry] })
  const underWay = new Map<symbol, number>()
  gauge('pos_call_open_seconds', 'How long the oldest call to the POS has been under way; 0 when there is none.', () => {
    const oldest = Math.min(...underWay.values())
    return Number.isFinite(oldest) ? (sources.monotonic() - oldest) / 1000 : 0
  })

  return {
    text: () => registry.metrics(),
    hearPos({ method }) {
      const call = Symbol(method)
      const began = sources.monotonic()
      underWay.set(call, began)
      return (ok) => {
        underWay.delete(call)
        latency.observe({ operation: method }, (sources.monotonic() - began) / 1000)
        calls.inc({ operation: method, outcome: ok ? 'ok' : 'fault' })
      }
    },
  }
}

/** When the oldest event that waits happened, epoch ms. */
function oldestEventAt(journal: Journal): number | null {
  const [event] = journal.outbox.next(1, 1).events
  if (event === undefined) return null
  // Our own text; a large one went in as a stub, which has its instant too.
  const { occurredAt } = JSON.parse(event) as { occurredAt?: string }
  return occurredAt === undefined ? null : fromInstant(occurredAt)
}

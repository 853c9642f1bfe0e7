import { feedReport } from './capture/feed.ts'
import { readDrift } from './capture/reconcile.ts'
import type { Journal } from './journal/journal.ts'

export type MetricsInput = { journal: Journal; posReachable: boolean; edgeSeenAgoMs: number | null; clockSkewMs: number | null }

/** Prometheus text (version 0.0.4). Numbers only: nothing of the shop's customers. */
export function metricsText({ journal, posReachable, edgeSeenAgoMs, clockSkewMs }: MetricsInput): string {
  const lines: string[] = []
  const gauge = (name: string, help: string, value: number | null): void => {
    if (value !== null) lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} gauge`, `${name} ${value}`)
  }
  gauge('tillbridge_connector_epoch', 'The epoch of the numbering.', journal.meta.number('epoch'))
  gauge('tillbridge_connector_last_seq', 'The last number given.', journal.outbox.lastSeq())
  gauge('tillbridge_connector_acked_seq', 'The last number the edge has confirmed.', journal.outbox.acked().seq)
  gauge('tillbridge_connector_outbox_events', 'Events waiting for the edge.', journal.outbox.waiting())
  gauge('tillbridge_connector_inbox_unfinished', 'Assignments not finished.', journal.inbox.unfinished())
  const feed = feedReport(journal)
  const drift = readDrift(journal)
  gauge('tillbridge_connector_feed_quarantined', '1 while changes of the POS wait for the operator.', feed.state === 'quarantined' ? 1 : 0)
  gauge('tillbridge_connector_drift_skus', 'SKUs that differed at the last reconcile.', drift?.skus ?? null)
  gauge('tillbridge_connector_drift_units', 'The sum of the differences between levels at the last reconcile.', drift?.units ?? null)
  gauge('tillbridge_connector_pos_reachable', '1 when the last call to the POS came through.', posReachable ? 1 : 0)
  gauge('tillbridge_connector_edge_seen_seconds', 'Seconds since the edge last answered.', edgeSeenAgoMs === null ? null : Math.round(edgeSeenAgoMs / 1000))
  gauge('tillbridge_connector_clock_skew_seconds', 'This clock minus the clock of the edge.', clockSkewMs === null ? null : Math.round(clockSkewMs / 1000))
  return `${lines.join('\n')}\n`
}

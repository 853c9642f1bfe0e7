import type { RejectReason } from '../../contract/events.ts'
import type { InboxRow } from '../journal/inbox.ts'

/** An order that this shop's POS or its configuration did not take: other orders will fare like it until a person mends what `detail` says. */
export type RefusedHere = { assignmentId: string; number: string | null; at: number; reason: RejectReason; detail: string; hint: string }

/** Sold out, closed or too late is the shop's day; these are somebody's mistake. */
const HINTS: Partial<Record<RejectReason, string>> = {
  invalid: 'mend what it says in the POS or in `pos:` of the configuration, and run tillbridge-connector doctor',
  price_mismatch: 'the web shows another kind of price than this shop has: tillbridge-connector reconcile, and compare currency and tax in the configuration',
  unknown_sku: 'the web sells what this POS does not: tillbridge-connector reconcile',
}

/** Of the staff's own refusals the detail is null: they know why. */
export function refusedHere({ assignmentId, kept, state, reason, detail, changedAt }: Pick<InboxRow, 'assignmentId' | 'kept' | 'state' | 'reason' | 'detail' | 'changedAt'>): RefusedHere | null {
  const hint = reason === null ? undefined : HINTS[reason]
  if (state !== 'rejected' || reason === null || detail === null || hint === undefined) return null
  return { assignmentId, number: kept?.number ?? null, at: changedAt, reason, detail, hint }
}

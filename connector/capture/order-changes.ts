import { fromInstant } from '../../contract/clock.ts'
import type { Level } from '../../contract/events.ts'
import { acceptedEvent, hasLeft, linesOf, skusOf } from '../delivery/outcome.ts'
import type { InboxChange, InboxRow } from '../journal/inbox.ts'
import type { OutgoingEvent } from '../journal/outgoing-event.ts'
import type { PosCapabilities, PosOrderChange } from '../pos/port.ts'

export type OrderChangeEffect = { assignmentId: string; change: InboxChange; events: OutgoingEvent[] }

/**
 * What the staff did with a web order, as the journal keeps it and the edge is told. `row` is null for an order that this
 * journal never had (it was lost): the edge is told all the same. `levels` were read back with the change, of every SKU of
 * the order; of an order without a row or a body they are those of the SKUs that moved in the same reading.
 */
export function orderChangeEffect(change: PosOrderChange, row: InboxRow | null, levels: Level[], pos: Doubtful): OrderChangeEffect {
  const { assignmentId, occurredAt } = change
  if (row?.assignment && endsDoubt(change, row, pos)) {
    // The POS's own number for it is not known, so it goes by the reference it was written with.
    const acceptance = { state: 'done', posReference: assignmentId, stockFell: change.kind === 'stock-fell' || pos.stockFallsAt === 'accept' } as const
    const { change: more, events } = orderChangeEffect(change, { ...row, ...acceptance }, levels, pos)
    return {
      assignmentId, change: { ...acceptance, ...more },
      events: [acceptedEvent(row.assignment, assignmentId, acceptance.stockFell, levels, fromInstant(occurredAt)), ...(change.kind === 'stock-fell' ? [] : events)],
    }
  }
  switch (change.kind) {
    case 'progress':
      return {
        assignmentId,
        change: { progress: change.status },
        events: [{ type: 'order.status_changed', occurredAt, data: { assignmentId, status: change.status } }],
      }
    case 'stock-fell':
      return {
        assignmentId,
        change: { stockFell: true },
        events: [{ type: 'order.stock_fell', occurredAt, data: { assignmentId, lines: linesOf(row?.kept ?? null), levels } }],
      }
    case 'refused':
      if (row && hasLeft(row.progress)) return { assignmentId, change: {}, events: [] }
      // Voided or struck on our own request: that was told as the cancel's result.
      if (row && (row.state === 'voided' || row.state === 'rejected' || (row.state === 'struck' && row.cancel !== 'refused'))) return { assignmentId, change: {}, events: [] }
      return {
        assignmentId,
        change: { state: 'rejected', reason: change.reason, ...(row?.cancel === 'requested' ? { cancel: 'done' } : {}) },
        events: [
          { type: 'order.rejected', occurredAt, data: { assignmentId, reason: change.reason, levels } },
          ...(row?.cancel === 'requested' ? [{ type: 'order.cancel_result', occurredAt, data: { assignmentId, outcome: 'struck' } } as const] : []),
        ],
      }
  }
}

type Doubtful = Pick<PosCapabilities, 'duplicates' | 'stockFallsAt'>

/** The staff have it in their hands, so the POS has it: what no lookup could tell is known now. */
const endsDoubt = ({ kind }: PosOrderChange, { state }: InboxRow, { duplicates }: Doubtful): boolean =>
  kind !== 'refused' && (state === 'in_doubt' || (state === 'intent' && duplicates === 'possible'))

/** Whose levels must be read back with these changes. A change that moves no stock needs none. */
export function skusOfChange(change: PosOrderChange, row: InboxRow | null, moved: readonly string[], pos: Doubtful): string[] {
  if (change.kind === 'progress' && !(row && endsDoubt(change, row, pos))) return []
  return row?.kept ? skusOf(row.kept) : [...moved]
}

import { toInstant } from '../../contract/clock.ts'
import type { Level, RejectReason } from '../../contract/events.ts'
import type { FulfilmentProgress } from '../../contract/status.ts'
import { cutText } from '../cut-text.ts'
import type { InboxRow, KeptOrder } from '../journal/inbox.ts'
import type { OutgoingEvent } from '../journal/outgoing-event.ts'
import type { Pos } from '../pos/port.ts'

type PosOrderState = NonNullable<Awaited<ReturnType<Pos['findOrder']>>>['state']

/** Every SKU of an order, once. */
export const skusOf = (order: KeptOrder | null): string[] => [...new Set(order?.lines.map((line) => line.sku))]

export const linesOf = (order: KeptOrder | null): { lineId: string; quantity: number }[] =>
  order?.lines.map(({ lineId, quantity }) => ({ lineId, quantity })) ?? []

export const acceptedEvent = (order: KeptOrder, posReference: string, stockFell: boolean, levels: Level[], now: number): OutgoingEvent => ({
  type: 'order.accepted',
  occurredAt: toInstant(now),
  data: { assignmentId: order.assignmentId, posReference, stockFell, lines: linesOf(order), levels },
})

/** The detail of an accepted order that no lookup found and a person did: rung up by hand, it has no reference that could be searched for. */
export const SEEN_BY_PERSON = 'a person has seen it in the till, under this number'

/** What the contract allows a detail to be. */
const DETAIL_LENGTH_MAX = 500

export const rejectedEvent = (assignmentId: string, reason: RejectReason, detail: string | null, levels: Level[], now: number): OutgoingEvent => ({
  type: 'order.rejected',
  occurredAt: toInstant(now),
  data: { assignmentId, reason, ...(detail ? { detail: cutText(detail, DETAIL_LENGTH_MAX) } : {}), levels },
})

export const inDoubtEvent = (assignmentId: string, detail: string, now: number): OutgoingEvent =>
  ({ type: 'order.in_doubt', occurredAt: toInstant(now), data: { assignmentId, detail: cutText(detail, DETAIL_LENGTH_MAX) } })

export const statusEvent = (assignmentId: string, status: FulfilmentProgress, now: number): OutgoingEvent =>
  ({ type: 'order.status_changed', occurredAt: toInstant(now), data: { assignmentId, status } })

export const cancelEvent = (assignmentId: string, outcome: 'struck' | 'voided' | 'refused', levels: Level[] | null, now: number): OutgoingEvent =>
  ({ type: 'order.cancel_result', occurredAt: toInstant(now), data: { assignmentId, outcome, ...(levels ? { levels } : {}) } })

/** How far the staff have come with an order that was found in the POS; `null` when they have not begun, or it is void. */
export function progressOf(state: PosOrderState): FulfilmentProgress | null {
  switch (state) {
    case 'picking': return 'picking'
    case 'ready': return 'ready_for_pickup'
    case 'done': return 'completed'
    case 'open':
    case 'void': return null
  }
}

/** The goods are out of the shop: what comes back of them is a return, and no longer a refusal or a cancel. */
export const hasLeft = (progress: FulfilmentProgress | null): boolean => progress === 'shipped' || progress === 'completed'

/** The outcome of an assignment told again, with levels read just now. Nothing while there is no outcome. */
export function outcomeAgain(row: InboxRow, levels: Level[], now: number): OutgoingEvent[] {
  const { assignmentId, kept } = row
  switch (row.state) {
    case 'received':
    case 'intent':
      return []
    case 'done':
      return [
        ...(kept && row.posReference ? [acceptedEvent(kept, row.posReference, row.stockFell, levels, now)] : []),
        ...(row.progress ? [statusEvent(assignmentId, row.progress, now)] : []),
        ...(row.cancel === 'refused' ? [cancelEvent(assignmentId, 'refused', null, now)] : []),
      ]
    case 'rejected':
      return [
        rejectedEvent(assignmentId, row.reason ?? 'invalid', row.detail, levels, now),
        ...(row.cancel === 'done' ? [cancelEvent(assignmentId, 'struck', null, now)] : []),
      ]
    case 'in_doubt':
      return [
        inDoubtEvent(assignmentId, row.detail ?? 'it is not known whether the POS has this order', now),
        ...(row.cancel === 'refused' ? [cancelEvent(assignmentId, 'refused', null, now)] : []),
      ]
    case 'struck':
      // Not before the POS was asked, and never of what the POS refused to give back.
      return row.cancel === 'requested' ? [] : [cancelEvent(assignmentId, row.cancel === 'refused' ? 'refused' : 'struck', null, now)]
    case 'voided':
      return [cancelEvent(assignmentId, 'voided', levels, now)]
  }
}

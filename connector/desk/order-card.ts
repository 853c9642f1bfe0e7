import type { AgeingOrder, AgeingReport } from '../../contract/ageing.ts'
import { AGEING_SAMPLE_MAX } from '../../contract/ageing.ts'
import { toInstant } from '../../contract/clock.ts'
import type { RejectReason } from '../../contract/events.ts'
import type { FulfilmentProgress } from '../../contract/status.ts'
import type { InboxRow } from '../journal/inbox.ts'
import type { PosCapabilities } from '../pos/port.ts'

/**
 * What staff can do with an order. `arrived`: a shipped one is with the shopper. `in-till` and `not-in-till` settle a doubt.
 * Each names where it leads, so a second tap of the same kind finds it done.
 */
export type TapKind = 'picked' | 'ready' | 'handed-over' | 'arrived' | 'refuse' | 'in-till' | 'not-in-till'
/** `seen`: when the order that the card showed had changed last, so that a word about one doubt is not taken for another. */
export type Tap =
  | { kind: 'picked' | 'ready' | 'handed-over' | 'arrived' }
  | { kind: 'not-in-till'; seen?: number | undefined }
  | { kind: 'refuse'; reason: RejectReason }
  | { kind: 'in-till'; posReference: string }

/** Where a card lies on the desk. `doubt`: nobody but a person can tell whether the till has it. `waits`: it goes into the till by itself. */
export type Place = 'doubt' | 'waits' | 'new' | 'picking' | 'ready' | 'shipped' | 'ended'
export type Age = 'fresh' | 'late' | 'overdue'

/** An order as the desk shows it. `staff`: what the staff must do or know, in a sentence. `waitedMs` is of what waits for the staff, else `null`. */
export type OrderCard = {
  row: InboxRow
  place: Place
  status: string
  staff: string | null
  taps: TapKind[]
  age: Age
  waitedMs: number | null
}

/** When a card turns yellow and red, milliseconds. */
export type AgeLimits = { warnAfterMs: number; redAfterMs: number }
type Till = Pick<PosCapabilities, 'stockFallsAt'>

export function orderCard(row: InboxRow, till: Till, limits: AgeLimits, now: number): OrderCard {
  const place = placeOf(row)
  const waitedMs = isAgeing(place) ? Math.max(0, now - row.receivedAt) : null
  return { row, place, status: statusOf(row, place), staff: toldToStaff(row, place, till), taps: tapsOf(row, place, till), age: ageOf(waitedMs, limits), waitedMs }
}

export function placeOf({ state, progress }: Pick<InboxRow, 'state' | 'progress'>): Place {
  switch (state) {
    case 'in_doubt': return 'doubt'
    case 'received':
    case 'intent': return 'waits'
    case 'rejected':
    case 'struck':
    case 'voided': return 'ended'
    case 'done':
      switch (progress) {
        case null:
        case 'accepted': return 'new'
        case 'picking': return 'picking'
        case 'ready_for_pickup': return 'ready'
        case 'shipped': return 'shipped'
        case 'completed': return 'ended'
      }
  }
}

/** What stands ready, or is with the carrier, waits for others than the staff. */
const isAgeing = (place: Place): boolean => place === 'doubt' || place === 'waits' || place === 'new' || place === 'picking'

function ageOf(waitedMs: number | null, { warnAfterMs, redAfterMs }: AgeLimits): Age {
  if (waitedMs === null || waitedMs < warnAfterMs) return 'fresh'
  return waitedMs < redAfterMs ? 'late' : 'overdue'
}

const isShipped = (row: InboxRow): boolean => row.assignment?.fulfillment.method === 'ship'
/** The cashier finishes it at the till: that is when its goods leave the stock, and the order follows by itself. */
const isFinishedAtTill = (row: InboxRow, till: Till): boolean => till.stockFallsAt === 'later' && !row.stockFell

/** What can be tapped now. While a cancel is being answered nobody works on the order. */
export function tapsOf(row: InboxRow, place: Place, till: Till): TapKind[] {
  if (row.cancel === 'requested') return []
  const handOver: TapKind[] = isFinishedAtTill(row, till) ? [] : ['handed-over']
  switch (place) {
    case 'doubt': return ['in-till', 'not-in-till']
    case 'new': return ['picked', ...(isShipped(row) ? [] : ['ready'] as const), ...handOver, 'refuse']
    case 'picking': return [...(isShipped(row) ? [] : ['ready'] as const), ...handOver, 'refuse']
    case 'ready': return [...handOver, 'refuse']
    case 'shipped': return ['arrived']
    case 'waits':
    case 'ended': return []
  }
}

/** How far along each word is; a tap that leads no further than where the order is was tapped before. */
const STEP: Record<FulfilmentProgress, number> = { accepted: 0, picking: 1, ready_for_pickup: 2, shipped: 3, completed: 4 }
export const stepOf = (progress: FulfilmentProgress | null): number => (progress === null ? 0 : STEP[progress])

/** Where a tap leads; `null` for those that are no progress. */
export function leadsTo(tap: TapKind, row: InboxRow): FulfilmentProgress | null {
  switch (tap) {
    case 'picked': return 'picking'
    case 'ready': return 'ready_for_pickup'
    case 'handed-over': return isShipped(row) ? 'shipped' : 'completed'
    case 'arrived': return 'completed'
    case 'refuse':
    case 'in-till':
    case 'not-in-till': return null
  }
}

export type TapDecision = { kind: 'go' } | { kind: 'already' } | { kind: 'refused'; text: string }

/** Whether a tap can be done with the order as the journal has it now, whatever the card showed. */
export function decideTap(row: InboxRow, tap: TapKind, till: Till): TapDecision {
  const place = placeOf(row)
  if (tapsOf(row, place, till).includes(tap)) return { kind: 'go' }
  const target = leadsTo(tap, row)
  if (target && row.state === 'done' && stepOf(row.progress) >= stepOf(target)) return { kind: 'already' }
  if (tap === 'refuse' && row.state === 'rejected') return { kind: 'already' }
  if (tap === 'in-till' && row.state === 'done') return { kind: 'already' }
  if (tap === 'not-in-till' && place === 'waits') return { kind: 'already' }
  if (row.cancel === 'requested') return { kind: 'refused', text: 'The shopper has cancelled this order, and it is being taken out of the till. Leave the goods on the shelf.' }
  if (place === 'ended') return { kind: 'refused', text: `This order has ended: ${statusOf(row, place).toLowerCase()}. Nothing can be done with it any more.` }
  if (place === 'waits') return { kind: 'refused', text: 'This order is not in the till yet. It goes there by itself; wait for it.' }
  const atTill = toldToStaff(row, place, till)
  if (tap === 'handed-over' && atTill) return { kind: 'refused', text: atTill }
  return { kind: 'refused', text: `This order has moved on: it is ${statusOf(row, place).toLowerCase()}.` }
}

export const REASON_WORDS: Record<RejectReason, string> = {
  out_of_stock: 'not in stock', store_closed: 'the shop is closed', price_mismatch: 'the price is wrong', unknown_sku: 'not an item of this shop', invalid: 'something else is wrong', expired: 'too late',
}

function statusOf(row: InboxRow, place: Place): string {
  switch (place) {
    case 'doubt': return 'Is it in the till?'
    case 'waits': return 'On its way into the till'
    case 'new': return 'New'
    case 'picking': return 'Being picked'
    case 'ready': return 'Ready for the shopper'
    case 'shipped': return 'With the carrier'
    case 'ended':
      if (row.state === 'done') return isShipped(row) ? 'Delivered' : 'Handed over'
      return row.state === 'rejected' ? `Refused: ${REASON_WORDS[row.reason ?? 'invalid']}` : 'Cancelled'
  }
}

function toldToStaff(row: InboxRow, place: Place, till: Till): string | null {
  if (row.cancel === 'requested') return 'The shopper wants to cancel. Put nothing aside; this card says what came of it.'
  const wantedCancel = row.cancel === 'refused' ? 'The shopper wanted to cancel, but it was too late: the order stands. ' : ''
  switch (place) {
    case 'doubt':
      if (row.posReference !== null) return `${wantedCancel}The till had this order as ${row.posReference} and no longer has it. Look for it there: if it is there, or you ring it up by hand, type its number; if not, it is written again, or refused when its time is over.`
      return `${wantedCancel}The till failed while this order was written. Look for it there: if it is there, type its number in the till; if not, it is written again.`
    case 'waits': return null
    case 'ended':
      return row.state === 'struck' || row.state === 'voided' || row.state === 'rejected' ? 'If its goods were put aside, put them back on the shelf.' : null
    case 'shipped': return wantedCancel || null
    case 'new':
    case 'picking':
    case 'ready':
      if (!isFinishedAtTill(row, till)) return wantedCancel || null
      return `${wantedCancel}To hand it over, ring up ${row.posReference ?? 'it'} under Suspended at the till. This card follows by itself.`
  }
}

/** What has waited for the staff too long, the oldest first; `null` when nothing has. */
export function ageingReport(rows: readonly InboxRow[], { redAfterMs }: AgeLimits, now: number): AgeingReport | null {
  const late = rows.filter((row) => isAgeing(placeOf(row)) && now - row.receivedAt >= redAfterMs)
  if (late.length === 0) return null
  const oldest = late.slice(0, AGEING_SAMPLE_MAX).map((row): AgeingOrder => ({ assignmentId: row.assignmentId, state: waitingAs(placeOf(row)), since: toInstant(row.receivedAt) }))
  return { count: late.length, afterMinutes: Math.round(redAfterMs / 60_000), oldest }
}

const waitingAs = (place: Place): AgeingOrder['state'] => (place === 'doubt' ? 'in_doubt' : place === 'waits' ? 'unwritten' : place === 'picking' ? 'picking' : 'untouched')

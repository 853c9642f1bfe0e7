import { toInstant } from '../../contract/clock.ts'
import { orderChangeEffect } from '../capture/order-changes.ts'
import type { Shop } from '../delivery/accept-order.ts'
import { acceptedEvent, progressOf, SEEN_BY_PERSON, skusOf } from '../delivery/outcome.ts'
import type { InboxRow } from '../journal/inbox.ts'
import type { PosOrderChange, StaffStep } from '../pos/port.ts'
import { decideTap, leadsTo, stepOf, type Tap, type TapKind } from './order-card.ts'

/** `already`: this was done before, by this tap's twin or at the till. `refused`: the text is for the staff. `note`: what is still to do. */
export type Tapped = { kind: 'done'; note?: string } | { kind: 'already' } | { kind: 'unknown' } | { kind: 'refused'; text: string }

/** `capture`: the POS has something to tell. `writer`: there is work for the till. */
export type Wake = { capture(): void; writer(): void }
type PosTap = { kind: Exclude<TapKind, 'refuse' | 'in-till' | 'not-in-till'> } | Extract<Tap, { kind: 'refuse' }>

const LINE_DOWN = 'The line to the web shop is down, so nothing can be taken out of the till now. Try again when it is back; picking and handing over go on meanwhile.'
/** Two tablets ask for the same order: after one answer it was written and is in doubt anew, and the other answer is about before. */
const LOOK_AGAIN = 'Somebody has answered this meanwhile, and it was written into the till since. Look for it there once more, then answer again.'

/**
 * One tap of the staff. Inside the turn, so that what it does is numbered after the order's acceptance and before whatever the
 * till tells of it. What the POS takes down itself is told by the capture (`wake.capture`); what only the desk knows is
 * one commit here. Steps forward are the staff's own hand, as at the till, and need no edge; goods are taken back only while this
 * connector holds the store. Throws what the POS throws: nothing was journaled, and the same tap can be made again.
 */
export function takeStep(shop: Shop, assignmentId: string, tap: Tap, wake: Wake): Promise<Tapped> {
  return shop.turn(async () => {
    const row = shop.journal.inbox.get(assignmentId)
    if (!row?.assignment) return { kind: 'unknown' }
    const decision = decideTap(row, tap.kind, shop.pos.capabilities)
    if (decision.kind !== 'go') return decision
    switch (tap.kind) {
      case 'in-till': return isInTill(shop, row, tap.posReference)
      case 'not-in-till': return tap.seen === undefined || tap.seen === row.changedAt ? writeAgain(shop, row, wake) : { kind: 'refused', text: LOOK_AGAIN }
      case 'refuse': return shop.holdsStore() ? inPos(shop, row, tap, wake) : { kind: 'refused', text: LINE_DOWN }
      case 'picked':
      case 'ready':
      case 'handed-over':
      case 'arrived': return inPos(shop, row, { kind: tap.kind }, wake)
    }
  })
}

async function inPos(shop: Shop, row: InboxRow, tap: PosTap, wake: Wake): Promise<Tapped> {
  const { pos } = shop
  const { assignmentId } = row
  const target = leadsTo(tap.kind, row)
  // The capture may be a moment behind: what another tablet or the cashier did just now is in the POS already.
  const found = await pos.findOrder(assignmentId)
  const reached = stepOf(found && progressOf(found.state))
  if (found?.state === 'void') {
    // Taken back already: by a tap that crashed before its commit, or at the till, which then tells the same once more and in vain.
    if (tap.kind === 'refuse') return behind(wake, await tellTakenBack(shop, row, tap.reason))
    return behind(wake, { kind: 'refused', text: 'This order was taken back at the till. Put its goods back on the shelf; if its card stays, refuse it here.' })
  }
  if (target && reached > stepOf(row.progress) && reached >= stepOf(target)) return behind(wake, { kind: 'already' })

  const answer = await pos.staffStep(assignmentId, staffStepOf(tap))
  if (answer === 'in-pos') return behind(wake, { kind: 'done' })
  if (answer !== 'desk-only') return behind(wake, found?.state === 'done' && target === 'completed' ? { kind: 'already' } : { kind: 'refused', text: answer.refused })
  if (tap.kind === 'refuse') return takeBack(shop, row, tap.reason)
  if (target) commit(shop, row, { kind: 'progress', status: target, assignmentId, occurredAt: toInstant(shop.now()) }, [])
  return { kind: 'done' }
}

function staffStepOf(tap: PosTap): StaffStep {
  switch (tap.kind) {
    case 'refuse': return tap
    case 'arrived': return { kind: 'handed-over' }
    case 'picked':
    case 'ready':
    case 'handed-over': return { kind: tap.kind }
  }
}

function behind(wake: Wake, tapped: Tapped): Tapped {
  wake.capture()
  return tapped
}

/** The POS knows no refusal of its own, so its order is voided, and the levels are read after that. */
async function takeBack(shop: Shop, row: InboxRow, reason: Extract<Tap, { kind: 'refuse' }>['reason']): Promise<Tapped> {
  const { pos } = shop
  const answer = await pos.voidOrder(row.assignmentId)
  if (answer === 'refused') return { kind: 'refused', text: 'The till does not give this order back any more: it has gone too far there. What the shopper brings back is a return.' }
  await tellTakenBack(shop, row, reason)
  // What cannot be looked up may stand there all the same.
  const unsure = answer === 'absent' && pos.capabilities.duplicates === 'possible'
  return unsure ? { kind: 'done', note: `The till cannot be told of it: take ${row.posReference ?? 'the order'} out there by hand.` } : { kind: 'done' }
}

async function tellTakenBack(shop: Shop, row: InboxRow, reason: Extract<Tap, { kind: 'refuse' }>['reason']): Promise<Tapped> {
  const levels = await shop.pos.readLevels(skusOf(row.assignment))
  commit(shop, row, { kind: 'refused', reason, assignmentId: row.assignmentId, occurredAt: toInstant(shop.now()) }, levels)
  return { kind: 'done' }
}

function commit(shop: Shop, row: InboxRow, change: PosOrderChange, levels: Parameters<typeof orderChangeEffect>[2]): void {
  const { journal, pos, now } = shop
  journal.transaction(() => {
    const effect = orderChangeEffect(change, journal.inbox.get(row.assignmentId), levels, pos.capabilities)
    journal.inbox.change(row.assignmentId, effect.change, now())
    journal.append(effect.events)
  })
}

/** Somebody has seen it in the till: what no lookup could tell is known now. */
async function isInTill({ journal, pos, now }: Shop, row: InboxRow, posReference: string): Promise<Tapped> {
  const { assignmentId, assignment } = row
  if (!assignment) return { kind: 'unknown' }
  const stockFell = pos.capabilities.stockFallsAt === 'accept'
  const levels = await pos.readLevels(skusOf(assignment))
  journal.transaction(() => {
    journal.inbox.change(assignmentId, { state: 'done', posReference, stockFell, detail: SEEN_BY_PERSON }, now())
    journal.append([acceptedEvent(assignment, posReference, stockFell, levels, now())])
  })
  return { kind: 'done' }
}

/** Somebody has looked and it is not there: it is as if it had just come, and the writer brings it in, or refuses it when its time is over. */
function writeAgain({ journal, now }: Shop, { assignmentId }: InboxRow, wake: Wake): Tapped {
  journal.transaction(() => journal.inbox.change(assignmentId, { state: 'received', detail: null }, now()))
  wake.writer()
  return { kind: 'done' }
}

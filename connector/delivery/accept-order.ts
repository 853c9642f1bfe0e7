import type { Assignment } from '../../contract/assignment.ts'
import { fromInstant, toInstant, type Clock } from '../../contract/clock.ts'
import type { RejectReason } from '../../contract/events.ts'
import type { InboxChange, InboxRow } from '../journal/inbox.ts'
import { FIRST_EPOCH, type Journal } from '../journal/journal.ts'
import type { OutgoingEvent } from '../journal/outgoing-event.ts'
import type { Pos, PosWrite } from '../pos/port.ts'
import type { Turn } from '../turn.ts'
import { cancelOutcome } from './cancel-outcome.ts'
import { isOnItsWay } from './receive-order.ts'
import { acceptedEvent, cancelEvent, hasLeft, inDoubtEvent, outcomeAgain, progressOf, rejectedEvent, skusOf, statusEvent } from './outcome.ts'

/**
 * What bringing work into the POS stands on. `now` is edge time, epoch ms: deadlines are the edge's. `holdsStore`: no other
 * connector can have the store now (edge/lease.ts); without it nothing in the POS is changed.
 */
export type Shop = { journal: Journal; pos: Pos; turn: Turn; now: Clock; holdsStore(): boolean }

/** What became of one step. `moved-on`: somebody else (a cancel, the staff) had settled it meanwhile. `waiting`: for the edge's word. */
export type Settled = 'accepted' | 'rejected' | 'struck' | 'voided' | 'refused' | 'in_doubt' | 'told' | 'moved-on' | 'waiting'

/** The INTENTs of this process whose write has not been called yet, each with the epoch it was set in. */
export type SurelyUnwritten = Map<string, number | null>

/**
 * Brings one assignment into the POS, whatever a crash between any two lines left behind:
 * INTENT on disk → looked up by its reference → `acceptBy` → written → levels read back → outcome and event in one commit.
 *
 * For a POS that cannot be searched (`duplicates: 'possible'`) only what is surely unwritten may be written; every other INTENT
 * is in doubt. And it waits until the edge has confirmed an event numbered with the INTENT: a journal that came back from a
 * backup, which may believe unwritten what its other life wrote, is found out by that.
 * Throws what the POS throws: a fault, to be tried again. Holds the turn from the lookup to the commit, so that what the
 * staff do with the order is always numbered after its acceptance.
 */
export async function acceptOrder(shop: Shop, row: InboxRow, surelyUnwritten: SurelyUnwritten): Promise<Settled> {
  const { journal, pos, turn, now } = shop
  const { assignmentId, assignment } = row
  if (!assignment) throw new TypeError(`journal: ${assignmentId} has no body`)
  if (row.state === 'received') {
    if (!setIntent(shop, assignmentId)) return 'moved-on'
    surelyUnwritten.set(assignmentId, journal.meta.number('epoch'))
  }

  return turn(async () => {
    const found = await pos.findOrder(assignmentId)
    if (found?.state === 'void') return reject(shop, assignment, 'invalid', 'the order is void in the POS')
    if (found) return accept(shop, assignment, found.posReference, found.stockFell, progressOf(found.state))

    const searchable = pos.capabilities.duplicates === 'never'
    // An INTENT of an older epoch was never confirmed as this journal's.
    const cannotKnow = !searchable && surelyUnwritten.get(assignmentId) !== journal.meta.number('epoch')
    if (cannotKnow) return doubt(shop, assignmentId, 'an earlier run or journal may have written this order, and the POS cannot be searched for it')

    const current = journal.inbox.get(assignmentId)
    const cancel = current?.cancel
    if (cancel === 'requested') return strike(shop, assignmentId)
    // The POS had it when it refused the cancel, so the goods may be handed out: written once more they would be set aside twice.
    if (cancel === 'refused') return reject(shop, assignment, 'invalid', 'the POS refused to cancel this order and no longer has it')
    if (now() > fromInstant(assignment.acceptBy)) return reject(shop, assignment, 'expired', null)
    if (!shop.holdsStore() || (!searchable && current && isOnItsWay(journal, current))) return 'waiting'

    surelyUnwritten.delete(assignmentId)
    let write: PosWrite
    try {
      write = await pos.writeOrder(assignment)
    } catch (error) {
      if (searchable) throw error
      return doubt(shop, assignmentId, 'the POS failed while it wrote this order, and it cannot be searched for it')
    }
    if (!write.ok) return reject(shop, assignment, write.reason, write.detail)
    return accept(shop, assignment, write.posReference, write.stockFell, null)
  })
}

/** INTENT is on disk before the POS is asked to write, and numbered where the POS cannot be searched. False when a cancel came first. */
function setIntent({ journal, pos, now }: Shop, assignmentId: string): boolean {
  return journal.transaction(() => {
    if (journal.inbox.get(assignmentId)?.state !== 'received') return false
    journal.inbox.change(assignmentId, { state: 'intent' }, now())
    if (pos.capabilities.duplicates === 'possible') journal.append([{ type: 'order.journaled', occurredAt: toInstant(now()), data: { assignmentId } }])
    return true
  })
}

/** The outcome and its events are one commit, and only while the work is still open. */
function settle(shop: Shop, assignmentId: string, outcome: Settled, change: InboxChange, events: OutgoingEvent[]): Settled {
  return shop.journal.transaction((): Settled => {
    if (shop.journal.inbox.get(assignmentId)?.state !== 'intent') return 'moved-on'
    shop.journal.inbox.change(assignmentId, change, shop.now())
    shop.journal.append(events)
    return outcome
  })
}

async function accept(shop: Shop, assignment: Assignment, posReference: string, stockFell: boolean, progress: ReturnType<typeof progressOf>): Promise<Settled> {
  const levels = await shop.pos.readLevels(skusOf(assignment))
  const events = [acceptedEvent(assignment, posReference, stockFell, levels, shop.now())]
  if (progress) events.push(statusEvent(assignment.assignmentId, progress, shop.now()))
  return settle(shop, assignment.assignmentId, 'accepted', { state: 'done', posReference, stockFell, ...(progress ? { progress } : {}) }, events)
}

async function reject(shop: Shop, assignment: Assignment, reason: RejectReason, detail: string | null): Promise<Settled> {
  const { assignmentId } = assignment
  const levels = await shop.pos.readLevels(skusOf(assignment))
  const events = [rejectedEvent(assignmentId, reason, detail, levels, shop.now())]
  const cancelled = shop.journal.inbox.get(assignmentId)?.cancel === 'requested'
  if (cancelled) events.push(cancelEvent(assignmentId, 'struck', null, shop.now()))
  return settle(shop, assignmentId, 'rejected', { state: 'rejected', reason, detail, ...(cancelled ? { cancel: 'done' } : {}) }, events)
}

function strike(shop: Shop, assignmentId: string): Settled {
  return settle(shop, assignmentId, 'struck', { state: 'struck', cancel: 'done' }, [cancelEvent(assignmentId, 'struck', null, shop.now())])
}

function doubt(shop: Shop, assignmentId: string, detail: string): Settled {
  return settle(shop, assignmentId, 'in_doubt', { state: 'in_doubt', detail }, [inDoubtEvent(assignmentId, detail, shop.now())])
}

/**
 * Takes a cancelled order back out of the POS. Looked up first, so that a crash after the void ends in the same answer.
 * Throws what the POS throws.
 */
export async function voidOrder(shop: Shop, row: InboxRow): Promise<Settled> {
  const { journal, pos, now } = shop
  const { assignmentId, kept } = row
  return shop.turn(async () => {
    const found = await pos.findOrder(assignmentId)
    if (!shop.holdsStore()) return 'waiting'
    // A POS whose web order is a finished sale does not know that its goods have left: the desk told the journal.
    const answer = found?.state === 'void' ? 'voided' : hasLeft(journal.inbox.get(assignmentId)?.progress ?? null) ? 'refused' : await pos.voidOrder(assignmentId)
    const levels = await pos.readLevels(skusOf(kept))
    return journal.transaction((): Settled => {
      const current = journal.inbox.get(assignmentId)
      if (!current || current.cancel !== 'requested') return 'moved-on'
      const { settled, change, events } = cancelOutcome(current, {
        found, answer, searchable: pos.capabilities.duplicates === 'never', firstJournal: journal.meta.number('epoch') === FIRST_EPOCH, levels, now: now(),
      })
      journal.inbox.change(assignmentId, change, now())
      journal.append(events)
      return settled
    })
  })
}

/** Tells the outcome again as a new event, with levels read just now. */
export async function answerAgain(shop: Shop, row: InboxRow): Promise<Settled> {
  const { journal, pos, now } = shop
  return shop.turn(async () => {
    const levels = await pos.readLevels(skusOf(row.kept))
    return journal.transaction((): Settled => {
      const current = journal.inbox.get(row.assignmentId)
      if (!current) return 'moved-on'
      journal.inbox.change(row.assignmentId, { answerAgain: false }, now())
      journal.append(outcomeAgain(current, levels, now()))
      return 'told'
    })
  })
}

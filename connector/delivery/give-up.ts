import type { Assignment } from '../../contract/assignment.ts'
import type { Level, RejectReason } from '../../contract/events.ts'
import type { InboxChange, InboxRow, InboxState } from '../journal/inbox.ts'
import type { OutgoingEvent } from '../journal/outgoing-event.ts'
import type { Shop } from './accept-order.ts'
import { acceptedEvent, cancelEvent, progressOf, rejectedEvent, SEEN_BY_PERSON, skusOf, statusEvent } from './outcome.ts'

/** What a person has seen in the till about an order: its reference there, or that it is not there. `null`: nobody looked. */
export type PersonsWord = { inPos: string } | 'not-in-pos' | null
export type GiveUp = { assignmentId: string; reason: RejectReason; detail: string | null; word: PersonsWord }

/** `look`: a person must look into the till first; why, in words. `settled`: it has an outcome already, and that stands. */
export type GivenUp =
  | { kind: 'rejected'; reason: RejectReason }
  | { kind: 'accepted'; posReference: string; foundByConnector: boolean }
  | { kind: 'settled'; state: InboxState; posReference: string | null; reason: RejectReason | null }
  | { kind: 'look'; why: string }
  | { kind: 'not-doubtful' }
  | { kind: 'unknown' }

/**
 * Ends an order that cannot be brought into the POS: the edge hears a refusal with its reason and routes on by it. An order in
 * doubt ends as the person found it. Never on a guess (rules.md 2): where the POS can be searched it is looked up first, and one
 * that is found is accepted, whatever was asked; where it cannot, or is away, a person's word is needed. Asked again it changes nothing.
 *
 * In the turn, so that no write of the same order is under way. Throws what the POS throws while it is read.
 */
export function giveUp(shop: Shop, { assignmentId, reason, detail, word }: GiveUp): Promise<GivenUp> {
  const { journal, pos, turn, now } = shop
  return turn(async (): Promise<GivenUp> => {
    const row = journal.inbox.get(assignmentId)
    if (!row) return { kind: 'unknown' }
    const { assignment } = row
    if (!assignment || !isOpen(row)) return { kind: 'settled', state: row.state, posReference: row.posReference, reason: row.reason }

    const searchable = pos.capabilities.duplicates === 'never'
    const found = await lookUp(shop, assignmentId)
    if (found !== 'away' && found && found.state !== 'void') {
      const progress = progressOf(found.state)
      const levels = await pos.readLevels(skusOf(assignment))
      const events = [acceptedEvent(assignment, found.posReference, found.stockFell, levels, now()), ...(progress ? [statusEvent(assignmentId, progress, now())] : [])]
      return end(shop, row, { state: 'done', posReference: found.posReference, stockFell: found.stockFell, detail: null, ...(progress ? { progress } : {}) }, events, { kind: 'accepted', posReference: found.posReference, foundByConnector: true })
    }

    if (typeof word === 'object' && word !== null) {
      // The connector finds by itself what is in a POS that can be searched; a reference it does not find would hide a second sale.
      if (row.state !== 'in_doubt') return { kind: 'not-doubtful' }
      const stockFell = pos.capabilities.stockFallsAt === 'accept'
      const levels = await pos.readLevels(skusOf(assignment))
      return end(shop, row, { state: 'done', posReference: word.inPos, stockFell, detail: SEEN_BY_PERSON }, [acceptedEvent(assignment, word.inPos, stockFell, levels, now())], { kind: 'accepted', posReference: word.inPos, foundByConnector: false })
    }
    if (word !== 'not-in-pos') {
      if (row.state === 'in_doubt') return { kind: 'look', why: 'it is not known whether the POS has this order' }
      if (found === 'away') return { kind: 'look', why: 'the POS cannot be asked now whether it has this order' }
      if (!searchable) return { kind: 'look', why: 'a write may have begun, and this POS cannot be searched for an order' }
    }
    const levels = found === 'away' ? [] : await pos.readLevels(skusOf(assignment))
    return refuse(shop, row, assignment, reason, detail, levels)
  })
}

const isOpen = ({ state }: InboxRow): boolean => state === 'received' || state === 'intent' || state === 'in_doubt'

/** `away`: the POS does not answer; a person may still know. */
async function lookUp({ pos }: Shop, assignmentId: string) {
  try {
    return await pos.findOrder(assignmentId)
  } catch {
    return 'away' as const
  }
}

function refuse(shop: Shop, row: InboxRow, { assignmentId }: Assignment, reason: RejectReason, detail: string | null, levels: Level[]): GivenUp {
  const at = shop.now()
  const cancelled = row.cancel === 'requested'
  const events = [rejectedEvent(assignmentId, reason, detail, levels, at), ...(cancelled ? [cancelEvent(assignmentId, 'struck', null, at)] : [])]
  return end(shop, row, { state: 'rejected', reason, detail, ...(cancelled ? { cancel: 'done' as const } : {}) }, events, { kind: 'rejected', reason })
}

/** One commit, and only while nobody else has ended it: a cancel is taken down outside the turn. */
function end({ journal, now }: Shop, row: InboxRow, change: InboxChange, events: OutgoingEvent[], outcome: GivenUp): GivenUp {
  return journal.transaction((): GivenUp => {
    const current = journal.inbox.get(row.assignmentId)
    if (!current || current.state !== row.state || current.cancel !== row.cancel) {
      return { kind: 'settled', state: current?.state ?? row.state, posReference: current?.posReference ?? null, reason: current?.reason ?? null }
    }
    journal.inbox.change(row.assignmentId, change, now())
    journal.append(events)
    return outcome
  })
}

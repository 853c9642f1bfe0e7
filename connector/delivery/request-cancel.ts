import { toInstant } from '../../contract/clock.ts'
import { isUnfinished } from '../journal/inbox.ts'
import type { OutgoingEvent } from '../journal/outgoing-event.ts'
import type { Journal } from '../journal/journal.ts'
import { isOnItsWay } from './receive-order.ts'

export type CancelRequested = 'struck' | 'requested' | 'settled'

const struckEvent = (assignmentId: string, now: number): OutgoingEvent =>
  ({ type: 'order.cancel_result', occurredAt: toInstant(now), data: { assignmentId, outcome: 'struck' } })

/**
 * Takes a cancel down. What never came, or has not gone to the POS, is struck at once and stays struck: a late delivery of
 * it is refused. The answer is the writer's in every case, after a look into the POS: a journal that was lost or came back
 * from a backup may have written what this one has never heard of. `now` is epoch ms.
 *
 * Asked again, an answer that the edge confirmed and lost all the same is told as a new event; after a refusal the POS is
 * asked anew, for the staff may have changed their mind. An answer that is still on its way answers both wishes.
 */
export function requestCancel(journal: Journal, assignmentId: string, now: number): CancelRequested {
  return journal.transaction((): CancelRequested => {
    const row = journal.inbox.get(assignmentId)
    if (!row) {
      journal.inbox.insert({ assignmentId, bodyHash: null, assignment: null, state: 'struck', cancel: 'requested' }, now)
      return 'struck'
    }
    if (row.cancel === 'requested') return 'requested'
    if (row.cancel !== 'none' && !isUnfinished(row) && isOnItsWay(journal, row)) return 'settled'
    if (row.cancel === 'done') {
      journal.inbox.change(assignmentId, { answerAgain: true }, now)
      return 'settled'
    }
    switch (row.state) {
      case 'received':
        journal.inbox.change(assignmentId, { state: 'struck', cancel: 'requested' }, now)
        return 'struck'
      case 'rejected':
        // Nothing of it stands in the POS: to the one who cancels that is the same as struck.
        journal.inbox.change(assignmentId, { cancel: 'done' }, now)
        journal.append([struckEvent(assignmentId, now)])
        return 'settled'
      case 'intent':
      case 'done':
      case 'in_doubt':
      case 'struck':
      case 'voided':
        journal.inbox.change(assignmentId, { cancel: 'requested' }, now)
        return 'requested'
    }
  })
}

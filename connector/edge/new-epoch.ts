import type { Shop } from '../delivery/accept-order.ts'
import { levelsOf, withLevels, type OutgoingEvent } from '../journal/outgoing-event.ts'

/**
 * Goes over to a new epoch. The first one a journal gets takes over what was numbered before it. A later one (the journal
 * came from a backup, or the edge has lost the thread) starts the numbering anew:
 *
 * - Sales and order events that the edge has not confirmed are told again in their order, with new numbers. Their levels are
 *   read anew: a level of a new epoch counts at once, so one that was read before an older write must not come back in it.
 * - Catalogue and stock events are dropped with the baseline; the reconcile that follows compares everything with the edge.
 * - The edge offers every assignment without a final outcome again; what is known here is then answered again.
 *
 * Throws what the POS or the disk throws: the epoch is then not taken, and the next try asks the edge for another.
 */
export async function enterEpoch(shop: Shop, epoch: number): Promise<'first' | 'renumbered'> {
  const { journal, pos, turn } = shop
  if (journal.meta.number('epoch') === null) {
    journal.takeFirstEpoch(epoch)
    return 'first'
  }
  return turn<'renumbered'>(async () => {
    const skus = [...new Set(journal.outbox.allWaiting().flatMap(levelsOf).map(({ sku }) => sku))]
    const read = new Map((skus.length > 0 ? await pos.readLevels(skus) : []).map(({ sku, onHand }) => [sku, onHand]))
    journal.transaction(() => {
      // Read again inside: orders may have been journaled meanwhile, without a level among them.
      const carried = journal.outbox.allWaiting().filter(isToldAgain).map((event) => withLevels(event, read))
      journal.startEpoch(epoch, carried)
    })
    return 'renumbered'
  })
}

const isToldAgain = (event: OutgoingEvent): boolean => event.type === 'sale.recorded' || event.type.startsWith('order.')

/** Whether the edge has confirmed more than this journal ever sent or numbered: the journal is an old copy. */
export const isOldJournal = (ackedSeq: number, knownSeq: number): boolean => ackedSeq > knownSeq

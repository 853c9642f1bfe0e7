import type { Shop } from '../delivery/accept-order.ts'
import { acceptedEvent, hasLeft, inDoubtEvent, progressOf, SEEN_BY_PERSON, skusOf, statusEvent } from '../delivery/outcome.ts'
import type { InboxRow } from '../journal/inbox.ts'

/** `lost`: the till had it and no longer has it. `found-again`: it had been lost, or in doubt, and is there. */
export type LookedUp = 'lost' | 'found-again'

/** More than a store works on. Many a shop never says that an order was handed out, so there may be years of them. */
const LOOKED_UP_MAX = 1000
/** After so many the till is read on. */
const PAGE_SIZE = 100

/**
 * Looks up every order that the till is believed to have and the shopper does not have yet. A till that came back from a backup has lost those
 * written since, and says nothing of it. What a POS that can be searched does not find is not there (rules.md 2); whether its goods were
 * set aside, and whether it is to be written once more, a person decides: the order is in doubt, on the desk and with the operator, and the connector
 * neither writes nor refuses it by itself. One that is there after all is accepted again.
 * A backup takes the latest, so these come first, and the look goes on for as long as some are missing. `meanwhile` is called between two pages of them.
 * Throws what the POS throws: what was told until then stands, and the next look finds the rest.
 */
export async function lookForOrders(shop: Shop, signal: AbortSignal, tell: (assignmentId: string, became: LookedUp) => void, meanwhile: () => Promise<void> = async () => {}): Promise<void> {
  const { inbox } = shop.journal
  if (shop.pos.capabilities.duplicates === 'possible') return
  for (let before: number | null = null, looked = 0; ;) {
    const page = inbox.inPos(before, PAGE_SIZE)
    for (const { assignmentId } of page) {
      if (signal.aborted) return
      const became = await lookUp(shop, assignmentId)
      if (became !== null) tell(assignmentId, became)
    }
    looked += page.length
    const isMissing = page.some(({ assignmentId }) => inbox.get(assignmentId)?.state === 'in_doubt')
    if (page.length < PAGE_SIZE || (looked >= LOOKED_UP_MAX && !isMissing)) return
    before = page.at(-1)?.arrival ?? null
    await meanwhile()
  }
}

/** What has left the shop is nobody's work any more, a cancel under way looks for itself, and what a person has found stays found. */
const isLookedFor = ({ state, progress, cancel, detail }: InboxRow): boolean =>
  cancel !== 'requested' && ((state === 'done' && !hasLeft(progress) && detail !== SEEN_BY_PERSON) || state === 'in_doubt')

/** One at a time in the turn, so that work goes on between two of them, and none is written meanwhile. */
function lookUp(shop: Shop, assignmentId: string): Promise<LookedUp | null> {
  const { journal, pos, turn, now } = shop
  return turn(async () => {
    const before = journal.inbox.get(assignmentId)
    if (!before?.assignment || !isLookedFor(before)) return null
    const found = await pos.findOrder(assignmentId)
    const isThere = found !== null && found.state !== 'void'
    // What the till holds as void was taken back there, and is told by the capture.
    if (before.state === 'done' ? found !== null : !isThere) return null
    const levels = isThere ? await pos.readLevels(skusOf(before.assignment)) : []
    return journal.transaction((): LookedUp | null => {
      const row = journal.inbox.get(assignmentId)
      if (!row?.assignment || row.state !== before.state || row.cancel !== before.cancel) return null
      const at = now()
      if (!isThere) {
        const detail = `the till had this order as ${row.posReference ?? assignmentId} and no longer has it, as after a restore from a backup`
        journal.inbox.change(assignmentId, { state: 'in_doubt', detail }, at)
        journal.append([inDoubtEvent(assignmentId, detail, at)])
        return 'lost'
      }
      const { posReference, stockFell } = found
      const progress = progressOf(found.state)
      journal.inbox.change(assignmentId, { state: 'done', posReference, stockFell, detail: null, ...(progress ? { progress } : {}) }, at)
      journal.append([acceptedEvent(row.assignment, posReference, stockFell, levels, at), ...(progress ? [statusEvent(assignmentId, progress, at)] : [])])
      return 'found-again'
    })
  })
}


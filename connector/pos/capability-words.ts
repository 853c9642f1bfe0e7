import type { PosCapabilities } from './port.ts'

/** What a POS can do and what that means for the shop, a sentence each, in the order in which store IT would ask. No line of it is a fault. */
export function inWords(capabilities: PosCapabilities): string[] {
  return [
    `Changes: ${CHANGES[capabilities.changes]}. ${seen(capabilities.seenAfterMs)}`,
    capabilities.seesDeletes
      ? 'Deletes: an item that leaves the POS is told as removed.'
      : 'Deletes: the POS does not tell them; an item that left it is found by the next comparison with the edge (reconcile.everyMinutes), unless the till only ever names what changed: then retire it there instead of deleting it.',
    ...(capabilities.takesOrders ? ofOrders(capabilities) : ['Orders: none. The POS is only read, and every web order for this store is refused, so that the edge asks another store. Ask the operator to pause its orders, which goods and stock do not mind.']),
  ]
}

function ofOrders(capabilities: Pick<PosCapabilities, 'stockFallsAt' | 'duplicates'>): string[] {
  return [
    capabilities.stockFallsAt === 'accept'
      ? 'Stock: the POS takes the goods of a web order off as the order is written.'
      : 'Stock: the POS takes the goods of a web order off when the staff complete it; until then the edge keeps them reserved.',
    capabilities.duplicates === 'never'
      ? 'Orders: each is looked up by its reference before it is written, so it is in the POS once, whatever fails.'
      : 'Orders: the POS cannot be searched for them; one whose write broke off waits for a person (tillbridge-connector orders list).',
  ]
}

const CHANGES: Record<PosCapabilities['changes'], string> = {
  cursor: 'read from where the last reading ended',
  snapshot: 'found by comparing everything with what was read before',
}

const SECOND_MS = 1000
const MINUTE_MS = 60 * SECOND_MS
const HOUR_MS = 60 * MINUTE_MS

/** What nobody has measured is not claimed: by the pause alone a large shop would seem as quick as a small one. */
const UNMEASURED = 'How late the POS shows one goes by how long a comparison takes: the running connector measures it, and doctor says it then.'

const seen = (ms: number | null): string =>
  ms === null ? UNMEASURED : ms === 0 ? 'The next poll sees each one.' : `The POS shows one ${duration(ms)} late at the most; the next poll sees it then.`

/** A length of time as people say it: the largest unit that does not make it shorter than it is. */
function duration(ms: number): string {
  if (ms < SECOND_MS) return `${Math.ceil(ms)} ms`
  if (ms < 2 * MINUTE_MS) return counted(Math.ceil(ms / SECOND_MS), 'second')
  if (ms < 2 * HOUR_MS) return counted(Math.ceil(ms / MINUTE_MS), 'minute')
  return counted(Math.ceil(ms / HOUR_MS), 'hour')
}

const counted = (n: number, unit: string): string => `${n} ${unit}${n === 1 ? '' : 's'}`

import type { SoughtBy } from '../../contract/operator.ts'
import { faultName } from '../log.ts'
import type { LogFields } from '../log.ts'
import type { StoreLinkRpc } from '../stores/port.ts'
import { eraseOrder } from './erase-order.ts'
import type { EraseOrderPorts } from './erase-order.ts'
import { searchAgain } from './search-again.ts'
import type { SearchAgainPorts } from './search-again.ts'
import { isSought, journalState, stepped, withJournals } from './erasure.ts'
import type { ErasureBook, ErasureProgress, ErasureRecord } from './port.ts'

export type ErasurePorts = Omit<EraseOrderPorts, 'links' | 'orders'> & Omit<SearchAgainPorts, 'links' | 'orders'> & {
  orders: EraseOrderPorts['orders'] & SearchAgainPorts['orders']
  erasures: Pick<ErasureBook, 'insert' | 'find' | 'open' | 'write' | 'customersAfter'>
  links: { link(storeId: string): Pick<StoreLinkRpc, 'erase' | 'erasedAfter' | 'facts' | 'progress'> }
  newId: () => string
  log: (event: string, fields: LogFields) => void
}

/** What one run looks at; the next, a minute later, goes on. */
const ERASURES_PER_RUN_MAX = 10
/** Rows of D1 read in one statement, and in one run: half a million in a run take some seconds of the database. */
const SEARCHED_AT_ONCE = 2_000
const PAGES_PER_RUN_MAX = 25
/** An order takes some ten calls, and a Worker has a thousand. */
const ORDERS_PER_RUN_MAX = 50
/** More for one customer is a mistake in whom was named, such as the shop's own address. */
const ORDERS_PER_ERASURE_MAX = 5_000
/** So many may wait for stores at once, to be compared with a new one. */
const OPEN_MAX = 500

/** Begins an erasure, or finds the one that is open for the same customer, and takes its first step. */
export async function requestErasure(ports: ErasurePorts, by: SoughtBy, sought: string, why: string): Promise<ErasureRecord> {
  const open = (await ports.erasures.open(OPEN_MAX)).find((each) => each.soughtBy === by && (each.sought === sought || (by === 'orderId' && each.progress.orders[0]?.orderId === sought)))
  if (open) return open
  const now = ports.clock()
  const isNamed = by === 'orderId'
  const erasure: ErasureRecord = {
    erasureId: `era_${ports.newId()}`, state: 'searching', soughtBy: by, sought: isNamed ? null : sought, why, dueAt: now, createdAt: now, updatedAt: now,
    progress: { searchedUpTo: isNamed ? null : '', orders: isNamed ? [{ orderId: sought, state: 'waiting' }] : [], deadLetters: 0, journals: [] },
  }
  await ports.erasures.insert(erasure)
  return stepErasure(ports, erasure)
}

/** One run of the sweep: each open erasure goes a step further. Answers how many. */
export async function runErasures(ports: ErasurePorts): Promise<number> {
  const open = await ports.erasures.open(ERASURES_PER_RUN_MAX, ports.clock())
  for (const erasure of open) {
    try {
      await stepErasure(ports, erasure)
    } catch (error) {
      ports.log('erasure.failed', { erasureId: erasure.erasureId, error: faultName(error) })
    }
  }
  return open.length
}

/** Searches on, erases what may be erased, asks the stores. Written at the end: what a crash leaves is done again and changes nothing. */
async function stepErasure(ports: ErasurePorts, erasure: ErasureRecord): Promise<ErasureRecord> {
  const searched = await search(ports, erasure)
  const erased = await eraseWhatMay(ports, searched)
  const asked = await askJournals(ports, erased)
  const next = stepped(erasure, asked, ports.clock())
  await ports.erasures.write(next)
  ports.log('erasure.stepped', { erasureId: next.erasureId, state: next.state, orders: next.progress.orders.length, deadLetters: next.progress.deadLetters })
  return next
}

async function search(ports: ErasurePorts, { soughtBy, sought, progress }: ErasureRecord): Promise<ErasureProgress> {
  if (soughtBy === 'again') return searchAgain(ports, progress)
  let { searchedUpTo, deadLetters } = progress
  const found = [...progress.orders]
  // A letter may name a customer and no order. Once is enough: from then on the orders' own words are looked for.
  if (searchedUpTo === '' && sought !== null && soughtBy === 'email') deadLetters += await ports.deadLetters.erase([sought], [sought], ports.clock())
  for (let pages = 0; searchedUpTo !== null && sought !== null && pages < PAGES_PER_RUN_MAX; pages++) {
    const page = await ports.erasures.customersAfter(searchedUpTo, SEARCHED_AT_ONCE)
    for (const customer of page.customers) if (isSought(soughtBy, sought, customer) && found.length < ORDERS_PER_ERASURE_MAX) found.push({ orderId: customer.orderId, state: 'waiting' })
    searchedUpTo = page.last
  }
  return { ...progress, searchedUpTo, orders: found, deadLetters }
}

async function eraseWhatMay(ports: ErasurePorts, progress: ErasureProgress): Promise<ErasureProgress> {
  let next = progress
  const states = new Map<string, 'waiting' | 'erased'>()
  for (const { orderId } of progress.orders.filter(({ state }) => state === 'waiting').slice(0, ORDERS_PER_RUN_MAX)) {
    const { state, deadLetters, journals } = await eraseOrder(ports, orderId)
    states.set(orderId, state)
    next = withJournals({ ...next, deadLetters: next.deadLetters + deadLetters }, journals)
  }
  // Those that have to wait go to the end of the line, so that they keep no others waiting.
  const orders = next.orders.map((each) => ({ ...each, state: states.get(each.orderId) ?? each.state }))
  return { ...next, orders: [...orders.filter(({ orderId }) => !states.has(orderId)), ...orders.filter(({ orderId }) => states.has(orderId))] }
}

async function askJournals(ports: ErasurePorts, progress: ErasureProgress): Promise<ErasureProgress> {
  const journals = await Promise.all(progress.journals.map(async (journal) => {
    if (journal.state === 'erased') return journal
    const now = ports.clock()
    return { ...journal, state: journalState(await ports.links.link(journal.storeId).facts(now), journal.upTo, now) }
  }))
  return { ...progress, journals }
}

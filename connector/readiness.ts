import { fromInstant, toInstant } from '../contract/clock.ts'
import type { Quarantine } from '../contract/feed.ts'
import type { Failing, Refused } from './control/activity.ts'
import type { RefusedHere } from './delivery/refused-here.ts'
import type { FaultFields } from './fault.ts'
import type { InboxRow } from './journal/inbox.ts'
import { hasFailed } from './journal/last-try.ts'

/** Whether web orders that come now get into the till, and if not, what they wait for. `troubles` says more, also of what does not keep orders out. */
export type Readiness = { ready: boolean; waitingFor: string[]; troubles: string[] }

export type ReadinessFacts = {
  now: number
  hasEpoch: boolean
  synced: boolean
  /** The last call to it came through, and what changes there is read. */
  posReadable: boolean
  /** Why it takes no orders, with what to do; null while it has room. */
  journalFull: string | null
  /** Since when calls to the edge fail, epoch ms. */
  edgeAwaySince: number | null
  /** What the feed holds back for a person. */
  held: Quarantine | null
  /** Orders that this POS or its configuration did not take lately, the latest first. */
  refusedOrders: readonly RefusedHere[]
  refused: Refused | null
  failing: readonly Failing[]
  /** Orders that were tried and are not finished, the oldest first. */
  stuck: readonly Pick<InboxRow, 'assignmentId' | 'lastTry'>[]
  /** When the POS last took an order in, or gave one back. */
  workedAt: number | null
}

/** A lock, a backup, a restart of the till is over by then. */
export const NOTHING_GOES_IN_MS = 5 * 60_000
/** A line that blinks is none. */
export const EDGE_AWAY_MS = 20_000
/** An order refused by a mistake is told so long. */
export const REFUSED_LATELY_MS = 24 * 3_600_000
/** Each order is one sentence; the rest are counted. */
const NAMED_MAX = 5

/**
 * One order that the POS does not take is that order's trouble: it is named, and the connector stays ready, since the others go in. When
 * an order has been tried in vain for five minutes and none has gone in since, it is the POS's: not ready. Only a monitor reads
 * this; the edge reroutes by `acceptBy` and by what the heartbeat says, so no order is lost or sent twice by a wrong guess here.
 */
export function readinessOf(facts: ReadinessFacts): Readiness {
  const { now, refused, workedAt } = facts
  const stuck = facts.stuck.flatMap(({ assignmentId, lastTry }) => (hasFailed(lastTry) ? [{ assignmentId, lastTry }] : []))
  const takesNone = stuck.some(({ lastTry: { since } }) => now - since >= NOTHING_GOES_IN_MS && (workedAt === null || workedAt < since))
  const waitingFor = [
    ...(facts.hasEpoch ? [] : ['the first word of the edge']),
    ...(refused ? [refused.waitsFor] : []),
    ...(facts.synced ? [] : ['the first sync']),
    ...(facts.posReadable ? [] : ['the POS']),
    ...(takesNone ? ['the POS to take an order'] : []),
    ...(facts.journalFull ? ['room in the journal'] : []),
  ]
  const troubles = [
    ...(facts.journalFull ? [`no web order is taken down: ${facts.journalFull}`] : []),
    ...(refused === null && facts.edgeAwaySince !== null && now - facts.edgeAwaySince >= EDGE_AWAY_MS ? [`the edge has not answered since ${toInstant(facts.edgeAwaySince)}: web orders wait there, what the till does waits here, and nothing is lost. What to do: look at this machine's line; tillbridge-connector doctor says how far a call gets`] : []),
    ...(facts.held ? [heldInWords(facts.held)] : []),
    ...(refused ? [`${refused.why}. What to do: ${refused.hint}`] : []),
    ...facts.failing.filter((each) => !isSaidBy(facts.failing, each)).map((each) => `${PART_WORDS[each.part]} fails since ${toInstant(each.since)}: ${inWords(each)}`),
    ...stuck.slice(0, NAMED_MAX).map(({ assignmentId, lastTry }) => `order ${assignmentId} was tried ${lastTry.count === 1 ? 'once' : `${lastTry.count} times`} since ${toInstant(lastTry.since)}: ${inWords(lastTry)}`),
    ...facts.refusedOrders.slice(0, NAMED_MAX).map(({ assignmentId, number, at, reason, detail, hint }) => `order ${number ?? assignmentId} was refused at ${toInstant(at)} (${reason}): ${detail}. What to do: ${hint}`),
    ...(stuck.length > NAMED_MAX ? ['more orders than these are being tried again: tillbridge-connector orders list --open'] : []),
  ]
  return { ready: waitingFor.length === 0, waitingFor, troubles }
}

/** A POS that is away fails every part: once is enough. */
const isSaidBy = (failing: readonly Failing[], { part, cause }: Failing): boolean => part === 'comparison' && cause === 'pos' && failing.some((each) => each.part === 'capture' && each.cause === 'pos')

const PART_WORDS: Record<Failing['part'], string> = { capture: 'reading what changes in the POS', comparison: 'the comparison with the edge' }

const inWords = ({ fault, why, hint }: FaultFields): string => `${why === undefined ? '' : `${why} `}(${fault})${hint === undefined ? '' : `. What to do: ${hint}`}`

/** As staff would say it: how much of the shop, and who decides. */
function heldInWords({ since, zeroed, removed, repriced, drifted, refused }: Quarantine): string {
  const what = [[zeroed, 'sold out'], [removed, 'gone'], [repriced, 'of another price'], [drifted, 'other than the edge has them']] as const
  const said = what.filter(([count]) => count > 0).map(([count, words]) => `${count} ${words}`).join(', ')
  return `a change of much of the shop is held back since ${toInstant(fromInstant(since))} (SKUs: ${said})${refused ? ', and the operator has refused it' : ''}: the web keeps the last good state. What to do: put it right in the POS, or, if it is meant, have the operator approve it`
}

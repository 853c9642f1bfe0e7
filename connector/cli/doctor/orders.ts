import { systemClock, toInstant } from '../../../contract/clock.ts'
import { isOnDisk } from '../../journal/database.ts'
import type { InboxRow } from '../../journal/inbox.ts'
import { hasFailed, type LastTry } from '../../journal/last-try.ts'
import { readJournal } from '../../journal/read-only.ts'
import { JournalRefused } from '../../journal/schema.ts'
import { duration, whatHappened } from '../say.ts'
import { broken, doubtful, fine, type Finding } from './finding.ts'

/** A lock, a backup, a restart of the till is over by then; what is still tried in vain will not mend itself. */
const IN_VAIN_MS = 5 * 60_000
/** Of orders in one sentence. */
const NAMED_MAX = 5
/** As many waiting orders as one look takes; `orders list --open` has them all. */
const ROWS_MAX = 1_000

/** What waits in the journal for the POS or the edge, and what hinders it. Reads beside a running connector. */
export function lookAtOrders(file: string, isRunning: boolean): Finding[] {
  if (!isOnDisk(file)) return []
  try {
    return waitingFindings(readJournal(file, ({ list }) => list({ states: null, openOnly: true, since: null, limit: ROWS_MAX })), isRunning, systemClock())
  } catch (error) {
    // That it is no journal, or one of another version, is told where the journal is looked at.
    if (error instanceof JournalRefused) return []
    throw error
  }
}

type Waiting = Pick<InboxRow, 'assignmentId' | 'assignment' | 'state' | 'receivedAt' | 'lastTry'>

/** One finding for each thing that hinders orders, however many those are. What is in doubt waits for a person, and is told with the journal. */
export function waitingFindings(rows: readonly Waiting[], isRunning: boolean, now: number): Finding[] {
  const waiting = rows.filter(({ state }) => state !== 'in_doubt')
  if (waiting.length === 0) return [fine('web orders', 'none waits')]
  const tried = waiting.flatMap(({ lastTry, ...row }) => (lastTry === null ? [] : [{ ...row, lastTry }]))
  const findings = [...Map.groupBy(tried, ({ lastTry: { fault, why } }) => JSON.stringify([fault, why])).values()].map((alike) => hindered(alike, now))
  if (findings.length > 0) return findings
  const oldest = Math.min(...waiting.map(({ receivedAt }) => receivedAt))
  const words = `${waiting.length} in the journal ${waiting.length === 1 ? 'waits' : 'wait'}, the oldest for ${duration((now - oldest) / 1000)}`
  return [isRunning ? fine('web orders', words) : doubtful('web orders', words, 'start the connector, which brings them into the POS')]
}

function hindered(alike: readonly (Waiting & { lastTry: LastTry })[], now: number): Finding {
  const [first] = alike.map(({ lastTry }) => lastTry)
  const since = Math.min(...alike.map(({ lastTry }) => lastTry.since))
  const names = alike.map(({ assignment, assignmentId }) => assignment?.number ?? assignmentId)
  const more = names.length > NAMED_MAX ? ` and ${names.length - NAMED_MAX} more` : ''
  const times = Math.max(...alike.map(({ lastTry }) => lastTry.count))
  const detail = `${names.slice(0, NAMED_MAX).join(', ')}${more}: tried ${times === 1 ? 'once' : `${times} times`} in vain since ${toInstant(since)}: ${whatHappened(first ?? {})}`
  const fix = `${first?.hint ?? 'look into the till and the log'}; tillbridge-connector orders show ${names[0]} says more, orders retry tries it now, orders give-up ends it`
  const isStuck = alike.some(({ lastTry }) => hasFailed(lastTry)) && now - since >= IN_VAIN_MS
  return (isStuck ? broken : doubtful)('web orders', detail, fix)
}

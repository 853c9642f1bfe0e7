import { fromInstant, systemClock } from '../../contract/clock.ts'
import type { ConnectorConfig } from '../config/config.ts'
import { findConnector } from '../control/control-client.ts'
import { STUCK_MAX } from '../control/activity.ts'
import { LiveStatus, type Doing, type Trouble } from '../control/live-status.ts'
import { isOnDisk } from '../journal/database.ts'
import { readJournalStatus, type JournalStatus } from '../journal/journal-status.ts'
import { JournalRefused } from '../journal/schema.ts'
import { lastFiles, reportInWords, type FileReport } from '../pos/csv/file-report.ts'
import { EXIT, type ExitCode } from './exit-codes.ts'
import { readConfig } from './read-config.ts'
import { complain, counted, duration, faultText, say, sayJson, whatHappened } from './say.ts'

/** The journal's facts, and those of the running connector; `live` is `null` when it does not run or cannot be asked. */
export type StatusReport = JournalStatus & {
  /** Age of the oldest event the edge has not confirmed, seconds; 0 when it has all. */
  lagS: number
  /**
   * Age of what is known, seconds: since the POS was last seen whole and that was on disk, and since the edge had confirmed everything.
   * A quiet shop stays fresh; one whose journal takes nothing, or whose edge answers and confirms nothing, does not.
   */
  fresh: { posS: number | null; edgeS: number | null }
  live: LiveStatus | null
  /** Why a connector that runs could not be asked. */
  notAsked: string | null
  /** Of a POS that exchanges files, what the last ones brought, newest first; `null`: it cannot be read by this user. */
  files?: FileReport[] | null
}

export function reportOf(journal: JournalStatus, live: LiveStatus | null, notAsked: string | null, now: number): StatusReport {
  const lagS = journal.waitingSince === null ? 0 : Math.max(0, Math.round((now - fromInstant(journal.waitingSince)) / 1000))
  return { ...journal, lagS, fresh: { posS: live?.fresh?.posS ?? null, edgeS: live?.fresh?.edgeS ?? null }, live, notAsked }
}

const NOT_ASKED = {
  denied: 'its files are for its own user: run this as that user, or with sudo',
  silent: 'it takes no commands just now: it starts or stops, or another command works on its journal',
} as const

/** What the journal and, when it runs, the connector say. Throws what the disk throws. */
export async function readStatus(config: ConnectorConfig): Promise<StatusReport> {
  const { file } = config.journal
  const found = await findConnector(file)
  const live = found.kind === 'running' ? await found.ask('GET', '/status', LiveStatus) : null
  const report = reportOf(readJournalStatus(file), live, found.kind === 'denied' || found.kind === 'silent' ? NOT_ASKED[found.kind] : null, systemClock())
  return config.pos.type === 'csv' ? { ...report, files: lastFiles(config.pos) } : report
}

/** Reads the journal, running or not, asks the connector when it runs, and says how the shop stands. */
export async function status(configPath: string, options: { json?: boolean | undefined }): Promise<ExitCode> {
  const config = readConfig(configPath)
  if (!config) return EXIT.configuration
  const { file } = config.journal
  const what = 'The status cannot be read'
  try {
    if (!isOnDisk(file)) {
      complain({ what, why: `there is no journal at ${file} yet: the connector has not run with this configuration`, todo: 'start it with "run", or look at journal.file' })
      return EXIT.journal
    }
    const report = await readStatus(config)
    if (options.json) sayJson(report)
    else say(inWords(report).join('\n'))
    return EXIT.ok
  } catch (error) {
    complain({ what, why: error instanceof JournalRefused ? error.message : faultText(error), todo: 'run it as the connector\'s user (or root); see "tillbridge-connector docs store-it"' })
    return EXIT.journal
  }
}

export function inWords(report: StatusReport): string[] {
  const { live, feed, drift } = report
  const inbox = Object.entries(report.inbox).map(([state, count]) => `${count} ${state}`).join(', ') || 'none yet'
  return [
    `store       ${report.storeId}`,
    `connector   ${report.connectorId}, ${report.running ? live ? `running since ${live.startedAt}, version ${live.version}` : `running; ${report.notAsked}` : 'not running'}`,
    ...(report.contradiction && !report.running ? [`            ended at ${report.contradiction.at}: ${whatHappened(report.contradiction)}`, ...todo({ hint: report.contradiction.hint && `        ${report.contradiction.hint}` })] : []),
    ...(report.heldBy ? [`            sent away at ${report.heldBy.at}: ${report.heldBy.holder ?? 'another connector'} serves this store. Stop that one, wait half a minute, start this one`] : []),
    ...(live ? live.doing.map((each, index) => `${index === 0 ? 'now         ' : '            '}${doingInWords(each)}`) : []),
    `numbering   epoch ${report.epoch ?? 'none yet'}, last ${report.lastSeq}, confirmed ${report.ackedSeq}`,
    `to send     ${report.outbox === 0 ? 'nothing: the edge has everything' : `${counted(report.outbox, 'event')}, the oldest ${duration(report.lagS)} old`}`,
    `orders      ${inbox}${needsLook(report.inbox) ? '; "tillbridge-connector orders list --open" says what they wait for' : ''}`,
    ...(live ? [`seen        the POS ${ago(live.pos.lookedAgoS)}, the edge ${ago(live.edge.answeredAgoS)}`] : []),
    `first sync  ${report.synced ? 'done' : 'not done'}${report.reconcileWanted ? ', a comparison with the edge is due' : ''}`,
    ...filesInWords(report.files),
    ...(report.refused > 0 ? [`quarantine  ${counted(report.refused, 'row')} of the POS cannot be read: tillbridge-connector quarantine list`] : []),
    ...(feed.state === 'quarantined' ? [`feed        held since ${feed.since} (${feed.zeroed} to zero, ${feed.removed} removed, ${feed.repriced} repriced): the operator decides`] : []),
    ...(drift ? [`drift       ${drift.skus} of ${drift.compared} SKUs, ${counted(drift.units, 'unit')}, at ${drift.at}`] : []),
    ...(live?.stuck && live.stuck.length > 0 ? ['tried in vain', ...live.stuck.flatMap((each) => [
      `  ${each.triedAt}  ${each.number ?? each.assignmentId}${times(each.count, each.since)}: ${whatHappened(each)}`, ...todo(each)])] : []),
    ...(live && live.troubles.length > 0 ? ['last errors', ...live.troubles.flatMap((each) => [
      `  ${each.lastAt}  ${each.event}${times(each.count, each.firstAt)}${aboutWhat(each)}${each.fault || each.why ? `: ${whatHappened(each)}` : ''}${each.endedAt === undefined ? '' : ` (over since ${each.endedAt})`}`, ...(each.endedAt === undefined ? todo(each) : [])])] : []),
  ]
}

/** Of each file one line; all twenty are in --json. */
const FILES_IN_WORDS = 5
const OUTCOMES = { taken: '', older: ', older than what is known: not used', rejected: ', refused as a whole' } as const

function filesInWords(files: StatusReport['files']): string[] {
  if (files === undefined) return []
  if (files === null) return ['last files  cannot be read by this user']
  if (files.length === 0) return ['last files  none yet']
  return files.slice(0, FILES_IN_WORDS).map((file, index) =>
    `${index === 0 ? 'last files  ' : '            '}${file.takenAt}  ${file.name}${OUTCOMES[file.outcome]}: ${file.outcome === 'taken' ? reportInWords(file) : file.why ?? ''}${file.outcome === 'rejected' ? ` (${file.to}.reasons.csv)` : ''}`)
}

const needsLook = ({ received = 0, intent = 0, in_doubt = 0 }: Record<string, number>): boolean => received + intent + in_doubt > 0
const times = (count: number, since: string): string => (count > 1 ? ` (${count} times since ${since})` : '')
const aboutWhat = ({ about, abouts }: Trouble): string => (about === undefined ? '' : abouts !== undefined && abouts > 1 ? ` ${about} and ${abouts - 1} more` : ` ${about}`)
const todo = ({ hint }: { hint?: string | undefined }): string[] => (hint === undefined ? [] : [`    ${hint}`])

const ago = (seconds: number | null): string => (seconds === null ? 'not yet' : `${duration(seconds)} ago`)

const PART_WORDS = { capture: 'reading what changes in the POS', comparison: 'comparing the POS with the edge' } as const
const andNow = (doing: { hint?: string | undefined }): string => todo(doing).map((line) => `\n        ${line}`).join('')

function doingInWords(doing: Doing): string {
  switch (doing.what) {
    case 'comparing': {
      const { what, compared, total, events } = doing.progress
      return `${what === 'sync' ? 'first sync' : 'comparing with the edge'}: ${compared}${total === null ? '' : ` of ${total}`} items, ${counted(events, 'event')} to send`
    }
    case 'order': return `bringing order ${doing.assignmentId} into the POS or out of it, since ${doing.since}`
    case 'waiting-for-pos': return doing.why === undefined ? `waiting for the POS, which has not answered since ${doing.since}${andNow(doing)}` : `waiting for the POS since ${doing.since}: ${doing.why}${andNow(doing)}`
    case 'failing': return `${PART_WORDS[doing.part]} fails since ${doing.since}: ${whatHappened(doing)}${andNow(doing)}`
    case 'refused-by-edge': return `refused since ${doing.since}: ${doing.why ?? 'the edge does not accept this store\'s signature'}${andNow(doing)}`
    case 'waiting-for-edge': return doing.since === null ? 'waiting for the edge\'s word that the store is this connector\'s' : `waiting for the edge, which has not answered since ${doing.since}`
    case 'retrying': return `trying ${doing.orders >= STUCK_MAX ? `${STUCK_MAX} or more orders` : counted(doing.orders, 'order')} again that the POS has not taken`
    case 'sending': return `sending ${counted(doing.events, 'event')}`
    case 'watching': return 'watching the POS; nothing to do'
  }
}

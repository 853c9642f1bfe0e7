import { closeSync, existsSync, fsyncSync, openSync, rmSync, statfsSync, statSync, writeSync } from 'node:fs'
import { createServer } from 'node:net'
import { dirname, join } from 'node:path'
import { fromInstant, systemClock } from '../../../contract/clock.ts'
import type { ConnectorConfig } from '../../config/config.ts'
import { findConnector } from '../../control/control-client.ts'
import { LiveStatus, type Trouble } from '../../control/live-status.ts'
import { isOnDisk } from '../../journal/database.ts'
import { readJournalStatus, type JournalStatus } from '../../journal/journal-status.ts'
import { JournalRefused } from '../../journal/schema.ts'
import { counted, duration, faultText, whatHappened } from '../say.ts'
import { broken, doubtful, fine, type Finding } from './finding.ts'
import { whatToDo } from './what-to-do.ts'

const MEGABYTE = 1_000_000
/** A day of a busy shop is some ten megabytes of journal. */
const ROOM_WARN_BYTES = 500 * MEGABYTE
const ROOM_FAIL_BYTES = 50 * MEGABYTE
/** An order waits for each fsync; a disk in good health takes a few milliseconds. */
const FSYNC_WARN_MS = 200

/** What the doctor itself leaves, and takes away: nothing. */
const PROBE = 'tried with a file of one byte, which is gone again'

/** Where the journal is or will be: room, and whether the disk keeps what it was given. */
export function lookAtDisk(config: ConnectorConfig, monotonic: () => number): Finding[] {
  const wanted = dirname(config.journal.file)
  const folder = nearestFolder(wanted)
  const missing = folder === wanted ? '' : ` (${wanted} will be made)`
  const findings: Finding[] = []
  const { bavail, bsize } = statfsSync(folder)
  const room = bavail * bsize
  const roomText = `${Math.round(room / MEGABYTE)} MB free at ${folder}${missing}`
  const free = 'free disk space, or move journal.file to a larger local disk; a full disk refuses orders'
  findings.push(room < ROOM_FAIL_BYTES ? broken('disk room', roomText, free) : room < ROOM_WARN_BYTES ? doubtful('disk room', roomText, free) : fine('disk room', roomText))

  const probe = join(folder, `.tillbridge-doctor-${process.pid}`)
  try {
    const startedAt = monotonic()
    const file = openSync(probe, 'wx', 0o600)
    try {
      writeSync(file, 'x')
      fsyncSync(file)
    } finally {
      closeSync(file)
    }
    const ms = Math.round(monotonic() - startedAt)
    findings.push(ms > FSYNC_WARN_MS
      ? doubtful('disk writes', `a write took ${ms} ms to be safe (${PROBE})`, 'each order waits for such a write: use a local disk, not a network share or a card')
      : fine('disk writes', `a write is safe after ${ms} ms (${PROBE})`))
  } catch (error) {
    findings.push(broken('disk writes', `${folder} cannot be written (${faultText(error)})`, 'run the doctor as the connector\'s user, and give that user the folder; look whether the disk is mounted read-only'))
  } finally {
    // In a folder that is closed to this user there is none, and to look for it would be one more fault.
    if (existsSync(probe)) rmSync(probe)
  }
  return findings
}

function nearestFolder(path: string): string {
  for (let at = path; ; at = dirname(at)) if (existsSync(at) && statSync(at).isDirectory()) return at
}

/** Reads the journal beside a running connector; writes nothing, takes no lock and no epoch. */
export function lookAtJournal(config: ConnectorConfig): { findings: Finding[]; status: JournalStatus | null } {
  const { file } = config.journal
  let status: JournalStatus
  try {
    if (!isOnDisk(file)) return { findings: [fine('journal', `none yet at ${file}; the first run makes it`)], status: null }
    status = readJournalStatus(file)
  } catch (error) {
    const [why, fix] = error instanceof JournalRefused
      ? [error.message, 'name another journal.file, or install the connector that wrote it ("tillbridge-connector docs store-it", "What to know")']
      : [faultText(error), 'run the doctor as the connector\'s user, or with sudo']
    return { findings: [broken('journal', `${file} cannot be read: ${why}`, fix)], status: null }
  }
  const findings: Finding[] = []
  findings.push(status.storeId === config.store.id
    ? fine('journal', `schema ${status.schemaVersion}, epoch ${status.epoch ?? 'none yet'}, ${counted(status.outbox, 'event')} to send`)
    : broken('journal', `it belongs to store "${status.storeId}", the configuration says "${config.store.id}"`, 'give this store a journal file of its own, or mend store.id'))
  const doubts = status.inbox['in_doubt'] ?? 0
  if (doubts > 0) findings.push(doubtful('orders in doubt', `${doubts}: nobody knows whether the POS has them`, 'tillbridge-connector orders list --state in_doubt, look into the till, then orders give-up'))
  if (status.refused > 0) findings.push(doubtful('rows refused', `${counted(status.refused, 'row')} of the POS cannot be read`, 'tillbridge-connector quarantine list; mend them in the POS'))
  if (status.feed.state === 'quarantined') findings.push(doubtful('feed', `held since ${status.feed.since}`, 'tillbridge-connector quarantine show feed; the operator decides at the edge'))
  return { findings, status }
}

/** A connector's last look is at most this old while all is well: a poll is seconds at the most. */
const STALE_S = 120

/** Whether the connector runs here, what it says of itself, and whether its address is free for it when it does not. */
export async function lookAtServer(config: ConnectorConfig): Promise<Finding[]> {
  const { host, port } = config.server
  const found = await findConnector(config.journal.file)
  if (found.kind === 'running') {
    const live = await found.ask('GET', '/status', LiveStatus)
    const seen = Math.max(live.fresh?.posS ?? 0, live.fresh?.edgeS ?? 0)
    return [
      fine('connector', `runs since ${live.startedAt} and serves at ${live.url}`),
      ...(seen > STALE_S ? [doubtful('connector is fresh', `what it knows is ${duration(seen)} old`, 'see "now" and "last errors" in status')] : []),
      ...troubleFindings(live.troubles, systemClock()),
    ]
  }
  if (found.kind !== 'stopped') return [doubtful('connector', found.kind === 'denied' ? 'it cannot be asked: its files are another user\'s' : 'it runs, and cannot be asked: it takes no commands now', 'run the doctor as the connector\'s user, or with sudo')]
  const listener = await listens(host, port)
  return listener === null
    ? [doubtful('connector', 'it does not run', 'start it: tillbridge-connector run, or the service'), fine('address', port === 0 ? 'any free port' : `${host}:${port} is free for it`)]
    : [broken('address', `${host}:${port} cannot be had (${listener})`, 'another program uses it, or this machine has no such address: change server.port or server.host, or end what uses it')]
}

/** A warning that came later than this is of now; an error stays worth a look for as long as the connector runs. */
const RECENT_MS = 10 * 60_000
/** Told with more about them: the orders by themselves, the edge and the feed where they are looked at. */
const TOLD_ELSEWHERE: ReadonlySet<string> = new Set(['assignment.retry', 'feed.quarantined'])

/** What the running connector has said in its log, each with what to do. */
export function troubleFindings(troubles: readonly Trouble[], now: number): Finding[] {
  return troubles
    .filter(({ event, level, lastAt, endedAt }) => endedAt === undefined && !TOLD_ELSEWHERE.has(event) && (level !== 'warn' || now - fromInstant(lastAt) < RECENT_MS))
    .map((each) => doubtful(
      `log: ${each.event}`,
      `${each.count === 1 ? 'once' : `${each.count} times`}, last at ${each.lastAt}${each.about === undefined ? '' : `, about ${each.about}`}${each.fault === undefined && each.why === undefined ? '' : `: ${whatHappened(each)}`}`,
      whatToDo(each),
    ))
}

/** The code with which listening failed; `null` when it can. */
export function listens(host: string, port: number): Promise<string | null> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', (error) => resolve('code' in error && typeof error.code === 'string' ? error.code : 'it does not say why'))
    server.listen(port, host, () => server.close(() => resolve(null)))
  })
}

/** Whether the staff can see web orders on the desk page. */
export async function lookAtDesk(config: ConnectorConfig, isRunning: boolean): Promise<Finding[]> {
  const { listen } = config.desk
  const { host, port } = config.server
  if (!listen) return [fine('desk', `${port === 0 ? '/desk at the connector\'s address, which is another at each start (server.port: 0)' : `http://${host === '0.0.0.0' ? '127.0.0.1' : host}:${port}/desk`}, for a browser on this machine only; tablets need desk.host, desk.port and a PIN ("tillbridge-connector docs desk")`)]
  if (isRunning) return [fine('desk', `http://${listen.host}:${listen.port}/desk${listen.pin === null ? '' : ', with a PIN'}`)]
  const fault = await listens(listen.host, listen.port)
  return fault === null
    ? [fine('desk', `http://${listen.host}:${listen.port}/desk${listen.pin === null ? '' : ', with a PIN'}, when the connector runs`)]
    : [broken('desk', `${listen.host}:${listen.port} cannot be had (${fault})`, 'use an address of this machine in desk.host and a free port in desk.port')]
}

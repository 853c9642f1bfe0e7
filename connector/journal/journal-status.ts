import type { DriftReport, FeedReport, Quarantine } from '../../contract/feed.ts'
import type { HeldBy } from '../edge/standing.ts'
import { isDatabaseBusy, isOnDisk, openDatabase } from './database.ts'
import { openInbox } from './inbox.ts'
import type { TryFault } from './last-try.ts'
import { openMeta } from './meta.ts'
import { openOutbox, type Outbox } from './outbox.ts'
import { openRefused } from './refused.ts'
import { checkSchema } from './schema.ts'

export type JournalStatus = {
  storeId: string | null
  connectorId: string | null
  running: boolean
  epoch: number | null
  lastSeq: number
  ackedSeq: number
  /** Events waiting for the edge. */
  outbox: number
  /** When the oldest of them happened. */
  waitingSince: string | null
  /** Assignments by state. */
  inbox: Record<string, number>
  /** Rows of the POS that could not be read. */
  refused: number
  schemaVersion: number
  synced: boolean
  reconcileWanted: boolean
  feed: FeedReport
  /** The connector that had the store when this one was last sent away; `null` once it has the store itself. */
  heldBy: HeldBy | null
  /** The last start ended because the POS was not what the configuration says, or not there in a new shop. */
  contradiction: (TryFault & { at: string }) | null
  /** Of the last reconcile; `null` before the first. */
  drift: DriftReport | null
}

/** Reads a journal beside a running connector, without writing to it. Throws `JournalRefused` for what is not a journal of ours. */
export function readJournalStatus(file: string): JournalStatus {
  const db = openDatabase(file, { readOnly: true })
  try {
    const schemaVersion = checkSchema(db)
    const meta = openMeta(db)
    const outbox = openOutbox(db, meta)
    return {
      storeId: meta.get('storeId'),
      connectorId: meta.get('connectorId'),
      running: isJournalLocked(file),
      epoch: meta.number('epoch'),
      lastSeq: outbox.lastSeq(),
      ackedSeq: outbox.acked().seq,
      outbox: outbox.waiting(),
      waitingSince: waitingSince(outbox),
      inbox: openInbox(db).countByState(),
      // An older journal is brought up to date when the connector starts.
      refused: schemaVersion >= REFUSED_SINCE ? openRefused(db).count() : 0,
      schemaVersion,
      synced: meta.get('synced') !== null,
      reconcileWanted: meta.get('reconcileWanted') !== null,
      feed: (parsed(meta.get('feed')) as Quarantine | null) ?? { state: 'flowing' },
      heldBy: parsed(meta.get('heldBy')) as HeldBy | null,
      contradiction: parsed(meta.get('contradiction')) as JournalStatus['contradiction'],
      drift: parsed(meta.get('drift')) as DriftReport | null,
    }
  } finally {
    db.close()
  }
}

/** Our own text, kept by the feed, the reconcile and the standing with the edge. */
const parsed = (kept: string | null): unknown => (kept === null ? null : JSON.parse(kept))

/** The version of the schema with which the quarantine of rows came to what it is. */
const REFUSED_SINCE = 5

function waitingSince(outbox: Outbox): string | null {
  const oldest: unknown = JSON.parse(outbox.next(1, Number.POSITIVE_INFINITY).events[0] ?? 'null')
  return typeof oldest === 'object' && oldest !== null && 'occurredAt' in oldest && typeof oldest.occurredAt === 'string' ? oldest.occurredAt : null
}

/**
 * Whether a process holds the journal now. Only reads: a lock that whoever looks has made, perhaps as root, would keep the connector's
 * own user out, and one that is held for a moment would send a connector away that starts just then.
 */
export function isJournalLocked(file: string): boolean {
  if (!isOnDisk(`${file}.lock`)) return false
  const lock = openDatabase(`${file}.lock`, { readOnly: true })
  try {
    lock.exec('PRAGMA busy_timeout = 0')
    // The holder's lock is exclusive, so that not even a reader is let in.
    lock.all('SELECT 1 FROM sqlite_master')
    return false
  } catch (error) {
    if (isDatabaseBusy(error)) return true
    throw error
  } finally {
    lock.close()
  }
}

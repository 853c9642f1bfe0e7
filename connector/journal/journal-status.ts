import type { DriftReport, FeedReport, Quarantine } from '../../contract/feed.ts'
import { isDatabaseBusy, openDatabase } from './database.ts'
import { openInbox } from './inbox.ts'
import { openMeta } from './meta.ts'
import { openOutbox } from './outbox.ts'
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
  /** Assignments by state. */
  inbox: Record<string, number>
  synced: boolean
  reconcileWanted: boolean
  feed: FeedReport
  /** Of the last reconcile; `null` before the first. */
  drift: DriftReport | null
}

/** Reads a journal beside a running connector, without writing to it. Throws `JournalRefused` for what is not a journal of ours. */
export function readJournalStatus(file: string): JournalStatus {
  const db = openDatabase(file, { readOnly: true })
  try {
    checkSchema(db)
    const meta = openMeta(db)
    const outbox = openOutbox(db, meta)
    return {
      storeId: meta.get('storeId'),
      connectorId: meta.get('connectorId'),
      running: isLocked(file),
      epoch: meta.number('epoch'),
      lastSeq: outbox.lastSeq(),
      ackedSeq: outbox.acked().seq,
      outbox: outbox.waiting(),
      inbox: openInbox(db).countByState(),
      synced: meta.get('synced') !== null,
      reconcileWanted: meta.get('reconcileWanted') !== null,
      feed: (parsed(meta.get('feed')) as Quarantine | null) ?? { state: 'flowing' },
      drift: parsed(meta.get('drift')) as DriftReport | null,
    }
  } finally {
    db.close()
  }
}

/** Our own text, kept by the feed and the reconcile. */
const parsed = (kept: string | null): unknown => (kept === null ? null : JSON.parse(kept))

/** Whether a connector holds the journal now. */
function isLocked(file: string): boolean {
  const lock = openDatabase(`${file}.lock`)
  try {
    lock.exec('PRAGMA busy_timeout = 0; BEGIN EXCLUSIVE; ROLLBACK')
    return false
  } catch (error) {
    if (isDatabaseBusy(error)) return true
    throw error
  } finally {
    lock.close()
  }
}

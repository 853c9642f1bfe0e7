import { integer, integerOrNull, text, textOrNull, type Database } from './database.ts'
import { GONE, isFinished, leaveOfFinished, putBack, withoutCustomer } from './forget.ts'
import type { Assignment } from '../../contract/assignment.ts'
import type { Meta } from './meta.ts'

export type Erasing = {
  /** How far the edge's list of erased customers has been followed here. It stands in the journal itself: one that comes from a backup says less and is told the rest again. */
  upTo(): number
  /**
   * Takes the customer out of these orders for good, whatever their state, and out of the file's free pages and its log. False when the edge has not
   * confirmed yet what the till said of them, or somebody reads the file at this moment, so that its log still has what it had: the edge names them again.
   */
  customers(assignmentIds: readonly string[], upTo: number): boolean
}

/** Whoever reads the journal (a list on the command line) does so for milliseconds; the till must not wait for them. */
const CHECKPOINT_WAITS_MS = 200
const BUSY_WAITS_MS = 5_000

export function openErasing(db: Database, meta: Meta): Erasing {
  const eraseOne = (assignmentId: string): void => {
    const row = db.get('SELECT * FROM inbox WHERE assignment_id = ?', assignmentId)
    const body = row ? textOrNull(row, 'body') : null
    if (!row || body === null) return
    // Written by `Inbox.insert` after the schema had accepted it. One that was forgotten before has no customer.
    const order = JSON.parse(body) as Partial<Assignment>
    const left = order.customer ? (isFinished(row) ? leaveOfFinished(order as Assignment) : withoutCustomer(order as Assignment)) : order
    // The words of a POS about an order may quote it.
    putBack(db, { ...row, body: JSON.stringify(left), detail: textOrNull(row, 'detail') === null ? null : GONE, last_try: null }, text(row, 'assignment_id'))
  }
  /**
   * What the till said of these orders in its own words is told and confirmed, but kept for an edge that asks for it again: that much of what is kept is given up, from its
   * beginning, for there may be no gap in it; an edge that asks further back is told under a new epoch. False while such a word is still to be told.
   */
  const dropWords = (ids: string): boolean => {
    const said = db.get(`SELECT max(seq) AS seq FROM outbox WHERE event ->> '$.data.detail' IS NOT NULL AND event ->> '$.data.assignmentId' IN (SELECT value FROM json_each(?))`, ids)
    const last = said ? integerOrNull(said, 'seq') : null
    if (last === null) return true
    const acked = meta.number('ackedSeq') ?? 0
    db.run('DELETE FROM outbox WHERE seq <= ?', Math.min(last, acked))
    return last <= acked
  }
  return {
    upTo: () => meta.number('erasedUpTo') ?? 0,
    customers(assignmentIds, upTo) {
      const isSaid = db.transaction(() => {
        assignmentIds.forEach(eraseOne)
        return dropWords(JSON.stringify(assignmentIds))
      })
      if (!isSaid) return false
      // What was overwritten still stands in the write-ahead log until that is emptied.
      db.exec(`PRAGMA busy_timeout = ${CHECKPOINT_WAITS_MS}`)
      const emptied = db.get('PRAGMA wal_checkpoint(TRUNCATE)')
      db.exec(`PRAGMA busy_timeout = ${BUSY_WAITS_MS}`)
      if (!emptied || integer(emptied, 'busy') !== 0) return false
      db.transaction(() => meta.set('erasedUpTo', String(upTo)))
      return true
    },
  }
}

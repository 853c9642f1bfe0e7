import type { Assignment } from '../../contract/assignment.ts'
import type { RejectReason } from '../../contract/events.ts'
import type { FulfilmentProgress } from '../../contract/status.ts'
import { integer, integerOrNull, text, textOrNull, type Database, type Row } from './database.ts'
import { isSettling, nextTry, type LastTry, type TryFault } from './last-try.ts'

/**
 * `received`: on disk. `intent`: a POS write may have started, by this journal or one before it. The others are outcomes; `in_doubt` waits for a person.
 * A `struck` row without a body is the tombstone of work that was cancelled before it came.
 */
export type InboxState = 'received' | 'intent' | 'done' | 'rejected' | 'struck' | 'in_doubt' | 'voided'
export type CancelState = 'none' | 'requested' | 'refused' | 'done'

/** What stays of an order for ever (journal/forget.ts): how people call it, and what its outcome is told with. */
export type KeptOrder = { assignmentId: string; number: string; lines: { lineId: string; sku: string; quantity: number }[] }

export type InboxRow = {
  arrival: number
  assignmentId: string
  bodyHash: string | null
  /** Null when it never came, and when it was finished long ago. */
  assignment: Assignment | null
  /** Null when it never came. */
  kept: KeptOrder | null
  state: InboxState
  posReference: string | null
  stockFell: boolean
  progress: FulfilmentProgress | null
  reason: RejectReason | null
  detail: string | null
  cancel: CancelState
  answerAgain: boolean
  /** Where the edge was last told something of it; null under an older epoch. */
  toldEpoch: number | null
  toldSeq: number | null
  receivedAt: number
  changedAt: number
  /** Why it is not finished; null when nothing has hindered it, and as soon as it has an outcome. */
  lastTry: LastTry | null
}

/** What changes with an outcome; what is left out stays. */
export type InboxChange = Partial<Pick<InboxRow, 'state' | 'posReference' | 'stockFell' | 'progress' | 'reason' | 'detail' | 'cancel' | 'answerAgain'>>

export type Inbox = {
  get(assignmentId: string): InboxRow | null
  insert(row: { assignmentId: string; bodyHash: string | null; assignment: Assignment | null; state: InboxState; cancel: CancelState }, now: number): void
  change(assignmentId: string, change: InboxChange, now: number): void
  /** What a try met that did not bring it to an outcome. */
  tried(assignmentId: string, fault: TryFault, now: number): void
  /** What has been tried and is not finished, the oldest first. */
  stuck(limit: number): InboxRow[]
  /** The body of what was known by its id alone. */
  giveBody(assignmentId: string, row: { bodyHash: string; assignment: Assignment; state: InboxState }, now: number): void
  /** What the writer has to do, in order of arrival, after the given arrival number. */
  work(afterArrival: number, limit: number): InboxRow[]
  /** What the staff have before them, with its body: not yet with the shopper, in order of arrival. */
  open(limit: number): InboxRow[]
  /** Of the same the latest, the latest first. */
  newestOpen(limit: number): InboxRow[]
  /** What the POS is believed to have, or may have, and its shopper has not: what came before the given arrival number (null: all of it), the latest first. */
  inPos(beforeArrival: number | null, limit: number): InboxRow[]
  /** What ended since, the latest first. */
  endedSince(since: number, limit: number): InboxRow[]
  /** How many are not finished. */
  unfinished(): number
  /** When the oldest of them came, epoch ms. */
  oldestUnfinishedAt(): number | null
  countByState(): Record<string, number>
}

const COLUMNS = {
  state: 'state', posReference: 'pos_reference', stockFell: 'stock_fell', progress: 'progress', reason: 'reason', detail: 'detail',
  cancel: 'cancel', answerAgain: 'answer_again',
} as const satisfies Record<keyof InboxChange, string>

/** As the index `inbox_open` has it, word for word, or SQLite does not use it. */
const OPEN = `body IS NOT NULL AND (state IN ('received', 'intent', 'in_doubt') OR (state = 'done' AND coalesce(progress, '') <> 'completed'))`

/** As the index `inbox_work` has it. */
const UNFINISHED = `state IN ('received', 'intent') OR cancel = 'requested' OR answer_again = 1`

export const isUnfinished = (row: Pick<InboxRow, 'state'>): boolean => row.state === 'received' || row.state === 'intent'

export function openInbox(db: Database): Inbox {
  return {
    get(assignmentId) {
      const row = db.get('SELECT * FROM inbox WHERE assignment_id = ?', assignmentId)
      return row ? toInboxRow(row) : null
    },
    insert({ assignmentId, bodyHash, assignment, state, cancel }, now) {
      const body = assignment ? JSON.stringify(assignment) : null
      db.run(
        'INSERT INTO inbox (assignment_id, body_hash, body, state, cancel, received_at, changed_at) VALUES (?, ?, ?, ?, ?, ?, ?)',
        assignmentId, bodyHash, body, state, cancel, now, now,
      )
    },
    change(assignmentId, change, now) {
      for (const [key, value] of Object.entries(change)) {
        if (!isColumn(key) || value === undefined) continue
        db.run(`UPDATE inbox SET ${COLUMNS[key]} = ?, changed_at = ? WHERE assignment_id = ?`, typeof value === 'boolean' ? Number(value) : value, now, assignmentId)
      }
      if (isSettling(change)) db.run('UPDATE inbox SET last_try = NULL WHERE assignment_id = ? AND last_try IS NOT NULL', assignmentId)
    },
    tried(assignmentId, fault, now) {
      const row = db.get('SELECT last_try FROM inbox WHERE assignment_id = ?', assignmentId)
      if (row) db.run('UPDATE inbox SET last_try = ? WHERE assignment_id = ?', JSON.stringify(nextTry(lastTryOf(row), fault, now)), assignmentId)
    },
    stuck: (limit) => db.all(`SELECT * FROM inbox WHERE (${UNFINISHED}) AND last_try IS NOT NULL ORDER BY arrival LIMIT ?`, limit).map(toInboxRow),
    giveBody(assignmentId, { bodyHash, assignment, state }, now) {
      db.run(
        'UPDATE inbox SET body_hash = ?, body = ?, state = ?, received_at = ?, changed_at = ? WHERE assignment_id = ?',
        bodyHash, JSON.stringify(assignment), state, now, now, assignmentId,
      )
    },
    work: (afterArrival, limit) =>
      db.all(
        `SELECT * FROM inbox WHERE (${UNFINISHED}) AND arrival > ? ORDER BY arrival LIMIT ?`,
        afterArrival, limit,
      ).map(toInboxRow),
    open: (limit) => db.all(`SELECT * FROM inbox WHERE ${OPEN} ORDER BY arrival LIMIT ?`, limit).map(toInboxRow),
    newestOpen: (limit) => db.all(`SELECT * FROM inbox WHERE ${OPEN} ORDER BY arrival DESC LIMIT ?`, limit).map(toInboxRow),
    inPos: (beforeArrival, limit) =>
      db.all(
        `SELECT * FROM inbox WHERE ${OPEN} AND (state = 'in_doubt' OR (state = 'done' AND coalesce(progress, '') <> 'shipped')) AND (?1 IS NULL OR arrival < ?1) ORDER BY arrival DESC LIMIT ?2`,
        beforeArrival, limit,
      ).map(toInboxRow),
    endedSince: (since, limit) =>
      db.all(`SELECT * FROM inbox WHERE changed_at >= ? AND body IS NOT NULL AND NOT (${OPEN}) ORDER BY changed_at DESC, arrival DESC LIMIT ?`, since, limit).map(toInboxRow),
    unfinished() {
      const row = db.get(`SELECT count(*) AS n FROM inbox WHERE ${UNFINISHED}`)
      return row ? integer(row, 'n') : 0
    },
    oldestUnfinishedAt() {
      const row = db.get(`SELECT min(received_at) AS at FROM inbox WHERE ${UNFINISHED}`)
      return row ? integerOrNull(row, 'at') : null
    },
    countByState: () =>
      Object.fromEntries(db.all('SELECT state, count(*) AS n FROM inbox GROUP BY state').map((row) => [text(row, 'state'), integer(row, 'n')])),
  }
}

const isColumn = (key: string): key is keyof InboxChange => Object.hasOwn(COLUMNS, key)

/** Our own text, written by `tried`. */
function lastTryOf(row: Row): LastTry | null {
  const kept = textOrNull(row, 'last_try')
  return kept === null ? null : JSON.parse(kept) as LastTry
}

const isWhole = (order: Assignment | KeptOrder): order is Assignment => 'acceptBy' in order

function toInboxRow(row: Row): InboxRow {
  const body = textOrNull(row, 'body')
  // Written by `insert` after the schema had accepted it, or by `forget`; the words below are held by the table's checks.
  const order = body === null ? null : JSON.parse(body) as Assignment | KeptOrder
  return {
    arrival: integer(row, 'arrival'),
    assignmentId: text(row, 'assignment_id'),
    bodyHash: textOrNull(row, 'body_hash'),
    assignment: order && isWhole(order) ? order : null,
    kept: order,
    state: text(row, 'state') as InboxState,
    posReference: textOrNull(row, 'pos_reference'),
    stockFell: integer(row, 'stock_fell') === 1,
    progress: textOrNull(row, 'progress') as FulfilmentProgress | null,
    reason: textOrNull(row, 'reason') as RejectReason | null,
    detail: textOrNull(row, 'detail'),
    cancel: text(row, 'cancel') as CancelState,
    answerAgain: integer(row, 'answer_again') === 1,
    toldEpoch: integerOrNull(row, 'told_epoch'),
    toldSeq: integerOrNull(row, 'told_seq'),
    receivedAt: integer(row, 'received_at'),
    changedAt: integer(row, 'changed_at'),
    lastTry: lastTryOf(row),
  }
}

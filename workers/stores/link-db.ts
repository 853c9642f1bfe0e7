import { ACCEPT_WITHIN_MS, emptyLink } from './link.ts'
import type { Link, Work } from './link.ts'
import type { LinkBook } from './run-link.ts'

/** Rows are money: no index. Live work is some tens of rows, read whole; what was struck stays, and is only looked up by id. */
const TABLES = `
CREATE TABLE IF NOT EXISTS work (
  assignment_id TEXT PRIMARY KEY NOT NULL,
  state TEXT NOT NULL,
  accept_by INTEGER,
  accept_within INTEGER NOT NULL,
  dispatch_at INTEGER NOT NULL,
  ask_at INTEGER,
  asked INTEGER NOT NULL,
  cancel_at INTEGER,
  lost_journal INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS struck (
  assignment_id TEXT PRIMARY KEY NOT NULL,
  at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS erased (
  n INTEGER PRIMARY KEY,
  assignment_id TEXT NOT NULL
);
`
type WorkRow = {
  assignment_id: string
  state: Work['state']
  accept_by: number | null
  accept_within: number
  dispatch_at: number
  ask_at: number | null
  asked: number
  cancel_at: number | null
  lost_journal: number
}

const toWork = (row: WorkRow): Work => ({
  assignmentId: row.assignment_id,
  state: row.state,
  acceptBy: row.accept_by,
  acceptWithin: row.accept_within,
  dispatchAt: row.dispatch_at,
  askAt: row.ask_at,
  asked: row.asked,
  cancelAt: row.cancel_at,
  lostJournal: row.lost_journal === 1,
})

/** The rows of a `StoreLink` object. Creates what is missing. */
export function openLinkBook({ sql, kv }: Pick<DurableObjectStorage, 'sql' | 'kv'>): LinkBook {
  sql.exec(TABLES)
  // An object made before work had a time of its own: a day, as it was for all.
  if (sql.exec("SELECT 1 FROM pragma_table_info('work') WHERE name = 'accept_within'").toArray().length === 0) {
    sql.exec(`ALTER TABLE work ADD COLUMN accept_within INTEGER NOT NULL DEFAULT ${ACCEPT_WITHIN_MS}`)
  }
  return {
    link: () => ({ ...emptyLink, ...kv.get<Link>('link') }),
    writeLink: (link) => kv.put('link', link),
    work(assignmentId) {
      const [row] = sql.exec<WorkRow>('SELECT * FROM work WHERE assignment_id = ?', assignmentId).toArray()
      return row ? toWork(row) : null
    },
    works: () => sql.exec<WorkRow>('SELECT * FROM work ORDER BY assignment_id').toArray().map(toWork),
    write({ assignmentId, state, acceptBy, acceptWithin, dispatchAt, askAt, asked, cancelAt, lostJournal }) {
      sql.exec(
        `INSERT INTO work (assignment_id, state, accept_by, accept_within, dispatch_at, ask_at, asked, cancel_at, lost_journal) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT (assignment_id) DO UPDATE SET state = excluded.state, accept_by = excluded.accept_by, dispatch_at = excluded.dispatch_at,
           ask_at = excluded.ask_at, asked = excluded.asked, cancel_at = excluded.cancel_at, lost_journal = excluded.lost_journal`,
        assignmentId, state, acceptBy, acceptWithin, dispatchAt, askAt, asked, cancelAt, lostJournal ? 1 : 0,
      )
    },
    forget: (assignmentId) => void sql.exec('DELETE FROM work WHERE assignment_id = ?', assignmentId),
    isStruck: (assignmentId) => sql.exec('SELECT 1 FROM struck WHERE assignment_id = ?', assignmentId).toArray().length > 0,
    erased: (after, limit) => sql.exec<{ n: number; assignment_id: string }>('SELECT n, assignment_id FROM erased WHERE n > ? ORDER BY n LIMIT ?', after, limit).toArray().map((row) => ({ n: row.n, assignmentId: row.assignment_id })),
    lastErased: () => sql.exec<{ n: number }>('SELECT coalesce(max(n), 0) AS n FROM erased').one().n,
    erase: (assignmentId) => sql.exec<{ n: number }>('INSERT INTO erased (assignment_id) VALUES (?) RETURNING n', assignmentId).one().n,
    strike: (assignmentId, now) => void sql.exec('INSERT INTO struck (assignment_id, at) VALUES (?, ?) ON CONFLICT DO NOTHING', assignmentId, now),
  }
}

import { text, type Database } from './database.ts'
import type { Inbox, InboxRow, InboxState } from './inbox.ts'

export type InboxFilter = { states: readonly InboxState[] | null; openOnly: boolean; since: number | null; limit: number }

/** Not finished here, or in doubt: what a person may have to do something about. */
const OPEN = `(state IN ('received', 'intent', 'in_doubt') OR cancel = 'requested' OR answer_again = 1)`

/** The assignments of the journal, the newest first. `since` is epoch ms of the last change. */
export function listInbox(db: Database, inbox: Inbox, { states, openOnly, since, limit }: InboxFilter): InboxRow[] {
  const rows = db.all(
    `SELECT assignment_id FROM inbox WHERE (?1 IS NULL OR state IN (SELECT value FROM json_each(?1))) AND (?2 = 0 OR ${OPEN}) AND (?3 IS NULL OR changed_at >= ?3)
     ORDER BY arrival DESC LIMIT ?4`,
    states === null ? null : JSON.stringify(states), openOnly ? 1 : 0, since, limit,
  )
  return rows.flatMap((row) => inbox.get(text(row, 'assignment_id')) ?? [])
}

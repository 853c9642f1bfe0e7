import type { Assignment } from '../../contract/assignment.ts'
import { integer, text, type Database, type Row } from './database.ts'
import type { KeptOrder } from './inbox.ts'
import type { Meta } from './meta.ts'

/** One commit of milliseconds. */
const PAGE_SIZE = 200

export type Forgetting = {
  /**
   * Takes all but `KeptOrder` out of the orders that were finished before `before` (epoch ms), a page of them: that the work was here, what came of
   * it and what that is told with stay for ever (rules.md 2), in some 560 bytes (three-years.test.ts). One that lies on the desk yet needs its content: it loses its
   * customer only, when nobody has touched it since `untouchedBefore`. Answers how many; 0 when there are none left.
   */
  finished(before: number, untouchedBefore: number): number
}

/** `which` orders, as long as they are not `done`; `mark`: those changed before it have been looked at. */
type Kind = { which: string; done: string; mark: 'bodiesForgottenBefore' | 'untouchedForgottenBefore'; leave(order: Assignment): Assignment | KeptOrder }

/** Stands where a name or an address was. */
export const GONE = '(forgotten)'
const NOBODY = 'forgotten@example.invalid'

export function openForgetting(db: Database, meta: Meta): Forgetting {
  const forget = ({ which, done, mark, leave }: Kind, before: number): number => {
    const rows = db.all(
      `SELECT * FROM inbox
       WHERE changed_at >= ? AND changed_at < ? AND ${which} AND cancel <> 'requested' AND answer_again = 0 AND body IS NOT NULL AND NOT (${done}) ORDER BY changed_at LIMIT ?`,
      meta.number(mark) ?? 0, before, PAGE_SIZE,
    )
    for (const row of rows) {
      // Written by `Inbox.insert` after the schema had accepted it. All else stays, `changed_at` too: the row says nothing new.
      const left = { ...row, body: JSON.stringify(leave(JSON.parse(text(row, 'body')) as Assignment)) }
      putBack(db, left, text(row, 'assignment_id'))
    }
    // What was not of this kind then has changed since, so it comes after this mark.
    const last = rows.length < PAGE_SIZE ? before : integer(rows.at(-1) ?? {}, 'changed_at')
    meta.set(mark, String(last))
    return rows.length
  }
  return { finished: (before, untouchedBefore) => db.transaction(() => forget(FINISHED, before) + forget(ON_DESK, untouchedBefore)) }
}

/** Taken out and put back: SQLite gives the room of a row that only shrinks to nobody else. */
export function putBack(db: Database, left: Row, assignmentId: string): void {
  db.run('DELETE FROM inbox WHERE assignment_id = ?', assignmentId)
  db.run(`INSERT INTO inbox (${Object.keys(left).join(', ')}) VALUES (${Object.keys(left).map(() => '?').join(', ')})`, ...Object.values(left))
}

/** Of a row as it stands in the table: as `FINISHED.which` says, and nothing is owed any more. */
export const isFinished = (row: Row): boolean =>
  (['rejected', 'struck', 'voided'].includes(text(row, 'state')) || (row['state'] === 'done' && row['progress'] === 'completed')) && row['cancel'] !== 'requested' && row['answer_again'] === 0

export const leaveOfFinished = ({ assignmentId, number, lines }: Assignment): KeptOrder => ({ assignmentId, number, lines: lines.map(({ lineId, sku, quantity }) => ({ lineId, sku, quantity })) })

const FINISHED: Kind = {
  which: `(state IN ('rejected', 'struck', 'voided') OR (state = 'done' AND progress = 'completed'))`,
  done: `body ->> '$.acceptBy' IS NULL`,
  mark: 'bodiesForgottenBefore',
  leave: leaveOfFinished,
}

/** The till has it, and the shopper not yet. */
const ON_DESK: Kind = {
  which: `state = 'done' AND coalesce(progress, '') <> 'completed'`,
  done: `coalesce(body ->> '$.customer.email', '${NOBODY}') = '${NOBODY}'`,
  mark: 'untouchedForgottenBefore',
  leave: withoutCustomer,
}

export function withoutCustomer({ customer: _customer, note: _note, fulfillment, ...order }: Assignment): Assignment {
  return {
    ...order,
    customer: { name: GONE, email: NOBODY },
    note: null,
    fulfillment: fulfillment.method === 'pickup'
      ? fulfillment
      : { method: 'ship', address: { name: GONE, line1: GONE, city: GONE, postalCode: GONE, country: fulfillment.address.country } },
  }
}

import type { Assignment } from '../../contract/assignment.ts'
import { text, type Database } from './database.ts'
import type { Meta } from './meta.ts'

/** One commit of milliseconds. */
const PAGE_SIZE = 200

export type Forgetting = {
  /**
   * Takes the customer out of the orders that were finished before `before` (epoch ms), a page of them. What was ordered stays, for a
   * cancel that comes late; that the work was here stays for ever (rules.md 2). One that lies on the desk yet needs its name: it loses
   * it only when nobody has touched it since `untouchedBefore`. Answers how many; 0 when there are none left.
   */
  customers(before: number, untouchedBefore: number): number
}

/** The till has it, and the shopper not yet. */
const ON_DESK = `state = 'done' AND coalesce(progress, '') <> 'completed'`

export function openForgetting(db: Database, meta: Meta): Forgetting {
  const forget = (which: string, mark: 'customersForgottenBefore' | 'untouchedForgottenBefore', before: number): number => {
    const rows = db.all(
      `SELECT assignment_id, body FROM inbox
       WHERE changed_at >= ? AND changed_at < ? AND ${which} AND cancel <> 'requested' AND answer_again = 0 AND body ->> '$.customer.email' <> ? LIMIT ?`,
      meta.number(mark) ?? 0, before, NOBODY, PAGE_SIZE,
    )
    for (const row of rows) {
      // Written by `Inbox.insert` after the schema had accepted it.
      const forgotten = withoutCustomer(JSON.parse(text(row, 'body')) as Assignment)
      // `changed_at` stays: the row says nothing new.
      db.run('UPDATE inbox SET body = ? WHERE assignment_id = ?', JSON.stringify(forgotten), text(row, 'assignment_id'))
    }
    // What was not of this kind then has changed since, so it comes after this mark.
    if (rows.length < PAGE_SIZE) meta.set(mark, String(before))
    return rows.length
  }
  return {
    customers: (before, untouchedBefore) => db.transaction(() =>
      forget(`(state IN ('rejected', 'struck', 'voided') OR (state = 'done' AND progress = 'completed'))`, 'customersForgottenBefore', before)
      + forget(ON_DESK, 'untouchedForgottenBefore', untouchedBefore)),
  }
}

/** Stands where a name or an address was. */
const GONE = '(forgotten)'
const NOBODY = 'forgotten@example.invalid'

export const withoutCustomer = ({ customer: _customer, note: _note, fulfillment, ...order }: Assignment): Assignment => ({
  ...order,
  customer: { name: GONE, email: NOBODY },
  note: null,
  fulfillment: fulfillment.method === 'pickup'
    ? fulfillment
    : { method: 'ship', address: { name: GONE, line1: GONE, city: GONE, postalCode: GONE, country: fulfillment.address.country } },
})

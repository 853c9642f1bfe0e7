import type { Arbiter, DueReservation, Verdict } from '../inventory/port.ts'
import { orderIdOf } from './ids.ts'
import { isSettled } from './assignment.ts'
import type { AssignmentRecord } from './port.ts'

/** The row of a reservation's order, as far as the broom must know it. */
export type KeyRow = { status: string; abandoned: string; assignments: AssignmentRecord[] }

/**
 * Whether a due reservation is still somebody's. It is released only when its attempt can never become an order: the broom
 * holds the key and has struck this attempt, another attempt has won, or the assignment is over.
 */
export function judge(row: KeyRow | undefined, due: DueReservation): Verdict {
  if (!row) return due.state === 'reserved' ? 'wait' : 'missing'
  if (row.status === 'abandoned') return row.abandoned.split(' ').includes(due.attempt.id) ? 'release' : 'wait'
  const assignment = row.assignments.find((each) => each.assignmentId === due.assignmentId)
  // A part is written down before anything is reserved for it, so one that is confirmed was there.
  if (!assignment) return due.state === 'reserved' ? 'release' : 'missing'
  if (assignment.attempt !== due.attempt.id) return 'release'
  // Given away while its store was silent: the store may have taken the goods off, and says so when it is back.
  if (assignment.unanswered) return 'confirm'
  if (row.status === 'cancelled' || isSettled(assignment)) return 'release'
  // A reserve that came so late that its goods had already left: nothing will ever end it.
  if (due.state === 'reserved' && assignment.fellAt !== null) return 'release'
  // The sweep ends what is not paid in time, and releases it; until then it weighs.
  return row.status === 'awaiting_payment' ? 'wait' : 'confirm'
}

/** Takes the key unless an order has it, and strikes the attempt; of an order's row it changes nothing. */
const TAKE_KEY = `
  INSERT INTO orders (order_id, number, channel, status, body_hash, attempt, abandoned, purchase, assignments, timeline, placed_at, updated_at, version)
  VALUES (?1, '', '', 'abandoned', ?2, ?3, ?3, '{}', '[]', '[]', ?4, ?4, 0)
  ON CONFLICT (order_id) DO UPDATE SET abandoned = orders.abandoned || ' ' || excluded.attempt, updated_at = excluded.updated_at
  WHERE orders.status = 'abandoned' AND instr(' ' || orders.abandoned || ' ', ' ' || excluded.attempt || ' ') = 0`

const LOOK = 'SELECT status, abandoned, assignments FROM orders WHERE order_id = ?1'

/** The order's primary key in D1 is the only arbiter (rules.md 5): the broom takes the key, then looks who has it. */
export function createArbiter(db: D1Database): Arbiter {
  return async (due, now) => {
    const statements: D1PreparedStatement[] = []
    const lookAt = due.map(({ assignmentId, attempt, state }) => {
      const orderId = orderIdOf(assignmentId)
      // The order of a confirmed or accepted reservation is there; nothing is taken for it.
      if (state === 'reserved') statements.push(db.prepare(TAKE_KEY).bind(orderId, attempt.bodyHash, attempt.id, now))
      return statements.push(db.prepare(LOOK).bind(orderId)) - 1
    })
    const results = await db.batch<{ status: string; abandoned: string; assignments: string }>(statements)
    return due.map((each, index) => {
      const row = results[lookAt[index] ?? -1]?.results[0]
      return judge(row && { status: row.status, abandoned: row.abandoned, assignments: JSON.parse(row.assignments) as AssignmentRecord[] }, each)
    })
  }
}

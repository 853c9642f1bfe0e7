import { closedBreaker, afterCall, decideCall, phaseOf, probeAt, turnOf } from '../stores/breaker.ts'
import type { BreakerPhase, BreakerState, CallOutcome } from '../stores/breaker.ts'
import type { Clock } from '../../contract/clock.ts'
import { within } from '../inventory/deadline.ts'
import { log } from '../log.ts'

/** D1 answers in milliseconds. What takes longer than this is trouble, though it came. */
const SLOW_AFTER_MS = 2_000
/** Nobody waits longer for it: a shopper would have gone, and places in the isolate are few. */
export const ANSWER_WITHIN_MS = 5_000
/** How long D1 is left alone before one call tries it: shops' calls and the sweep come that often anyway. */
export const PROBE_AFTER_MS = 3_000

/** D1 is away, or is taken to be. What was being written may have been written (rules.md 5): whoever asked must not conclude anything. */
export class DatabaseAway extends Error {
  override readonly name = 'DatabaseAway'
  /** Seconds after which asking again makes sense. */
  readonly retryAfterS: number
  constructor(retryAfterS: number) {
    super('the database does not answer')
    this.retryAfterS = retryAfterS
  }
}

export type DatabaseView = { phase: BreakerPhase; openedAt: number | null; probeAt: number | null }
export type GuardedDatabase = { database: D1Database; view(now: number): DatabaseView }

/** D1 has answered, and says that the statement is wrong or does not fit what is there. That is no reason to leave it alone. */
const ANSWERED = /constraint failed|SQLITE_(CONSTRAINT|ERROR|MISMATCH|RANGE|AUTH|TOOBIG)|no such (table|column)|syntax error|too many SQL variables/i

/**
 * D1 behind a breaker: errors, slowness and silence count; while it is open a call ends at once, and one in three seconds tries. The state is the isolate's own: each finds
 * out within five calls, and asking another object whether D1 is there would cost more than D1 does. Statements go through it as drizzle and we make them.
 */
export function guardD1(database: D1Database, clock: Clock, answerWithinMs = ANSWER_WITHIN_MS): GuardedDatabase {
  let state: BreakerState = closedBreaker
  /** Our statements, and the platform's own in them. */
  const inner = new WeakMap<D1PreparedStatement, D1PreparedStatement>()

  function note(outcome: CallOutcome): void {
    const before = state
    state = afterCall(before, outcome, clock())
    const turn = turnOf(before, state)
    if (turn !== null) log('d1.breaker', { turn })
  }

  async function guarded<T>(call: () => Promise<T>): Promise<T> {
    const began = clock()
    const { allowed, next } = decideCall(state, began, PROBE_AFTER_MS)
    state = next
    if (!allowed) throw new DatabaseAway(Math.max(1, Math.ceil(PROBE_AFTER_MS / 1000)))
    try {
      const answer = await within(answerWithinMs, call())
      note(clock() - began > SLOW_AFTER_MS ? 'slow' : 'ok')
      return answer
    } catch (error) {
      if (error instanceof Error && ANSWERED.test(error.message)) {
        note('ok')
        throw error
      }
      note('failed')
      throw new DatabaseAway(Math.ceil(PROBE_AFTER_MS / 1000))
    }
  }

  function statement(own: D1PreparedStatement): D1PreparedStatement {
    const ours = {
      bind: (...values: unknown[]) => statement(own.bind(...values)),
      first: (column?: string) => guarded(() => (column === undefined ? own.first() : own.first(column))),
      run: () => guarded(() => own.run()),
      all: () => guarded(() => own.all()),
      raw: (options?: { columnNames?: boolean }) => guarded(() => own.raw(options as { columnNames: true })),
    } as D1PreparedStatement
    inner.set(ours, own)
    return ours
  }

  return {
    database: {
      prepare: (sql: string) => statement(database.prepare(sql)),
      batch: <T>(statements: D1PreparedStatement[]) => guarded(() => database.batch<T>(statements.map((each) => inner.get(each) ?? each))),
      exec: (sql: string) => guarded(() => database.exec(sql)),
    } as D1Database,
    view: (now) => ({ phase: phaseOf(state, now, PROBE_AFTER_MS), openedAt: state.openedAt, probeAt: probeAt(state, PROBE_AFTER_MS) }),
  }
}

const guards = new WeakMap<D1Database, GuardedDatabase>()

/** The one guard of a binding in this isolate. */
export function guardOf(database: D1Database, clock: Clock): GuardedDatabase {
  const before = guards.get(database)
  if (before) return before
  const made = guardD1(database, clock)
  guards.set(database, made)
  return made
}

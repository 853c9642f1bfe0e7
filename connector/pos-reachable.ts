import { isBug } from './failure.ts'
import type { Pos, StaffStep } from './pos/port.ts'
import { DatabaseFault, type FaultKind } from './pos/sql/database-fault.ts'
import { StatementFault } from './pos/sql/statement-fault.ts'

/** A call to the POS, and the web order it is about. */
export type PosCall = { method: Exclude<keyof Pos, 'capabilities' | 'close' | 'lookAnew'>; assignmentId: string | null }
/** Hears each call as it begins; what it answers hears whether the call came through, and with what: the answer, or the error. */
export type PosListener = (call: PosCall) => (ok: boolean, answer?: unknown) => void

/** What a database answers when it lets nobody in. All else it says to one statement. */
const NOBODY_GETS_IN: ReadonlySet<FaultKind> = new Set(['unreachable', 'lost', 'login', 'no-database', 'not-a-database', 'too-many'])

/**
 * Whether a call that failed says that the POS is away. A mistake of the program says nothing of it; and what a POS answers to one web order, such
 * as that a row of it is locked or that it takes no such row, is that order's trouble: the next reading says whether the POS is there.
 */
export function saysAway({ assignmentId }: PosCall, error: unknown): boolean {
  if (isBug(error)) return false
  if (assignmentId === null) return true
  return !(error instanceof StatementFault) && (!(error instanceof DatabaseFault) || NOBODY_GETS_IN.has(error.kind))
}

/** The same POS, and whether it answers, as its last call says: what the heartbeat and `/ready` tell. */
export function watchReachable(pos: Pos, listener: PosListener = () => () => {}): { pos: Pos; reachable(): boolean } {
  let reachable = true
  const watched = <A extends unknown[], T>(method: PosCall['method'], call: (...args: A) => Promise<T>, assignmentId: (...args: A) => string | null = () => null) => async (...args: A): Promise<T> => {
    const made = { method, assignmentId: assignmentId(...args) }
    const ended = listener(made)
    try {
      const result = await call(...args)
      reachable = true
      ended(true, result)
      return result
    } catch (error) {
      if (saysAway(made, error)) reachable = false
      ended(false, error)
      throw error
    }
  }
  const itself = (assignmentId: string): string => assignmentId
  return {
    reachable: () => reachable,
    pos: {
      capabilities: pos.capabilities,
      mayHaveChanged: watched('mayHaveChanged', () => pos.mayHaveChanged()),
      readChanges: watched('readChanges', (cursor: string | null) => pos.readChanges(cursor)),
      currentCursor: watched('currentCursor', () => pos.currentCursor()),
      readSnapshot: watched('readSnapshot', (afterSku: string | null, limit: number) => pos.readSnapshot(afterSku, limit)),
      readLevels: watched('readLevels', (skus: string[]) => pos.readLevels(skus)),
      findOrder: watched('findOrder', (assignmentId: string) => pos.findOrder(assignmentId), itself),
      writeOrder: watched('writeOrder', (assignment) => pos.writeOrder(assignment), ({ assignmentId }) => assignmentId),
      voidOrder: watched('voidOrder', (assignmentId: string) => pos.voidOrder(assignmentId), itself),
      staffStep: watched('staffStep', (assignmentId: string, step: StaffStep) => pos.staffStep(assignmentId, step), itself),
      ...(pos.readAgain && { readAgain: watched('readAgain', (key: string) => pos.readAgain?.(key) ?? Promise.reject(new TypeError('readAgain went away'))) }),
      ...(pos.lookAnew && { lookAnew: () => pos.lookAnew?.() ?? [] }),
      close: () => pos.close(),
    },
  }
}

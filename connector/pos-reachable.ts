import type { Pos, StaffStep } from './pos/port.ts'

/** A call to the POS, and the web order it is about. */
export type PosCall = { method: Exclude<keyof Pos, 'capabilities' | 'close'>; assignmentId: string | null }
/** Hears each call as it begins; what it answers hears whether the call came through, and with what: the answer, or the error. */
export type PosListener = (call: PosCall) => (ok: boolean, answer?: unknown) => void

/** The same POS, and whether its last call came through: what the heartbeat and `/ready` tell. */
export function watchReachable(pos: Pos, listener: PosListener = () => () => {}): { pos: Pos; reachable(): boolean } {
  let reachable = true
  const watched = <A extends unknown[], T>(method: PosCall['method'], call: (...args: A) => Promise<T>, assignmentId: (...args: A) => string | null = () => null) => async (...args: A): Promise<T> => {
    const ended = listener({ method, assignmentId: assignmentId(...args) })
    try {
      const result = await call(...args)
      reachable = true
      ended(true, result)
      return result
    } catch (error) {
      reachable = false
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
      close: () => pos.close(),
    },
  }
}

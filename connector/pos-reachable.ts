import type { Pos } from './pos/port.ts'

/** The same POS, and whether its last call came through: what the heartbeat and `/ready` tell. */
export function watchReachable(pos: Pos): { pos: Pos; reachable(): boolean } {
  let reachable = true
  const watched = <A extends unknown[], T>(call: (...args: A) => Promise<T>) => async (...args: A): Promise<T> => {
    try {
      const result = await call(...args)
      reachable = true
      return result
    } catch (error) {
      reachable = false
      throw error
    }
  }
  return {
    reachable: () => reachable,
    pos: {
      capabilities: pos.capabilities,
      mayHaveChanged: watched(() => pos.mayHaveChanged()),
      readChanges: watched((cursor: string | null) => pos.readChanges(cursor)),
      currentCursor: watched(() => pos.currentCursor()),
      readSnapshot: watched((afterSku: string | null, limit: number) => pos.readSnapshot(afterSku, limit)),
      readLevels: watched((skus: string[]) => pos.readLevels(skus)),
      findOrder: watched((assignmentId: string) => pos.findOrder(assignmentId)),
      writeOrder: watched((assignment) => pos.writeOrder(assignment)),
      voidOrder: watched((assignmentId: string) => pos.voidOrder(assignmentId)),
      staffStep: watched((assignmentId: string, step) => pos.staffStep(assignmentId, step)),
      close: () => pos.close(),
    },
  }
}

import type { Random } from './random.ts'

/** What can go wrong, by name. The table of a run counts those that really occurred. */
export const FAULT_KINDS = [
  'call lost', 'answer lost', 'call doubled', 'tunnel down', 'send failed', 'message lost', 'message doubled', 'message late',
  'edge crash', 'connector crash', 'D1 write unknown, not done', 'D1 write unknown, done', 'home unreachable', 'home answer lost',
  'POS fault', 'POS refusal', 'disk restored', 'till sale', 'till return', 'item renamed', 'shopper retry', 'cancel',
] as const
export type FaultKind = (typeof FAULT_KINDS)[number]

export type Faults = {
  readonly counts: Map<FaultKind, number>
  /** Whether it happens now; counted when it does. Never in the calm. */
  strikes(kind: FaultKind, probability: number): boolean
  note(kind: FaultKind): void
  /** Nothing strikes while it is calm: before the trouble, until the shops have told what they have, and after it. */
  calm(isCalm: boolean): void
}

export function createFaults(random: Random, trace: (line: string) => void): Faults {
  const counts = new Map<FaultKind, number>()
  let isCalm = true
  const note = (kind: FaultKind): void => {
    counts.set(kind, (counts.get(kind) ?? 0) + 1)
    trace(`! ${kind}`)
  }
  return {
    counts,
    note,
    strikes(kind, probability) {
      if (isCalm || !random.chance(probability)) return false
      note(kind)
      return true
    },
    calm: (calm) => void (isCalm = calm),
  }
}

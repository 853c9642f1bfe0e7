import type { Random } from './random.ts'

/** What can go wrong, by name. The table of a run counts those that really occurred. */
export const FAULT_KINDS = [
  'call lost', 'answer lost', 'call doubled', 'call late', 'tunnel down', 'tunnel down for days',
  'send failed', 'message lost', 'message doubled', 'message late',
  'edge crash', 'connector crash', 'connector cloned', 'disk restored', 'clock skewed',
  'D1 write unknown, not done', 'D1 write unknown, done', 'D1 write unknown, done late',
  'home unreachable', 'home answer lost', 'home call late',
  'POS fault', 'POS answer lost', 'POS refusal',
  'till sale', 'till sale during a read', 'till return', 'item described anew', 'SKU renamed', 'SKU retired', 'feed held',
  'suspended sale completed late', 'refused by staff', 'handed out',
  'shopper retry', 'cancel', 'cancel of a line', 'order split', 'part rerouted',
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

/** A run in which everything is a little bad meets other bugs than one in which a few things are very bad. */
const TEMPERS = [0, 0.5, 1, 1, 2, 6]

export function createFaults(random: Random, trace: (line: string) => void): Faults {
  const counts = new Map<FaultKind, number>()
  const tempers = new Map(FAULT_KINDS.map((kind) => [kind, random.pick(TEMPERS)]))
  let isCalm = true
  const note = (kind: FaultKind): void => {
    counts.set(kind, (counts.get(kind) ?? 0) + 1)
    trace(`! ${kind}`)
  }
  return {
    counts,
    note,
    strikes(kind, probability) {
      if (isCalm || !random.chance(probability * (tempers.get(kind) ?? 1))) return false
      note(kind)
      return true
    },
    calm: (calm) => void (isCalm = calm),
  }
}

/**
 * One at a time, in the order of asking. Every POS read that becomes a level, and every number that says "the POS did
 * this", is taken inside it:
 *
 * - Reads are serialised, so the baseline is always the level with the highest `asOf`.
 * - While one holder reads levels back for an outcome, nobody else can number a POS effect. The levels were therefore
 *   read after every effect numbered up to that outcome had committed, which is what "read back after its seq was given"
 *   asks for (rules.md 3). Only events without an effect on stock (`order.journaled`, `struck`) are numbered outside:
 *   they move no level, so a place in the numbering before or after them says the same.
 */
export type Turn = <T>(work: () => Promise<T>) => Promise<T>

export function createTurn(): Turn {
  let last: Promise<unknown> = Promise.resolve()
  return (work) => {
    const mine = last.then(work, work)
    last = mine.catch(() => undefined)
    return mine
  }
}

/**
 * How old what the edge knows of the till can be, in two halves that a quiet shop does not hide: nothing happening and nothing
 * getting through look alike in every counter, and differ here. Times are monotonic milliseconds.
 */
export type Freshness = {
  /** A look at the POS that began at `lookedAt` read everything there was, and it is on disk. */
  posCaughtUp(lookedAt: number): void
  /** The edge has just confirmed everything up to `ackedSeq`; `lastSeq` is the last number given. */
  edgeConfirmed(ackedSeq: number, lastSeq: number): void
  /** The numbering begins anew: what was noted of the old one says nothing. */
  renumbered(): void
  /** Since the POS was last seen whole. Before the first time, since the connector started. */
  posFreshMs(): number
  /** Since the moment up to which the edge has everything that was numbered. Before the first time, since the connector started. */
  edgeFreshMs(): number
}

/** Ten minutes of a heartbeat a second. Later ones are not noted until these are confirmed: the figure is then too old, never too young. */
const NOTES_MAX = 600

export function createFreshness(monotonic: () => number): Freshness {
  const startedAt = monotonic()
  let posAt = startedAt
  let edgeAt = startedAt
  /** At that moment nothing above `seq` had been numbered. */
  let notes: { seq: number; at: number }[] = []
  return {
    posCaughtUp: (lookedAt) => void (posAt = Math.max(posAt, lookedAt)),
    edgeConfirmed(ackedSeq, lastSeq) {
      const now = monotonic()
      if (ackedSeq >= lastSeq) {
        edgeAt = now
        notes = []
        return
      }
      // In a busy shop there is always something on its way: what counts is how old the first of it is.
      for (const { seq, at } of notes) if (seq <= ackedSeq) edgeAt = Math.max(edgeAt, at)
      notes = notes.filter(({ seq }) => seq > ackedSeq)
      const last = notes.at(-1)
      if (last?.seq === lastSeq) last.at = now
      else if (notes.length < NOTES_MAX) notes.push({ seq: lastSeq, at: now })
    },
    renumbered: () => void (notes = []),
    posFreshMs: () => monotonic() - posAt,
    edgeFreshMs: () => monotonic() - edgeAt,
  }
}

/**
 * Units that somebody has reserved and nobody has paid for, by when they stop counting (epoch ms, rounded up to a slot): one small value however many orders it
 * is made of, so that an order costs one row.
 */
export type Unpaid = Readonly<Record<string, number>>
export type UnitCharge = { units: number; until: number }

/** A day has 288 of them. */
const SLOT_MS = 5 * 60_000

const slotOf = (until: number): string => String(Math.ceil(until / SLOT_MS) * SLOT_MS)
const stillHeld = (held: Unpaid, now: number): [string, number][] => Object.entries(held).filter(([end, units]) => Number(end) > now && units > 0)

/** When the last of it stops counting; `null` when nothing counts. */
export function lastEnd(held: Unpaid, now: number): number | null {
  const ends = stillHeld(held, now).map(([end]) => Number(end))
  return ends.length > 0 ? Math.max(...ends) : null
}

/** Adds these units unless there would be more than `max`. `waitMs` is until there is room, or until all is over where there never would be. */
export function charge(held: Unpaid, { units, until }: UnitCharge, max: number, now: number): { ok: true; held: Unpaid } | { ok: false; waitMs: number } {
  const live = stillHeld(held, now).toSorted(([a], [b]) => Number(a) - Number(b))
  let sum = live.reduce((total, [, each]) => total + each, 0)
  if (sum + units <= max) return { ok: true, held: added(Object.fromEntries(live), slotOf(until), units) }
  let end = now
  for (const [slot, each] of live) {
    end = Number(slot)
    sum -= each
    if (sum + units <= max) break
  }
  return { ok: false, waitMs: Math.max(0, end - now) }
}

/** Takes back what a charge has added. */
export const refund = (held: Unpaid, { units, until }: UnitCharge): Unpaid => added(held, slotOf(until), -units)

const added = (held: Unpaid, slot: string, units: number): Unpaid => ({ ...held, [slot]: Math.max(0, (held[slot] ?? 0) + units) })

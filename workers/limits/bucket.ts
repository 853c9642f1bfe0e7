/** A bucket that holds one minute's calls and fills evenly: a page may send them at once, or one after another for ever. Times are epoch ms. */
export type Bucket = { tokens: number; at: number }

export type Taken = {
  ok: boolean
  /** Whole calls that are left. */
  remaining: number
  /** Until a call is let through again; 0 when one would be now. */
  waitMs: number
}

const MINUTE_MS = 60_000

/** Takes one call. What a refusal leaves is what it found: asking again does not make the wait longer. */
export function takeOne(before: Bucket | null, perMinute: number, now: number): { taken: Taken; bucket: Bucket } {
  const perMs = perMinute / MINUTE_MS
  // A clock that went back fills nothing; a limit that was lowered takes what is too much.
  const tokens = Math.min(perMinute, before ? before.tokens + Math.max(0, now - before.at) * perMs : perMinute)
  const ok = tokens >= 1
  const left = ok ? tokens - 1 : tokens
  return { taken: { ok, remaining: Math.floor(left), waitMs: left >= 1 ? 0 : Math.ceil((1 - left) / perMs) }, bucket: { tokens: left, at: Math.max(now, before?.at ?? now) } }
}

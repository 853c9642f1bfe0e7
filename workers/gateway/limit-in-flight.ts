import { waitUntil } from 'cloudflare:workers'
import type { MiddlewareHandler } from 'hono'
import { log } from '../log.ts'
import type { AppEnv } from './context.ts'
import { createInFlight, shareOf } from './in-flight.ts'
import type { InFlight, Share } from './in-flight.ts'
import { problem, RETRY_AFTER_S } from './problem.ts'

/** Those who were refused together do not come back together. */
const RETRY_SPREAD_S = 3
/** One line tells that a share is full; a line a refusal would be work of its own. */
const TOLD_EVERY_MS = 5_000

/**
 * Refuses with 503 `overloaded` what its share has no room for, before a body is read or storage asked.
 * A caller who hangs up does not end the work: it goes on (`waitUntil`), so an order begun is an order placed, and its place is given back.
 */
export function limitInFlight(inFlight: InFlight = createInFlight(), random: () => number = Math.random): MiddlewareHandler<AppEnv> {
  const tell = teller()
  return async (c, next) => {
    const share = shareOf(c.req.method, c.req.path)
    if (share === null) return next()
    const now = c.var.ports.clock()
    const leave = inFlight.enter(share, now)
    if (!leave) {
      tell(share, now)
      const answer = problem(c, 'overloaded', 'More is asked of the edge than it can do now; nothing of this request was done. Wait as Retry-After says, then send the same again.')
      answer.headers.set('Retry-After', String(RETRY_AFTER_S + Math.floor(random() * RETRY_SPREAD_S)))
      return answer
    }
    const done = next().finally(() => leave(c.var.ports.clock(), hasWorked(c.res.status)))
    waitUntil(done.catch(() => undefined))
    return done
  }
}

/** Served, or short of goods, which took as much looking. */
const hasWorked = (status: number): boolean => status < 400 || status === 409

function teller(): (share: Share, now: number) => void {
  const refused = new Map<Share, number>()
  const toldAt = new Map<Share, number>()
  return (share, now) => {
    refused.set(share, (refused.get(share) ?? 0) + 1)
    if (now - (toldAt.get(share) ?? 0) < TOLD_EVERY_MS) return
    log('gateway.overloaded', { share, refused: refused.get(share) ?? 0 })
    refused.set(share, 0)
    toldAt.set(share, now)
  }
}

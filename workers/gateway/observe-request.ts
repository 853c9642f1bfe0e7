import type { MiddlewareHandler } from 'hono'
import { routePath } from 'hono/route'
import { systemClock } from '../../contract/clock.ts'
import type { Clock } from '../../contract/clock.ts'
import { isSampled, nextSpan, newTraceparent, readTraceparent, TRACEPARENT_HEADER, traceIdOf } from '../../contract/trace.ts'
import { log } from '../log.ts'
import { createMetrics } from '../metrics/analytics-engine.ts'
import type { AppEnv } from './context.ts'

/** One read in a hundred: a catalogue page that everybody looks at says the same each time, and a line costs twice the request. */
export const READS_LOGGED = 0.01
/** Answered every few seconds by every store; what goes wrong with one is logged all the same. */
const HEARTBEAT = '/connect/v1/stores/:storeId/heartbeat'

/**
 * Gives each request its trace (the caller's, if what it sent is one) and tells it once, when the head of its answer is there: errors and writes always, reads and
 * heartbeats by a share drawn from the trace id, so that what a trace reads is told whole or not at all. Neither the address nor a header is told:
 * the route's pattern is, because a token may stand in an address.
 */
export function observeRequest(clock: Clock = systemClock, tell: typeof log = log, measure: typeof createMetrics = createMetrics): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    const given = readTraceparent(c.req.header(TRACEPARENT_HEADER))
    const traceparent = given ? nextSpan(given) : newTraceparent()
    c.set('traceparent', traceparent)
    const startedAt = clock()
    await next()
    const ms = clock() - startedAt
    const { status } = c.res
    const route = routePath(c, -1)
    const { method } = c.req
    measure(c.env).timing('request', ms, { route: `${method} ${route}`, status: `${Math.floor(status / 100)}xx` })
    const isChatty = method === 'GET' || method === 'HEAD' || method === 'OPTIONS' || route === HEARTBEAT
    if (status < 400 && isChatty && !isSampled(traceparent, shareOf(c.env.LOG_SAMPLE))) return
    tell('request.done', { method, route, status, ms, requestId: c.var.requestId, traceId: traceIdOf(traceparent) })
  }
}

/** As `LOG_SAMPLE` says, from 0 to 1. */
function shareOf(text: string | undefined): number {
  const share = Number(text)
  return text !== undefined && text.trim() !== '' && share >= 0 && share <= 1 ? share : READS_LOGGED
}

import type { MiddlewareHandler } from 'hono'
import type { AppEnv } from './context.ts'
import { shareOf } from './in-flight.ts'
import { problem } from './problem.ts'

/** `period` of the two limits in wrangler.toml. */
const PERIOD_S = 10

/**
 * The platform's limiter, per location and approximate: it keeps a flood out, it does not meter a customer. By address: a key can be made up.
 * By share too: a shop's connector and the shoppers in its Wi-Fi have one address, and it must not fall silent because they are many.
 */
export const limitRate: MiddlewareHandler<AppEnv> = async (c, next) => {
  const who = `${shareOf(c.req.method, c.req.path)} ${c.req.header('CF-Connecting-IP') ?? 'unknown'}`
  const limiter = c.req.method === 'GET' || c.req.method === 'HEAD' || c.req.method === 'OPTIONS' ? c.env.READ_LIMIT : c.env.WRITE_LIMIT
  const { success } = await limiter.limit({ key: who })
  return success ? next() : problem(c, 'rate-limited', 'Too many requests from here; wait a moment.', {}, PERIOD_S)
}

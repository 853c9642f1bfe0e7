import type { Context } from 'hono'
import { keyIdOf } from '../channels/channel.ts'
import type { Channel, StoredKey } from '../channels/channel.ts'
import { faultName, log } from '../log.ts'
import type { AppEnv } from './context.ts'
import { problem } from './problem.ts'

const POLICY = 'writes'
const WINDOW_S = 60

/**
 * A call of a channel's key that reserves or prices something, exactly counted wherever it comes in; `null` lets it through. Every answer then says what is left
 * (draft-ietf-httpapi-ratelimit-headers). When the count cannot be had the call goes on: the limit per address still stands, and nobody buys nothing for it.
 */
export async function refuseWrite(c: Context<AppEnv>, channel: Channel, key: StoredKey): Promise<Response | null> {
  const { writesPerMinute } = channel.limits
  try {
    const { ok, remaining, waitMs } = await c.var.ports.limits.takeWrite(keyIdOf(key), writesPerMinute)
    const waitS = Math.ceil(waitMs / 1000)
    c.header('RateLimit-Policy', `"${POLICY}";q=${writesPerMinute};w=${WINDOW_S}`)
    c.header('RateLimit', `"${POLICY}";r=${remaining};t=${waitS}`)
    return ok ? null : problem(c, 'rate-limited', `This key may make ${writesPerMinute} such calls a minute, and has made them.`, {}, Math.max(1, waitS))
  } catch (error) {
    log('limits.away', { requestId: c.var.requestId, limit: POLICY, error: faultName(error) })
    return null
  }
}

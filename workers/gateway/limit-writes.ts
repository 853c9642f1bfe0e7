import type { Context } from 'hono'
import { keyIdOf } from '../channels/channel.ts'
import type { Channel, StoredKey } from '../channels/channel.ts'
import { addressBlock } from '../limits/address-block.ts'
import type { Taken } from '../limits/bucket.ts'
import type { Payer } from '../limits/port.ts'
import { faultName, log } from '../log.ts'
import type { AppEnv } from './context.ts'
import { problem } from './problem.ts'

const WINDOW_S = 60

/** The caller's address within the channel, or `null` for a server's secret key: it speaks for many shoppers, and its address is nobody's in particular. */
export const callersAddress = (c: Context<AppEnv>, { kind }: StoredKey): string | null =>
  kind === 'secret' ? null : addressBlock(c.req.header('CF-Connecting-IP') ?? 'unknown')

type Counted = { policy: Payer['kind']; perMinute: number; taken: Taken }

/**
 * A call of a channel's key that reserves or prices something, exactly counted wherever it comes in; `null` lets it through. A publishable key is counted per
 * address, too, or one page could use it up for all. Every answer then says what is left (draft-ietf-httpapi-ratelimit-headers). When a count cannot be had the
 * call goes on: the limit per address and location still stands, and nobody buys anything by it.
 */
export async function refuseWrite(c: Context<AppEnv>, channel: Channel, key: StoredKey): Promise<Response | null> {
  const block = callersAddress(c, key)
  const { writesPerMinute, writesPerMinutePerAddress } = channel.limits
  const asked: { payer: Payer; perMinute: number }[] = [{ payer: { kind: 'key', keyId: keyIdOf(key) }, perMinute: writesPerMinute }]
  if (block !== null) asked.unshift({ payer: { kind: 'address', channelId: channel.channelId, block }, perMinute: writesPerMinutePerAddress })

  const { limits } = c.var.ports
  // Both are asked at once, unless one is known to refuse: then the other must not be charged for it.
  const known = asked.flatMap(({ payer, perMinute }) => {
    const taken = limits.refusedBefore(payer)
    return taken ? [{ policy: payer.kind, perMinute, taken }] : []
  })
  const counted: Counted[] = known.length > 0 ? known : (await Promise.all(asked.map((each) => take(c, each)))).filter((each) => each !== null)
  if (counted.length === 0) return null
  c.header('RateLimit-Policy', counted.map(({ policy, perMinute }) => `"${policy}";q=${perMinute};w=${WINDOW_S}`).join(', '))
  c.header('RateLimit', counted.map(({ policy, taken }) => `"${policy}";r=${taken.remaining};t=${secondsOf(taken)}`).join(', '))
  const refusal = counted.find(({ taken }) => !taken.ok)
  if (!refusal) return null
  const detail = `This ${refusal.policy} may make ${refusal.perMinute} such calls a minute, and has made them.`
  return problem(c, 'rate-limited', detail, {}, Math.max(1, ...counted.filter(({ taken }) => !taken.ok).map(({ taken }) => secondsOf(taken))))
}

const secondsOf = ({ waitMs }: Taken): number => Math.ceil(waitMs / 1000)

async function take(c: Context<AppEnv>, { payer, perMinute }: { payer: Payer; perMinute: number }): Promise<Counted | null> {
  try {
    return { policy: payer.kind, perMinute, taken: await c.var.ports.limits.takeWrite(payer, perMinute) }
  } catch (error) {
    log('limits.away', { requestId: c.var.requestId, limit: `writes per ${payer.kind}`, error: faultName(error) })
    return null
  }
}

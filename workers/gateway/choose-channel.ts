import type { MiddlewareHandler } from 'hono'
import { ChannelId } from '../../contract/values.ts'
import type { AppEnv } from './context.ts'
import { problem } from './problem.ts'

/** Who names no channel means this one, whether or not it is registered. */
const CHANNEL_DEFAULT = 'web'
/** A channel is there for years; that there is none may change in a minute. */
const KNOWN_FOR_MS = 60_000
/** Far more than channels; who invents names fills it and then pays for each with a look of his own. */
const KNOWN_MAX = 1_000

/** Whether there is such a channel, as this isolate has asked D1 last. */
const known = new Map<string, { isThere: boolean; until: number }>()

/** `?channel=` of the catalogue and of availability: one that is not registered is a mistake in the page's set-up, and said as one. A page in a cache is one per channel, because its address is. */
export const chooseChannel: MiddlewareHandler<AppEnv> = async (c, next) => {
  const channelId = c.req.query('channel') ?? CHANNEL_DEFAULT
  c.set('channelId', channelId)
  if (channelId === CHANNEL_DEFAULT || (await isThere(channelId))) return next()
  return problem(c, 'channel-not-found', 'There is no channel with the id that stands in ?channel=. Leave it out, or ask the operator for the right one.')

  async function isThere(id: string): Promise<boolean> {
    if (!ChannelId.safeParse(id).success) return false
    const { channels, clock } = c.var.ports
    const before = known.get(id)
    if (before && clock() < before.until) return before.isThere
    let found: boolean
    try {
      found = (await channels.find(id)) !== null
    } catch {
      // D1 is away: what was known holds, and what was never asked is let through. It is a help for whoever sets a page up, no lock.
      return before?.isThere ?? true
    }
    if (known.size >= KNOWN_MAX) known.clear()
    known.set(id, { isThere: found, until: clock() + KNOWN_FOR_MS })
    return found
  }
}

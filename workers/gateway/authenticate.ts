import { waitUntil } from 'cloudflare:workers'
import type { Context, MiddlewareHandler } from 'hono'
import { sha256Hex } from '../../contract/canonical.ts'
import type { Scope } from '../../contract/operator.ts'
import { KEY_PREFIX, LAST_USED_EVERY_MS, scopesOf, takesOrigin } from '../channels/channel.ts'
import type { Channel, StoredKey } from '../channels/channel.ts'
import { faultName, log } from '../log.ts'
import type { AppEnv } from './context.ts'
import { refuseWrite } from './limit-writes.ts'
import { problem } from './problem.ts'

const bearer = (header: string | undefined): string | null => /^Bearer ([\x21-\x7e]{1,256})$/.exec(header ?? '')?.[1] ?? null

export type FoundKey = { channel: Channel; key: StoredKey }

/** The channel and key that a call comes with, or `null`. That it was used is written down now and then, behind the answer. */
export async function findKey(c: Context<AppEnv>, given = bearer(c.req.header('Authorization'))): Promise<FoundKey | null> {
  const { channels, clock } = c.var.ports
  if (!given || !Object.values(KEY_PREFIX).some((prefix) => given.startsWith(prefix))) return null
  const now = clock()
  const found = await channels.findByKey(await sha256Hex(given), now)
  if (found && now - (found.key.lastUsedAt ?? -Infinity) > LAST_USED_EVERY_MS) waitUntil(channels.noteUse(found.key.keyHash, now).catch((error: unknown) => log('channel.use_not_noted', { channel: found.channel.channelId, error: faultName(error) })))
  return found
}

/** A key that came in the address of what is public anyway: it must be one, and used from where its channel takes calls. `null` lets it through. */
export async function refuseKey(c: Context<AppEnv>, given: string): Promise<Response | null> {
  const found = await findKey(c, given)
  if (!found) return problem(c, 'unauthorized', 'The key in ?key= opens no channel. Leave it out: nobody needs one here.')
  return takesOrigin(found.channel, c.req.header('Origin') ?? null, new URL(c.req.url).origin) ? null : problem(c, 'forbidden', 'This channel does not take calls from this origin.')
}

/** A channel's key that may do this, from where the channel takes calls, as often as it may. */
export const channelKey = (scope: Scope): MiddlewareHandler<AppEnv> => async (c, next) => {
  const found = await findKey(c)
  if (!found) return problem(c, 'unauthorized', 'Send a channel key as "Authorization: Bearer pk_…" or "sk_…".')
  const { channel, key } = found
  const origin = c.req.header('Origin') ?? null
  if (!takesOrigin(channel, origin, new URL(c.req.url).origin)) return problem(c, 'forbidden', 'This channel does not take calls from this origin.')
  if (!scopesOf(key).includes(scope)) return problem(c, 'forbidden', `This key has not the scope ${scope}.`, { scope })
  // What a key has brought is for the page that sent it; a refusal above stays readable, or nobody could find out why.
  if (origin !== null) {
    c.header('Access-Control-Allow-Origin', origin)
    c.header('Vary', 'Origin', { append: true })
  }
  c.set('channel', channel)
  c.set('key', key)
  return (await refuseWrite(c, channel, key)) ?? next()
}

/**
 * The operator API: whom Access let through, and in development a token (workers/operators/). Access knows a browser by its cookie, so a page of
 * another site could have the operator's browser ask: what changes something is taken from our own pages and from programs only, which send no Origin.
 */
export const operator: MiddlewareHandler<AppEnv> = async (c, next) => {
  const origin = c.req.header('Origin')
  if (origin !== undefined && c.req.method !== 'GET' && c.req.method !== 'HEAD' && origin !== new URL(c.req.url).origin) {
    return problem(c, 'forbidden', 'A page of another site may not change anything here.')
  }
  const identified = await c.var.ports.operators.identify(c.req.raw.headers)
  if (identified.ok) {
    c.set('actor', identified.actor)
    return next()
  }
  if (identified.why === 'cannot-tell') return problem(c, 'try-again', 'Who you are cannot be checked just now: the keys of Cloudflare Access cannot be had.')
  return problem(c, 'unauthorized', 'Sign in through Cloudflare Access. In development, send the operator token as "Authorization: Bearer …".')
}

import type { MiddlewareHandler } from 'hono'
import { sha256Hex } from '../../contract/canonical.ts'
import { KEY_PREFIX } from '../channels/channel.ts'
import type { AppEnv } from './context.ts'
import { problem } from './problem.ts'

const bearer = (header: string | undefined): string | null => /^Bearer ([\x21-\x7e]{1,256})$/.exec(header ?? '')?.[1] ?? null

/** A channel's key, publishable or secret. Looked up by its hash, so nothing of the key is compared. */
export const channelKey: MiddlewareHandler<AppEnv> = async (c, next) => {
  const key = bearer(c.req.header('Authorization'))
  const known = key && Object.values(KEY_PREFIX).some((prefix) => key.startsWith(prefix)) ? await c.var.ports.channels.findByKey(await sha256Hex(key)) : null
  if (!known) return problem(c, 'unauthorized', 'Send a channel key as "Authorization: Bearer pk_…" or "sk_…".')
  const origin = c.req.header('Origin')
  const allowed = known.channel.allowedOrigins
  if (origin && allowed.length > 0 && origin !== new URL(c.req.url).origin && !allowed.includes(origin)) {
    return problem(c, 'forbidden', 'This channel does not take calls from this origin.')
  }
  c.set('channel', known.channel)
  c.set('keyKind', known.kind)
  return next()
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

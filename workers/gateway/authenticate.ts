import type { MiddlewareHandler } from 'hono'
import { sha256Hex } from '../../contract/canonical.ts'
import { KEY_PREFIX } from '../channels/channel.ts'
import type { AppEnv } from './context.ts'
import { problem } from './problem.ts'

const encoder = new TextEncoder()
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

/** The operator API in development: a token. Both sides are hashed, so the comparison tells neither length nor place. */
export const operator: MiddlewareHandler<AppEnv> = async (c, next) => {
  const token = bearer(c.req.header('Authorization'))
  const [given, wanted] = await Promise.all([token ?? '', c.var.ports.secrets.adminToken].map((text) => crypto.subtle.digest('SHA-256', encoder.encode(text))))
  if (!token || !given || !wanted || !crypto.subtle.timingSafeEqual(given, wanted)) {
    return problem(c, 'unauthorized', 'Send the operator token as "Authorization: Bearer …".')
  }
  c.set('actor', 'admin-token')
  return next()
}

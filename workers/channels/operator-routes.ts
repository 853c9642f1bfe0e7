import { Hono } from 'hono'
import type { Context } from 'hono'
import { sha256Hex } from '../../contract/canonical.ts'
import { toInstant } from '../../contract/clock.ts'
import { ORDER_BODY_BYTES_MAX } from '../../contract/limits.ts'
import { ChangeChannel, IssueKey, LIMITS_DEFAULT, RegisterChannel, RotateKey } from '../../contract/operator.ts'
import type { KeyKind, KeyView, Scope } from '../../contract/operator.ts'
import { body, optionalBody } from '../gateway/body.ts'
import type { AppEnv } from '../gateway/context.ts'
import { encodeCursor, PageQuery } from '../gateway/paging.ts'
import type { PaymentProviderName } from '../../contract/payment.ts'
import type { Ports } from '../ports.ts'
import { invalidField, problem } from '../gateway/problem.ts'
import { query } from '../gateway/query.ts'
import { isLive, KEY_HINT_LENGTH, KEY_PREFIX, keyIdOf, KEYS_PER_CHANNEL_MAX, scopesOf, withLimits } from './channel.ts'
import type { Channel, StoredKey } from './channel.ts'

/** 192 bits: nobody guesses it, and its plain hash is as good as a slow one. */
const KEY_BYTES = 24
/** A key is shown once and kept by nobody on the way. */
const NO_STORE = { 'Cache-Control': 'no-store' }

/** Channels and their keys, mounted at `/admin/v1/channels` behind the gateway's authentication. */
export const operatorChannels = new Hono<AppEnv>()

const toAnswer = (channel: Channel) => ({ ...channel, createdAt: toInstant(channel.createdAt) })
const toView = (key: StoredKey): KeyView => ({
  keyId: keyIdOf(key), kind: key.kind, hint: key.hint, scopes: [...scopesOf(key)], createdAt: toInstant(key.createdAt),
  lastUsedAt: key.lastUsedAt === null ? null : toInstant(key.lastUsedAt), expiresAt: key.expiresAt === null ? null : toInstant(key.expiresAt),
})
/** `manual` needs nothing but people. */
const notSetUp = (ports: Pick<Ports, 'payments'>, name: PaymentProviderName): boolean => name !== 'manual' && ports.payments(name) === null
const setUpFirst = (name: string): string => `expected providers that are set up here: ${name} needs its two secrets first, in production those of a live account (docs/payments.md)`
const notFound = (c: Context<AppEnv>): Response => problem(c, 'channel-not-found', 'There is no channel with this id. Register it first.')
const noKey = (c: Context<AppEnv>): Response => problem(c, 'key-not-found', 'This channel has no live key with this id; GET …/keys lists them.')

operatorChannels.get('/', query(PageQuery), async (c) => {
  const { cursor, limit } = c.req.valid('query')
  const after = (await c.var.ports.channels.list()).filter(({ channelId }) => cursor === null || channelId > cursor)
  const shown = after.slice(0, limit)
  const last = after.length > shown.length ? shown.at(-1) : undefined
  return c.json({ items: shown.map(toAnswer), nextCursor: last ? encodeCursor(last.channelId) : null }, 200, NO_STORE)
})

operatorChannels.post('/', body(RegisterChannel, ORDER_BODY_BYTES_MAX), async (c) => {
  const { ports, actor } = c.var
  const { limits, ...asked } = c.req.valid('json').parsed
  const missing = asked.paymentProviders.find((name) => notSetUp(ports, name))
  if (missing) return invalidField(c, '/paymentProviders', setUpFirst(missing))
  const channel = { ...asked, limits: withLimits(LIMITS_DEFAULT, limits), createdAt: ports.clock() }
  if (!(await ports.channels.insert(channel))) return problem(c, 'already-exists', 'There is a channel with this id.')
  await ports.audit.record({ actor, action: 'channel.register', subject: channel.channelId })
  return c.json({ channel: toAnswer(channel) }, 201, NO_STORE)
})

operatorChannels.get('/:channelId', async (c) => {
  const channel = await c.var.ports.channels.find(c.req.param('channelId'))
  return channel ? c.json(toAnswer(channel), 200, NO_STORE) : notFound(c)
})

operatorChannels.patch('/:channelId', body(ChangeChannel, ORDER_BODY_BYTES_MAX), async (c) => {
  const { ports, actor } = c.var
  const channel = await ports.channels.find(c.req.param('channelId'))
  if (!channel) return notFound(c)
  const { name, allowedOrigins, payInStore, paymentProviders, limits } = c.req.valid('json').parsed
  const change = { ...(name === undefined ? {} : { name }), ...(allowedOrigins === undefined ? {} : { allowedOrigins }), ...(payInStore === undefined ? {} : { payInStore }), ...(paymentProviders === undefined ? {} : { paymentProviders }), ...(limits === undefined ? {} : { limits: withLimits(channel.limits, limits) }) }
  if (Object.keys(change).length === 0) return invalidField(c, '', 'expected at least one of name, allowedOrigins, payInStore, paymentProviders, limits')
  const missing = paymentProviders?.find((name) => notSetUp(ports, name))
  if (missing) return invalidField(c, '/paymentProviders', setUpFirst(missing))
  await ports.channels.change(channel.channelId, change)
  await ports.audit.record({ actor, action: 'channel.change', subject: channel.channelId, detail: Object.keys(change).join(', ') })
  return c.json(toAnswer({ ...channel, ...change }), 200, NO_STORE)
})

operatorChannels.get('/:channelId/keys', async (c) => {
  const channel = await c.var.ports.channels.find(c.req.param('channelId'))
  if (!channel) return notFound(c)
  return c.json({ items: (await c.var.ports.channels.keysOf(channel.channelId)).map(toView), nextCursor: null }, 200, NO_STORE)
})

operatorChannels.post('/:channelId/keys', body(IssueKey, ORDER_BODY_BYTES_MAX), async (c) => {
  const { ports, actor } = c.var
  const channel = await ports.channels.find(c.req.param('channelId'))
  if (!channel) return notFound(c)
  const { kind, scopes = [] } = c.req.valid('json').parsed
  const now = ports.clock()
  const live = (await ports.channels.keysOf(channel.channelId)).filter((key) => isLive(key, now))
  if (live.length >= KEYS_PER_CHANNEL_MAX) return problem(c, 'conflict', `This channel has ${live.length} live keys: revoke those that nobody uses.`)
  const made = await makeKey(channel.channelId, kind, scopes, now)
  await ports.channels.insertKey(made.stored)
  await ports.audit.record({ actor, action: 'channel.issue_key', subject: channel.channelId, detail: `${kind} ${made.stored.hint}…` })
  return c.json({ key: made.key, ...toView(made.stored) }, 201, NO_STORE)
})

/** The old key goes on for the overlap, so that every page and server can change in its own time. */
operatorChannels.post('/:channelId/keys/:keyId/rotate', optionalBody(RotateKey, ORDER_BODY_BYTES_MAX), async (c) => {
  const { ports, actor } = c.var
  const { channelId, keyId } = c.req.param()
  const now = ports.clock()
  const old = (await ports.channels.keysOf(channelId)).find((key) => keyIdOf(key) === keyId && isLive(key, now))
  if (!old) return noKey(c)
  const endsAt = now + c.req.valid('json').parsed.overlapSeconds * 1000
  const made = await makeKey(channelId, old.kind, old.scopes, now)
  await ports.channels.rotateKey(old.keyHash, made.stored, endsAt)
  await ports.audit.record({ actor, action: 'channel.rotate_key', subject: channelId, detail: `${old.hint}… to ${made.stored.hint}…` })
  return c.json({ key: made.key, ...toView(made.stored), previous: toView({ ...old, expiresAt: Math.min(old.expiresAt ?? endsAt, endsAt) }) }, 201, NO_STORE)
})

operatorChannels.post('/:channelId/keys/:keyId/revoke', async (c) => {
  const { ports, actor } = c.var
  const { channelId, keyId } = c.req.param()
  const key = (await ports.channels.keysOf(channelId)).find((each) => keyIdOf(each) === keyId)
  const now = ports.clock()
  if (!key || !(await ports.channels.endKey(channelId, keyId, now))) return noKey(c)
  await ports.audit.record({ actor, action: 'channel.revoke_key', subject: channelId, detail: `${key.hint}…` })
  return c.json(toView({ ...key, expiresAt: now }), 200, NO_STORE)
})

async function makeKey(channelId: string, kind: KeyKind, scopes: Scope[], now: number): Promise<{ key: string; stored: StoredKey }> {
  const random = Array.from(crypto.getRandomValues(new Uint8Array(KEY_BYTES)), (byte) => byte.toString(16).padStart(2, '0')).join('')
  const key = KEY_PREFIX[kind] + random
  return { key, stored: { keyHash: await sha256Hex(key), channelId, kind, scopes, hint: key.slice(0, KEY_HINT_LENGTH), createdAt: now, expiresAt: null, lastUsedAt: null } }
}

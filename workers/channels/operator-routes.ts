import { Hono } from 'hono'
import { sha256Hex } from '../../contract/canonical.ts'
import { toInstant } from '../../contract/clock.ts'
import { ORDER_BODY_BYTES_MAX } from '../../contract/limits.ts'
import { IssueKey, RegisterChannel } from '../../contract/operator.ts'
import { body } from '../gateway/body.ts'
import { KEY_HINT_LENGTH, KEY_PREFIX } from './channel.ts'
import type { Channel } from './channel.ts'
import type { AppEnv } from '../gateway/context.ts'
import { problem } from '../gateway/problem.ts'

const KEY_BYTES = 24

export const operatorChannels = new Hono<AppEnv>()

const toAnswer = (channel: Channel) => ({ ...channel, createdAt: toInstant(channel.createdAt) })

operatorChannels.get('/', async (c) => c.json({ items: (await c.var.ports.channels.list()).map(toAnswer), nextCursor: null }))

operatorChannels.post('/', body(RegisterChannel, ORDER_BODY_BYTES_MAX), async (c) => {
  const { ports, actor } = c.var
  const channel = { ...c.req.valid('json').parsed, createdAt: ports.clock() }
  if (!(await ports.channels.insert(channel))) return problem(c, 'already-exists', 'There is a channel with this id.')
  await ports.audit.record({ actor, action: 'channel.register', subject: channel.channelId })
  return c.json({ channel: toAnswer(channel) }, 201)
})

operatorChannels.post('/:channelId/keys', body(IssueKey, ORDER_BODY_BYTES_MAX), async (c) => {
  const { ports, actor } = c.var
  const channel = await ports.channels.find(c.req.param('channelId'))
  if (!channel) return problem(c, 'channel-not-found', 'Register the channel first.')
  const { kind, scopes } = c.req.valid('json').parsed
  const key = KEY_PREFIX[kind] + randomText(KEY_BYTES)
  const hint = key.slice(0, KEY_HINT_LENGTH)
  await ports.channels.insertKey({ keyHash: await sha256Hex(key), channelId: channel.channelId, kind, scopes: scopes ?? [], hint, createdAt: ports.clock() })
  await ports.audit.record({ actor, action: 'channel.issue_key', subject: channel.channelId, detail: `${kind} ${hint}…` })
  return c.json({ key }, 201, { 'Cache-Control': 'no-store' })
})

function randomText(bytes: number): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(bytes)), (byte) => byte.toString(16).padStart(2, '0')).join('')
}

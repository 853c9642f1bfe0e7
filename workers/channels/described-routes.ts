import { IssuedKey, OperatorChannel, RegisteredChannel, RotatedKey } from '../../contract/operator-answers.ts'
import { ChangeChannel, IssueKey, KeyView, LIMITS_DEFAULT, RegisterChannel, RotateKey } from '../../contract/operator.ts'
import { page } from '../../contract/values.ts'
import { BODY_PROBLEMS } from '../gateway/describe.ts'
import type { DescribedRoutes } from '../gateway/describe.ts'
import { exampleOf, nameAnswer } from '../gateway/show-schema.ts'

const AT = '2026-11-26T10:00:00.000Z'
const channel = { channelId: 'boutique', name: 'Boutique', allowedOrigins: ['https://shop.example'], payInStore: true, paymentProviders: ['manual' as const] }
const shown = { ...channel, limits: LIMITS_DEFAULT, createdAt: AT }
const key = { keyId: '0a1b2c3d4e5f6071', kind: 'publishable' as const, hint: 'pk_0a1b2', scopes: ['quotes:create' as const, 'orders:create' as const], createdAt: AT, lastUsedAt: null, expiresAt: null }
const ChannelPage = page(OperatorChannel)
const KeyPage = page(KeyView)
exampleOf(RegisterChannel, channel)
exampleOf(ChangeChannel, { name: 'Boutique', payInStore: true, limits: { unpaidUnitsPerAddress: 20 } })
exampleOf(IssueKey, { kind: 'publishable' })
exampleOf(RotateKey, { overlapSeconds: 86_400 })
nameAnswer('Channel', OperatorChannel, shown)
nameAnswer('RegisteredChannel', RegisteredChannel, { channel: shown })
nameAnswer('ChannelPage', ChannelPage, { items: [shown], nextCursor: null })
nameAnswer('KeyView', KeyView, key)
nameAnswer('KeyPage', KeyPage, { items: [key], nextCursor: null })
nameAnswer('IssuedKey', IssuedKey, { key: 'pk_…', ...key })
nameAnswer('RotatedKey', RotatedKey, { key: 'pk_…', ...key, previous: { ...key, expiresAt: '2026-11-27T10:00:00.000Z' } })

const base = { tag: 'operator: channels', security: 'operator' } as const
const PROBLEMS = ['unauthorized', 'forbidden', 'channel-not-found'] as const

export const describedChannels: DescribedRoutes = () => ({
  'GET /admin/v1/channels': { ...base, id: 'listChannels', summary: 'Channels, by id', answers: { 200: { when: 'A page.', schema: ChannelPage } }, problems: ['unauthorized', 'invalid-request'] },
  'POST /admin/v1/channels': { ...base, id: 'registerChannel', summary: 'Open a channel', answers: { 201: { when: 'Open.', schema: RegisteredChannel } }, problems: ['unauthorized', 'forbidden', 'already-exists', ...BODY_PROBLEMS] },
  'GET /admin/v1/channels/:channelId': { ...base, id: 'getChannel', summary: 'One channel', answers: { 200: { when: 'As it is now.', schema: OperatorChannel } }, problems: ['unauthorized', 'channel-not-found'] },
  'PATCH /admin/v1/channels/:channelId': { ...base, id: 'changeChannel', summary: 'Change a channel', answers: { 200: { when: 'Changed.', schema: OperatorChannel } }, problems: [...PROBLEMS, ...BODY_PROBLEMS] },
  'GET /admin/v1/channels/:channelId/keys': { ...base, id: 'listKeys', summary: 'Its keys, never the keys themselves', answers: { 200: { when: 'All of them.', schema: KeyPage } }, problems: ['unauthorized', 'channel-not-found'] },
  'POST /admin/v1/channels/:channelId/keys': { ...base, id: 'issueKey', summary: 'Make a key', answers: { 201: { when: 'Made. It is shown this once.', schema: IssuedKey } }, problems: [...PROBLEMS, 'conflict', ...BODY_PROBLEMS] },
  'POST /admin/v1/channels/:channelId/keys/:keyId/rotate': {
    ...base, id: 'rotateKey', summary: 'Make a key in the place of this one', description: 'The old one goes on for `overlapSeconds`.', answers: { 201: { when: 'Made. It is shown this once.', schema: RotatedKey } },
    problems: ['unauthorized', 'forbidden', 'key-not-found', ...BODY_PROBLEMS],
  },
  'POST /admin/v1/channels/:channelId/keys/:keyId/revoke': { ...base, id: 'revokeKey', summary: 'End a key at once', answers: { 200: { when: 'Ended.', schema: KeyView } }, problems: ['unauthorized', 'forbidden', 'key-not-found'] },
})

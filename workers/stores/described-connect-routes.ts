import { EpochAnswer, EpochRequest, EventsAnswer, EventsRequest, HeartbeatAnswer, HeartbeatRequest, PairAnswer, PairRequest, PendingAnswer, StateAnswer } from '../../contract/connect.ts'
import { CONNECTOR_VERSION_HEADER } from '../../contract/connector-version.ts'
import { SIGNING_HEADERS } from '../../contract/signing.ts'
import { BODY_PROBLEMS } from '../gateway/describe.ts'
import type { DescribedRoutes } from '../gateway/describe.ts'
import { exampleOf, nameAnswer } from '../gateway/show-schema.ts'

const AT = '2026-11-26T10:00:00.000Z'
/** SHA-256 of nothing: where a journal begins. */
const BEGIN = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'
exampleOf(PairRequest, { code: 'ABCDE-FGHJK' })
exampleOf(EpochRequest, { connectorId: 'till-1' })
exampleOf(EventsRequest, { connectorId: 'till-1', epoch: 1, after: { seq: 0, digest: BEGIN }, events: [{ seq: 1, type: 'stock.counted', occurredAt: AT, data: { sku: 'CLO-00003', onHand: 5, asOf: 0 } }] })
exampleOf(HeartbeatRequest, { connectorId: 'till-1', epoch: 1, lastSeq: 0, posReachable: true, journal: { inbox: 0, outbox: 0 }, version: '0.1.0', clock: AT, tunnel: 'none' })
nameAnswer('PairAnswer', PairAnswer, { secret: 'tbsec_…' })
nameAnswer('EpochAnswer', EpochAnswer, { epoch: 1 })
nameAnswer('EventsAnswer', EventsAnswer, { ackedSeq: 1, rejected: [] })
nameAnswer('HeartbeatAnswer', HeartbeatAnswer, { serverTime: AT, ackedSeq: 1, pending: 0, askAgain: [], requests: [], pushConfirmed: false })
nameAnswer('PendingAnswer', PendingAnswer, { assignments: [], cancels: [] })
nameAnswer('StateAnswer', StateAnswer, { items: [{ sku: 'CLO-00003', itemHash: null, onHand: 5, epoch: 1, seq: 1, asOf: 0 }], nextCursor: null })

const parameters = [
  { in: 'header', name: SIGNING_HEADERS.id, required: true, description: 'Names the call; a new one for each.', schema: { type: 'string' as const } },
  { in: 'header', name: SIGNING_HEADERS.timestamp, required: true, description: 'Seconds since 1970, within five minutes of the edge\'s clock.', schema: { type: 'string' as const, pattern: '^\\d+$' } },
  { in: 'header', name: CONNECTOR_VERSION_HEADER, required: false, description: 'Of the connector, by Semantic Versioning; left out: the first, 0.1.0. One that is older than the edge takes gets 426.', schema: { type: 'string' as const } },
]
const base = { tag: 'connect', security: 'store', parameters } as const
const SIGNED_READ = ['bad-signature', 'connector-too-old'] as const
const SIGNED = [...SIGNED_READ, ...BODY_PROBLEMS, 'store-held-by'] as const

export const describedConnect: DescribedRoutes = () => ({
  'POST /connect/v1/stores/:storeId/pair': {
    id: 'pairConnector', tag: 'connect', security: 'public', summary: 'Trade a pairing code for the store\'s secret', answers: { 200: { when: 'Once.', schema: PairAnswer, headers: ['Cache-Control'] } }, problems: ['pairing-code-spent', ...BODY_PROBLEMS],
  },
  'POST /connect/v1/stores/:storeId/epochs': { ...base, id: 'takeEpoch', summary: 'Begin a new journal', answers: { 200: { when: 'Its number.', schema: EpochAnswer } }, problems: SIGNED },
  'POST /connect/v1/stores/:storeId/events': {
    ...base, id: 'sendEvents', summary: 'Tell what happened in the shop', description: 'Each event is a `StoreEvent`; one that is not is answered in `rejected`, becomes a dead letter and blocks nothing. May be sent with `Content-Encoding: gzip`.',
    answers: { 202: { when: 'Every one is durable.', schema: EventsAnswer } }, problems: [...SIGNED, 'sequence-gap', 'epoch-forked'],
  },
  'POST /connect/v1/stores/:storeId/heartbeat': { ...base, id: 'sendHeartbeat', summary: 'Say that the connector is alive', answers: { 200: { when: 'What the edge wants of it.', schema: HeartbeatAnswer } }, problems: [...SIGNED, 'epoch-forked'] },
  'GET /connect/v1/stores/:storeId/orders/pending': { ...base, id: 'pullAssignments', summary: 'Work that is not known to be in the journal', answers: { 200: { when: 'Assignments and cancels.', schema: PendingAnswer, headers: ['Cache-Control'] } }, problems: [...SIGNED_READ] },
  'GET /connect/v1/stores/:storeId/state': { ...base, id: 'readState', summary: 'What the edge has of the store', answers: { 200: { when: 'A page.', schema: StateAnswer, headers: ['Cache-Control'] } }, problems: [...SIGNED_READ, 'invalid-request'] },
})

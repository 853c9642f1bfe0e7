import { ROUNDING_DEFAULT } from '../../contract/money.ts'
import { PublicStore } from '../../contract/store.ts'
import { OperatorStore, PairingCode, ReconcileAsked, RegisteredStore, StorePriority, StoreSafetyStock, StoreSecret } from '../../contract/operator-answers.ts'
import { ChangeStore, RegisterStore, SetPriority, SetSafetyStock, Transport } from '../../contract/operator.ts'
import { page } from '../../contract/values.ts'
import { BODY_PROBLEMS } from '../gateway/describe.ts'
import type { DescribedRoutes } from '../gateway/describe.ts'
import { exampleOf, nameAnswer } from '../gateway/show-schema.ts'

const AT = '2026-11-26T10:00:00.000Z'
const registered = { storeId: 'high-street', name: 'High Street', timeZone: 'Europe/London', transport: { kind: 'pull' as const } }
const day = [{ from: '09:00', to: '18:00' }]
const hours = { mon: day, tue: day, wed: day, thu: day, fri: day, sat: day, sun: [] }
const store = {
  ...registered, safetyStock: 0, catalogSource: false, paused: false, priority: 100, openingHours: hours, sellStaleForMs: 86_400_000, rounding: ROUNDING_DEFAULT, specialDays: [], pickupLeadMinutes: 90, breaker: 'closed' as const, breakerProbeAt: null, createdAt: AT, takingOrders: true, stale: false, ageing: null,
  link: { lastHeartbeatAt: AT, connectorId: 'till-1', epoch: 1, ackedSeq: 42, lastSeq: 42, posReachable: true, version: '0.1.0', clockSkewMs: 3, tunnel: 'none' as const, journal: { inbox: 0, outbox: 0 }, erasedUpTo: 0, parked: 0, handedOver: 0 },
}
const publicStore = { storeId: 'high-street', name: 'High Street', timeZone: 'Europe/London', openingHours: hours, takingOrders: true, specialDays: [{ date: '2026-12-25', spans: [], note: 'Christmas Day' }], pickupReadyAt: AT }
const StorePage = page(PublicStore)
const OperatorStorePage = page(OperatorStore)
exampleOf(RegisterStore, registered)
exampleOf(ChangeStore, { name: 'High Street', openingHours: hours, specialDays: [{ date: '2026-12-25', spans: [] }], pickupLeadMinutes: 90, rounding: { tax: 'order' } })
exampleOf(SetSafetyStock, { sku: 'CLO-00003', quantity: 1 })
exampleOf(SetPriority, { priority: 10 })
exampleOf(Transport, { kind: 'pull' })
nameAnswer('Store', PublicStore, publicStore)
nameAnswer('StorePage', StorePage, { items: [publicStore], nextCursor: null })
nameAnswer('OperatorStore', OperatorStore, store)
nameAnswer('OperatorStorePage', OperatorStorePage, { items: [store], nextCursor: null })
nameAnswer('RegisteredStore', RegisteredStore, { store, secret: 'tbsec_…' })
nameAnswer('StoreSecret', StoreSecret, { secret: 'tbsec_…' })
nameAnswer('PairingCode', PairingCode, { code: 'ABCDE-FGHJK', expiresAt: AT })
nameAnswer('StoreSafetyStock', StoreSafetyStock, { storeId: 'high-street', sku: 'CLO-00003', quantity: 1 })
nameAnswer('StorePriority', StorePriority, { storeId: 'high-street', priority: 10 })

const base = { tag: 'operator: stores', security: 'operator' } as const
const ONE = ['unauthorized', 'forbidden', 'store-not-found'] as const
const CHANGE = [...ONE, ...BODY_PROBLEMS] as const
const now = { 200: { when: 'As it is now.', schema: OperatorStore, headers: ['Cache-Control'] } } as const

export const describedStores: DescribedRoutes = () => ({
  'GET /v1/stores': { id: 'listStores', tag: 'stores', security: 'public', summary: 'Stores', answers: { 200: { when: 'A page.', schema: StorePage } }, problems: ['invalid-request'] },
  'GET /v1/stores/:storeId': { id: 'getStore', tag: 'stores', security: 'public', summary: 'One store', answers: { 200: { when: 'As it is now.', schema: PublicStore } }, problems: ['store-not-found'] },
  'GET /admin/v1/stores': { ...base, id: 'listOperatorStores', summary: 'Stores with their link and breaker', answers: { 200: { when: 'A page.', schema: OperatorStorePage, headers: ['Cache-Control'] } }, problems: ['unauthorized', 'invalid-request'] },
  'POST /admin/v1/stores': {
    ...base, id: 'registerStore', summary: 'Open a store', answers: { 201: { when: 'Open. Its secret is shown this once.', schema: RegisteredStore, headers: ['Location', 'Cache-Control'] } },
    problems: ['unauthorized', 'forbidden', 'already-exists', ...BODY_PROBLEMS],
  },
  'GET /admin/v1/stores/:storeId': { ...base, id: 'getOperatorStore', summary: 'One store with its link and breaker', answers: now, problems: ['unauthorized', 'store-not-found'] },
  'PATCH /admin/v1/stores/:storeId': { ...base, id: 'changeStore', summary: 'Change its name, time zone, hours or patience', answers: now, problems: CHANGE },
  'POST /admin/v1/stores/:storeId/rotate-secret': {
    ...base, id: 'rotateSecret', summary: 'A second signing secret', description: 'The one before stays live until the next rotation.', answers: { 200: { when: 'It is shown this once.', schema: StoreSecret, headers: ['Cache-Control'] } }, problems: [...ONE, 'conflict'],
  },
  'POST /admin/v1/stores/:storeId/pause': { ...base, id: 'pauseStore', summary: 'Take no orders for it', answers: now, problems: ONE },
  'POST /admin/v1/stores/:storeId/resume': { ...base, id: 'resumeStore', summary: 'Take orders for it again', answers: now, problems: ONE },
  'POST /admin/v1/stores/:storeId/pairing-code': { ...base, id: 'createPairingCode', summary: 'A code that its connector trades for the secret', answers: { 200: { when: 'Good for fifteen minutes, once.', schema: PairingCode, headers: ['Cache-Control'] } }, problems: ONE },
  'POST /admin/v1/stores/:storeId/reconcile': { ...base, id: 'reconcileStore', summary: 'Have its connector compare everything', answers: { 202: { when: 'It hears it with its next heartbeat.', schema: ReconcileAsked } }, problems: ONE },
  'PUT /admin/v1/stores/:storeId/safety-stock': { ...base, id: 'setSafetyStock', summary: 'Keep pieces off the web', description: 'Without `sku` of everything that has no number of its own.', answers: { 200: { when: 'Set.', schema: StoreSafetyStock } }, problems: CHANGE },
  'PUT /admin/v1/stores/:storeId/priority': { ...base, id: 'setPriority', summary: 'Whose turn it is to ship', answers: { 200: { when: 'Set.', schema: StorePriority } }, problems: CHANGE },
  'PUT /admin/v1/stores/:storeId/transport': { ...base, id: 'setTransport', summary: 'The whole way in at once', answers: now, problems: CHANGE },
})

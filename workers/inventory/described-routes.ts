import { z } from 'zod'
import { ExplainedInventory } from '../../contract/operator.ts'
import { Availability } from '../../contract/product.ts'
import type { DescribedRoutes } from '../gateway/describe.ts'
import { nameAnswer } from '../gateway/show-schema.ts'

/** At most fifty were asked for, so there is never a second page. */
const AvailabilityList = z.object({ items: z.array(Availability), nextCursor: z.null() })
const example = { sku: 'CLO-00003', available: 3, asOf: '2026-11-26T10:00:00.000Z', stores: [{ storeId: 'high-street', available: 3, asOf: '2026-11-26T10:00:00.000Z', stale: false }], version: '2k9x0q7mz1c4' }
nameAnswer('Availability', Availability, example)
nameAnswer('AvailabilityList', AvailabilityList, { items: [example], nextCursor: null })
nameAnswer('ExplainedInventory', ExplainedInventory, {
  sku: 'CLO-00003',
  stores: [{
    storeId: 'high-street', onHand: 5, epoch: 1, asOf: 42, seenAt: '2026-11-26T10:00:00.000Z', safetyStock: 1, sold: true, stopped: false, available: 3,
    reservations: [{ assignmentId: 'ord_00000000000000000000000000.1', quantity: 1, state: 'confirmed', seq: null, weighs: true }],
  }],
})

export const describedInventory: DescribedRoutes = () => ({
  'GET /v1/availability': {
    id: 'listAvailability', tag: 'availability', security: 'public', summary: 'What can be bought of up to 50 SKUs', description: '`available` is null where nobody counted: unknown is not zero.',
    answers: { 200: { when: 'Exact at this moment.', schema: AvailabilityList, headers: ['Cache-Control'] } }, problems: ['invalid-request', 'channel-not-found'],
  },
  'GET /v1/availability/:sku': {
    id: 'getAvailability', tag: 'availability', security: 'public', summary: 'What can be bought of a SKU',
    answers: { 200: { when: 'Exact at this moment.', schema: Availability, headers: ['Cache-Control'] } }, problems: ['invalid-request', 'channel-not-found'],
  },
  'GET /v1/availability/:sku/live': {
    id: 'watchAvailability', tag: 'availability', security: 'public', summary: 'The same by WebSocket, at once and on every change', description: 'Open it with `new WebSocket(…)`. Each message is an `Availability` as JSON; whoever connects again with `?version=` is told at once only if there is another. Send `ping` for a `pong`, and nothing else.',
    answers: { 101: { when: 'The WebSocket is open.', schema: null } }, problems: ['invalid-request', 'channel-not-found', 'upgrade-required', 'unauthorized', 'forbidden'],
  },
  'GET /admin/v1/inventory/:sku': {
    id: 'explainInventory', tag: 'operator: inventory', security: 'operator', summary: 'Why the web shows this number',
    answers: { 200: { when: 'Each store\'s last level, safety stock and reservations.', schema: ExplainedInventory, headers: ['Cache-Control'] } }, problems: ['unauthorized', 'sku-not-found'],
  },
})

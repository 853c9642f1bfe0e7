import { Order } from '../../contract/order.ts'
import { OperatorReturn, RequestReturn } from '../../contract/returns.ts'
import { BODY_PROBLEMS } from '../gateway/describe.ts'
import type { DescribedRoutes } from '../gateway/describe.ts'
import { exampleOf } from '../gateway/show-schema.ts'

exampleOf(RequestReturn, { lines: [{ lineId: '1', quantity: 1 }], method: 'post', why: 'too small' })
exampleOf(OperatorReturn, { lines: [{ lineId: '1', quantity: 1 }], method: 'in_store', refund: 'till' })

const key = { in: 'header', name: 'Idempotency-Key', required: true, description: 'New for each return, the same for each retry.', schema: { type: 'string', pattern: '^[\\x21-\\x7e]{1,255}$' }, example: 'return-1' } as const
const headers = ['Cache-Control'] as const
const base = { tag: 'operator: orders', security: 'operator' } as const
const SETTLE = ['unauthorized', 'forbidden', 'order-not-found', 'return-not-found', 'conflict'] as const

export const describedReturns: DescribedRoutes = () => ({
  'POST /v1/orders/:orderId/returns': {
    id: 'requestReturn', tag: 'orders', security: 'order', summary: 'Give something of an order back', description: 'Announced by the shopper; the money follows once the goods are there.', parameters: [key],
    answers: { 201: { when: 'Announced; `returns` of the order has it.', schema: Order, headers } }, problems: ['order-not-found', 'idempotency-key-required', 'not-returnable', ...BODY_PROBLEMS],
  },
  'POST /admin/v1/orders/:orderId/returns': { ...base, id: 'announceReturn', summary: 'Announce a return', parameters: [key], answers: { 201: { when: 'Announced.', schema: Order, headers } }, problems: ['unauthorized', 'forbidden', 'order-not-found', 'idempotency-key-required', 'not-returnable', ...BODY_PROBLEMS] },
  'POST /admin/v1/orders/:orderId/returns/:returnId/received': { ...base, id: 'receiveReturn', summary: 'The goods of a return are there', description: 'What its provider is to give back goes on its way. Stock comes back when the till says so.', answers: { 200: { when: 'Noted.', schema: Order, headers } }, problems: SETTLE },
  'POST /admin/v1/orders/:orderId/returns/:returnId/withdraw': { ...base, id: 'withdrawReturn', summary: 'It does not come back after all', answers: { 200: { when: 'Noted.', schema: Order, headers } }, problems: SETTLE },
})

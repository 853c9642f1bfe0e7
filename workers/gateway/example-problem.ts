import { PROBLEM_BASE, PROBLEMS } from '../../contract/problem.ts'
import type { Problem, ProblemType } from '../../contract/problem.ts'

/** The members that belong to one type, and its sentence where the title does not say it all. */
const EXAMPLES: Partial<Record<ProblemType, Record<string, unknown>>> = {
  'invalid-request': { detail: 'Some fields are not as they should be; see errors.', errors: [{ path: '/lines/0/quantity', message: 'Too small: expected number to be >=1' }] },
  'out-of-stock': { detail: 'There is not enough of everything in the basket; see shortages.', shortages: [{ sku: 'CLO-00003', requested: 3, available: 1 }] },
  'price-changed': {
    detail: 'A price is not the expected one; see changes.',
    changes: [{ sku: 'CLO-00003', expected: { amountMinor: 1299, currency: 'USD' }, actual: { amountMinor: 1399, currency: 'USD' } }],
  },
  'unknown-sku': { detail: 'The catalogue does not have everything in the basket.', skus: ['CLO-99999'] },
  'unknown-store': { detail: 'There is no store with this id.', errors: [{ path: '/fulfillment/storeId', message: 'expected a store id from /v1/stores' }] },
  'too-late-to-cancel': { detail: 'The order is completed.', orderStatus: 'completed' },
  'sequence-gap': { detail: 'Send from expectedSeq on.', expectedSeq: 43 },
  'epoch-forked': { detail: 'Take a new epoch and tell again what was not acknowledged.', epoch: 3 },
  'store-held-by': { detail: 'One connector serves a store. Stop the other one, or wait until it has been silent for half a minute.', connectorId: 'till-2' },
  'idempotency-key-required': { detail: 'Send an Idempotency-Key of 1 to 255 visible characters, new for each order and the same for each retry.' },
  'unauthorized': { detail: 'Send a channel key as "Authorization: Bearer pk_…" or "sk_…".' },
  'order-not-found': { detail: 'There is no such order, or it is not yours to see.' },
  'rate-limited': { detail: 'This address may make 120 such calls a minute, and has made them.' },
  'too-many-unpaid': { detail: 'At most 50 units may be reserved from here without being paid. Wait, or pay for what is ordered.' },
  'overloaded': { detail: 'More is asked of the edge than it can do now; nothing of this request was done. Wait as Retry-After says, then send the same again.' },
  'try-again': { detail: 'Something that should work did not. Try again in a moment; with the same Idempotency-Key nothing happens twice.' },
}

export function exampleProblem(type: ProblemType): Problem {
  const [status, title] = PROBLEMS[type]
  return { type: PROBLEM_BASE + type, title, status, detail: `${title}.`, instance: '/v1/orders', requestId: '5c1f1d3e-8f0c-4f0e-9b59-1d3f3c0a2b7e', ...EXAMPLES[type] }
}

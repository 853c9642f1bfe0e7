import { z } from 'zod'

export const PROBLEM_BASE = 'https://tillbridge.dev/problems/'

/** Every refusal a caller can meet, its HTTP status and its title. The key is the stable end of `type`. */
export const PROBLEMS = {
  'invalid-json': [400, 'The body is not JSON'],
  'idempotency-key-required': [400, 'The Idempotency-Key header is missing or malformed'],
  'unauthorized': [401, 'The request is not authenticated'],
  'bad-signature': [401, 'The signature was not accepted'],
  'forbidden': [403, 'This key may not do that'],
  'not-found': [404, 'There is nothing here'],
  'product-not-found': [404, 'No such product'],
  'order-not-found': [404, 'No such order'],
  'store-not-found': [404, 'No such store'],
  'channel-not-found': [404, 'No such channel'],
  'key-not-found': [404, 'No such key'],
  'webhook-not-found': [404, 'No such webhook'],
  'mail-not-set-up': [404, 'This channel sends no mails'],
  'delivery-not-found': [404, 'No such delivery'],
  'return-not-found': [404, 'No such return'],
  'dead-letter-not-found': [404, 'No such dead letter'],
  'sku-not-found': [404, 'No store has counted this SKU'],
  'method-not-allowed': [405, 'This address does not answer that method'],
  'already-exists': [409, 'It exists already'],
  'conflict': [409, 'Somebody else changed it first'],
  'out-of-stock': [409, 'Not enough stock'],
  'price-changed': [409, 'A price is not the expected one'],
  'too-late-to-cancel': [409, 'The order can no longer be cancelled'],
  'too-much-to-refund': [409, 'More than was paid'],
  'payment-not-due': [409, 'There is no payment to be confirmed'],
  'not-returnable': [409, 'So much cannot come back'],
  'sequence-gap': [409, 'Events are missing before these'],
  'epoch-forked': [409, 'This journal is not the one the edge knows'],
  'store-held-by': [409, 'Another connector serves this store'],
  'different-body': [409, 'This assignment is known with another body'],
  'dead-letter-settled': [409, 'This dead letter is settled already'],
  'struck-out': [410, 'This assignment was taken back'],
  'pairing-code-spent': [410, 'The pairing code was used or has expired'],
  'too-large': [413, 'The body is too large'],
  'unsupported-media-type': [415, 'The content type is not supported'],
  'invalid-request': [422, 'The request does not have the expected shape'],
  'idempotency-key-reused': [422, 'The Idempotency-Key was used with another body'],
  'unknown-sku': [422, 'A SKU is not in the catalogue'],
  'unknown-store': [422, 'No such store'],
  'payment-refused': [422, 'The payment cannot be made'],
  'upgrade-required': [426, 'This address speaks WebSocket'],
  'connector-too-old': [426, 'The edge needs a newer connector'],
  'rate-limited': [429, 'Too many requests'],
  'too-many-unpaid': [429, 'Too much is reserved and not paid'],
  'internal': [500, 'Something broke on our side'],
  'misconfigured': [503, 'This installation may not serve'],
  'store-not-taking-orders': [503, 'The store takes no orders now'],
  'journal-full': [503, 'The shop cannot take more orders now'],
  'overloaded': [503, 'More is asked of the edge than it can do now'],
  'try-again': [503, 'Not possible right now'],
} as const satisfies Record<string, readonly [number, string]>

export type ProblemType = keyof typeof PROBLEMS

/** RFC 9457. Members beyond these (`shortages`, `changes`, `expectedSeq` …) belong to one type. */
export const Problem = z.looseObject({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string().optional(),
  instance: z.string().optional(),
  requestId: z.string().optional(),
  errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
})
export type Problem = z.infer<typeof Problem>

/** How many field errors one answer lists: enough to mend a form, not a mirror of a hostile body. */
const ERRORS_MAX = 20

/** zod's issues as JSON pointers (RFC 6901) with a sentence each. */
export function fieldErrors(error: z.ZodError): { path: string; message: string }[] {
  return error.issues.slice(0, ERRORS_MAX).map((issue) => ({
    path: issue.path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join(''),
    message: issue.message,
  }))
}

import type { MiddlewareHandler } from 'hono'
import { IdempotencyKey } from '../../contract/order.ts'
import type { AppEnv } from './context.ts'
import { problem } from './problem.ts'

/** For calls that make something once, however often they are sent. */
export const idempotencyKey: MiddlewareHandler<AppEnv> = async (c, next) =>
  IdempotencyKey.safeParse(c.req.header('Idempotency-Key')).success
    ? next()
    : problem(c, 'idempotency-key-required', 'Send an Idempotency-Key of 1 to 255 visible characters, new for each new request and the same for each retry.')

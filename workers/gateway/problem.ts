import type { Context } from 'hono'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import type { z } from 'zod'
import { fieldErrors, PROBLEM_BASE, PROBLEMS } from '../../contract/problem.ts'
import type { ProblemType } from '../../contract/problem.ts'
import type { AppEnv } from './context.ts'

/** After a 503 or 429: soon enough for a shopper, late enough for what recovers. */
export const RETRY_AFTER_S = 2

/** Answers RFC 9457. `extra` holds the members that belong to this type (`shortages`, `expectedSeq` …); `retryAfterS` is for one that knows when. */
export function problem(c: Context<AppEnv>, type: ProblemType, detail: string, extra: Record<string, unknown> = {}, retryAfterS = RETRY_AFTER_S): Response {
  const [status, title] = PROBLEMS[type]
  if (status === 429 || status === 503) c.header('Retry-After', String(retryAfterS))
  if (status === 401) c.header('Date', new Date(c.var.ports.clock()).toUTCString())
  const body = { type: PROBLEM_BASE + type, title, status, detail, instance: new URL(c.req.url).pathname, requestId: c.var.requestId, ...extra }
  return c.body(JSON.stringify(body), status as ContentfulStatusCode, { 'Content-Type': 'application/problem+json', 'Cache-Control': 'no-store' })
}

export const invalidRequest = (c: Context<AppEnv>, error: z.ZodError): Response =>
  problem(c, 'invalid-request', 'Some fields are not as they should be; see errors.', { errors: fieldErrors(error) })

export const invalidField = (c: Context<AppEnv>, path: string, message: string): Response =>
  problem(c, 'invalid-request', message, { errors: [{ path, message }] })

import type { PriceChange, Shortage } from '../contract/order.ts'
import type { Problem, ProblemType } from '../contract/problem.ts'

/** What went wrong: a problem of the API by the end of its `type`, `no-answer` (nothing came back in time), or `unreadable` (something else than Tillbridge answered). */
export type ErrorType = ProblemType | 'no-answer' | 'unreadable'

/** What some problems carry beside their sentence. */
export type ProblemMembers = {
  'out-of-stock': { shortages: Shortage[] }
  'price-changed': { changes: PriceChange[] }
  'unknown-sku': { skus: string[] }
  'invalid-request': { errors: { path: string; message: string }[] }
  /** `most`: how many of the line can still come back. */
  'not-returnable': { lineId: string; most: number }
  'too-late-to-cancel': { orderStatus: string }
  'forbidden': { scope?: string }
}

/** Every refusal and fault of a call. `message` is for whoever builds the shop, `type` for the program; neither is a sentence for a shopper. */
export class TillbridgeError extends Error {
  readonly type: ErrorType
  /** HTTP; 0 where nothing answered. */
  readonly status: number
  /** RFC 9457, as it came. */
  readonly problem: Problem | null
  /** Names the request in the edge's logs. */
  readonly requestId: string | null
  /** Seconds after which the same may be tried again; `null` where that would not help, or nobody knows. */
  readonly retryAfter: number | null

  constructor(type: ErrorType, message: string, { status = 0, problem = null, requestId = null, retryAfter = null, cause }: { status?: number; problem?: Problem | null; requestId?: string | null; retryAfter?: number | null; cause?: unknown } = {}) {
    super(message, { cause })
    this.name = 'TillbridgeError'
    this.type = type
    this.status = status
    this.problem = problem
    this.requestId = requestId
    this.retryAfter = retryAfter
  }
}

/** `if (isProblem(error, 'out-of-stock')) error.problem.shortages …` */
export const isProblem = <T extends ErrorType>(error: unknown, type: T): error is TillbridgeError & { type: T; problem: Problem & (T extends keyof ProblemMembers ? ProblemMembers[T] : object) } =>
  error instanceof TillbridgeError && error.type === type

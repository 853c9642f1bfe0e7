import type { Problem } from '../contract/problem.ts'
import type { ErrorType } from './error.ts'
import { TillbridgeError } from './error.ts'

export type Query = Record<string, string | number | readonly string[] | undefined>
export type Call = { method?: 'GET' | 'POST'; path: string; query?: Query; body?: unknown; headers?: Record<string, string>; signal?: AbortSignal | undefined; accept?: string }
export type Sender = {
  /** The answer, whatever it took; throws a `TillbridgeError`, or the reason of the caller's own signal. */
  send(call: Call): Promise<Response>
  urlOf(path: string, query?: Query): URL
}
export type SenderOptions = {
  url: string
  key?: string | undefined
  fetch?: typeof fetch | undefined
  /** For how long a call is tried again, in ms. */
  retryForMs?: number | undefined
  /** For how long one try may take, in ms. */
  timeoutMs?: number | undefined
}

/** As long as a shopper waits before somebody must tell them something. */
const RETRY_FOR_MS = 60_000
const TIMEOUT_MS = 15_000
/** The rest is public: without the header browsers and caches may keep it, and need not ask first whether they may ask. */
const KEYED = /^\/v1\/(orders|quotes)\b/
const WAIT_FIRST_MS = 300
const WAIT_MOST_MS = 8_000
/** Of these a second try within a minute makes nothing better. */
const FINAL: ReadonlySet<string> = new Set(['store-not-taking-orders', 'misconfigured', 'too-many-unpaid'])

/**
 * Sends a call until it is answered for what it is: it tries again when nothing came back, and on 429, 502, 503 and 504, as late as Retry-After says. Every call of
 * this client may be sent twice: it only reads, or carries a key by which the edge knows it again.
 */
export function createSender({ url, key, fetch: given, retryForMs = RETRY_FOR_MS, timeoutMs = TIMEOUT_MS }: SenderOptions): Sender {
  // Called as a method of ours, a browser's own `fetch` would refuse.
  const fetchIt: typeof fetch = given ?? ((...args) => fetch(...args))
  const urlOf = (path: string, query: Query = {}): URL => {
    const target = new URL(url.replace(/\/$/, '') + path)
    for (const [name, value] of Object.entries(query)) for (const each of [value].flat()) if (each !== undefined && each !== '') target.searchParams.append(name, String(each))
    return target
  }

  async function once({ method = 'GET', path, query, body, headers, signal, accept = 'application/json' }: Call): Promise<Response> {
    const timeout = new AbortController()
    const timer = setTimeout(() => timeout.abort(), timeoutMs)
    try {
      return await fetchIt(urlOf(path, query), {
        method,
        headers: { Accept: accept, ...(key === undefined || !KEYED.test(path) ? {} : { Authorization: `Bearer ${key}` }), ...(body === undefined ? {} : { 'Content-Type': 'application/json' }), ...headers },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: signal ? AbortSignal.any([signal, timeout.signal]) : timeout.signal,
        credentials: 'omit',
      })
    } catch (cause) {
      signal?.throwIfAborted()
      throw new TillbridgeError('no-answer', `${method} ${path}: nothing came back. Is ${url} right, is there a network, and does the channel take this page's origin?`, { cause })
    } finally {
      // What follows the head may stream for minutes.
      clearTimeout(timer)
    }
  }

  return {
    urlOf,
    async send(call) {
      const until = Date.now() + retryForMs
      for (let tries = 0; ; tries++) {
        let error: TillbridgeError
        try {
          const answer = await once(call)
          if (answer.ok) return answer
          error = await refusalOf(call, answer)
        } catch (caught) {
          if (!(caught instanceof TillbridgeError)) throw caught
          error = caught
        }
        const isWorthIt = [0, 429, 502, 503, 504].includes(error.status) && !FINAL.has(error.type)
        // A little later than was said, and each caller at another moment, or all would come back at once.
        const waitMs = (error.retryAfter === null ? Math.min(WAIT_FIRST_MS * 2 ** tries, WAIT_MOST_MS) : error.retryAfter * 1000) * (1 + Math.random() / 4)
        if (!isWorthIt || Date.now() + waitMs > until) throw error
        await pause(waitMs, call.signal)
      }
    },
  }
}

async function refusalOf({ method = 'GET', path }: Call, answer: Response): Promise<TillbridgeError> {
  const problem = await answer.json().then((json: unknown) => (typeof json === 'object' && json !== null && 'type' in json ? json as Problem : null), () => null)
  const retryAfter = Number(answer.headers.get('Retry-After') ?? NaN)
  const what = { status: answer.status, problem, requestId: answer.headers.get('X-Request-Id'), retryAfter: Number.isFinite(retryAfter) ? retryAfter : null }
  if (!problem) return new TillbridgeError('unreadable', `${method} ${path}: ${answer.status}, and not from Tillbridge.`, what)
  return new TillbridgeError(String(problem.type).split('/').at(-1) as ErrorType, `${method} ${path}: ${answer.status} ${problem.detail ?? problem.title}`, what)
}

/** Ends early, with its reason, when the caller gives up. */
export const pause = (ms: number, signal?: AbortSignal): Promise<void> => new Promise((resolve, reject) => {
  signal?.throwIfAborted()
  const giveUp = () => {
    clearTimeout(timer)
    reject(signal?.reason as Error)
  }
  const timer = setTimeout(() => {
    signal?.removeEventListener('abort', giveUp)
    resolve()
  }, ms)
  signal?.addEventListener('abort', giveUp, { once: true })
})

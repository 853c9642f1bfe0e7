import { z } from 'zod'
import { fromInstant } from '../../contract/clock.ts'
import { EpochAnswer, EventsAnswer, HeartbeatAnswer, StateAnswer, type HeartbeatRequest } from '../../contract/connect.ts'
import { CONNECTOR_VERSION_HEADER, isVersion } from '../../contract/connector-version.ts'
import { PROBLEM_BASE, Problem, PROBLEMS, type ProblemType } from '../../contract/problem.ts'
import { ok, refused, type Result } from '../../contract/result.ts'
import { signedHeaders } from '../../contract/signing.ts'
import { AssignmentId } from '../../contract/values.ts'
import type { Mark } from '../journal/outbox.ts'
import { systemMonotonic, type EdgeClock, type Monotonic } from './edge-clock.ts'

/** The edge's "no", as data. `problem` is the stable end of its type; null when it is none of the contract's. */
export type EdgeRefusal = {
  status: number
  problem: ProblemType | null
  /** The edge asked for this much patience. */
  retryAfterMs: number | null
  /** With `sequence-gap`: the first seq it does not have. */
  expectedSeq: number | null
  /** With `store-held-by`: who holds the store. */
  holder: string | null
  /** With `connector-too-old`: the least that it takes. */
  minVersion?: string
}
export type EdgeResult<T> = Result<T, EdgeRefusal>

/** Work to fetch. Each assignment is checked by itself, so that a bad one takes no neighbour along. */
const PulledWork = z.object({ assignments: z.array(z.unknown()), cancels: z.array(z.object({ assignmentId: AssignmentId })) })
export type PulledWork = z.infer<typeof PulledWork>

/** The edge as the connector sees it. Functions, so a fake is an object literal. A network fault is thrown as `EdgeUnreachable`. */
export type Edge = {
  takeEpoch(connectorId: string): Promise<EdgeResult<{ epoch: number }>>
  /** `events` are texts exactly as the journal numbered them. */
  sendEvents(call: { connectorId: string; epoch: number; after: Mark; events: readonly string[] }): Promise<EdgeResult<EventsAnswer>>
  heartbeat(beat: HeartbeatRequest): Promise<EdgeResult<HeartbeatAnswer>>
  pending(): Promise<EdgeResult<PulledWork>>
  state(cursor: string | null): Promise<EdgeResult<StateAnswer>>
}

/** No answer: the line or the edge is down, or the answer is not the edge's. `hint` says what to look at. */
export class EdgeUnreachable extends Error {
  override name = 'EdgeUnreachable'
  readonly hint: string
  constructor(hint: string, options?: ErrorOptions) {
    super(hint, options)
    this.hint = hint
  }
}

export type EdgeClientOptions = {
  /** Where the edge is, such as `https://shop.example`; a path in it is kept. */
  url: string
  storeId: string
  secrets: readonly string[]
  /** Of this connector: the edge says what it needs. */
  version: string
  clock: EdgeClock
  monotonic?: Monotonic
}

/** A slow call is given up: longer than the slowest honest answer (500 events at a busy edge), shorter than two heartbeats. */
const CALL_TIMEOUT_MS = 15_000
/** A clock that is off by more than this is worth a second try at once; below it the signature was refused for another reason. */
const CLOCK_STEP_MS = 2_000

export function createEdgeClient(options: EdgeClientOptions): Edge {
  const { clock, secrets } = options
  const monotonic = options.monotonic ?? systemMonotonic
  const base = new URL(options.url)
  const prefix = `${base.pathname.replace(/\/$/, '')}/connect/v1/stores/${encodeURIComponent(options.storeId)}`

  const once = async (method: 'GET' | 'POST', target: string, body: Uint8Array<ArrayBuffer>): Promise<{ response: Response; text: string; sentAt: number }> => {
    const headers = await signedHeaders(secrets, { id: crypto.randomUUID(), timestampS: Math.floor(clock.now() / 1000), method, target, body })
    const sentAt = monotonic()
    try {
      const response = await fetch(new URL(target, base), {
        method,
        headers: { ...headers, [CONNECTOR_VERSION_HEADER]: options.version, accept: 'application/json', ...(method === 'POST' ? { 'content-type': 'application/json' } : {}) },
        ...(method === 'POST' ? { body } : {}),
        redirect: 'error',
        signal: AbortSignal.timeout(CALL_TIMEOUT_MS),
      })
      return { response, text: await response.text(), sentAt }
    } catch (error) {
      throw new EdgeUnreachable(noAnswer(base, error), { cause: error })
    }
  }

  const call = async <T extends z.ZodType>(method: 'GET' | 'POST', path: string, body: string, shape: T): Promise<EdgeResult<z.output<T>> & { sentAt: number }> => {
    const target = prefix + path
    const bytes = new Uint8Array(new TextEncoder().encode(body))
    let { response, text, sentAt } = await once(method, target, bytes)
    if (response.status === 401 && learnDate(response, sentAt)) ({ response, text, sentAt } = await once(method, target, bytes))
    if (!response.ok) return { ...refused(refusalOf(response, text)), sentAt }
    const parsed = shape.safeParse(parseJson(text))
    if (!parsed.success) throw new EdgeUnreachable(`the answer to ${method} ${path.split('?')[0]} does not have the expected shape: is edge.url right?`)
    return { ...ok(parsed.data), sentAt }
  }

  /** Whether the clock was off, and is set now. */
  const learnDate = (response: Response, sentAt: number): boolean => {
    const date = Date.parse(response.headers.get('date') ?? '')
    if (Number.isNaN(date)) return false
    const isOff = Math.abs(date - clock.now()) >= CLOCK_STEP_MS
    // Before the edge has told it better, whole seconds show that the clock is not what was refused.
    if (isOff || clock.skewMs() === null) clock.learn(date, sentAt)
    return isOff
  }

  return {
    takeEpoch: (connectorId) => call('POST', '/epochs', JSON.stringify({ connectorId }), EpochAnswer),
    sendEvents: ({ connectorId, epoch, after, events }) =>
      call('POST', '/events', `${JSON.stringify({ connectorId, epoch, after }).slice(0, -1)},"events":[${events.join(',')}]}`, EventsAnswer),
    async heartbeat(beat) {
      const answer = await call('POST', '/heartbeat', JSON.stringify(beat), HeartbeatAnswer)
      if (answer.ok) clock.learn(fromInstant(answer.value.serverTime), answer.sentAt)
      return answer
    },
    pending: () => call('GET', '/orders/pending', '', PulledWork),
    state: (cursor) => call('GET', cursor === null ? '/state' : `/state?cursor=${encodeURIComponent(cursor)}`, '', StateAnswer),
  }
}

/** What a network fault means to whoever set `edge.url`, by its code; anything else is the line. */
const WHAT_TO_DO: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there: does the edge run, and is edge.url right?',
  ENOTFOUND: 'nobody knows this name: is edge.url right, and does DNS work here?',
  EAI_AGAIN: 'the name cannot be looked up now: is this machine online?',
  ECONNRESET: 'the connection was cut: look at the line, a proxy or firewall',
  ETIMEDOUT: 'no connection came about: look at the line, a proxy or firewall',
  UND_ERR_CONNECT_TIMEOUT: 'no connection came about: look at the line, a proxy or firewall',
  TimeoutError: `no answer within ${CALL_TIMEOUT_MS / 1000} s: the line or the edge is slow, or a firewall swallows the calls`,
  'unexpected redirect': 'it redirects elsewhere: write the final address into edge.url',
  ERR_SSL_WRONG_VERSION_NUMBER: 'what answers there does not speak TLS: is it plain http (edge.url with http://), or another port?',
  UND_ERR_SOCKET: 'the connection was cut without an answer: does that port speak https (edge.url with https://)? else look at a proxy or firewall',
  HTTPParserError: 'what answers there does not speak HTTP: is the port in edge.url right, and https:// or http://?',
  'bad port': 'this port is never used for HTTP: is edge.url right?',
}

/** TLS has many names for it; this one lacks the word. */
const isCertificateFault = (code: string | null): boolean => code !== null && (code.includes('CERT') || code === 'UNABLE_TO_VERIFY_LEAF_SIGNATURE')

/** No certificate came about to be trusted or not. */
const isTlsFault = (code: string | null): boolean => code !== null && /^(ERR_SSL_|EPROTO$)/.test(code)
const TLS_TODO = 'TLS with it does not come about: is the port in edge.url right, and does a proxy or firewall open the connection?'

/** The innermost known cause, since fetch says only "fetch failed" and wraps the rest, and what to do about it. */
export function whyNoAnswer(error: unknown): { code: string | null; todo: string } {
  let code: string | null = null
  for (let inner = error; inner instanceof Error; inner = inner.cause) {
    // Of messages only those known here are told: another may hold anything.
    const known = [inner.name, inner.message].find((text) => Object.hasOwn(WHAT_TO_DO, text))
    code = 'code' in inner && typeof inner.code === 'string' ? inner.code : known ?? code
  }
  return { code, todo: WHAT_TO_DO[code ?? ''] ?? (isCertificateFault(code) ? 'its certificate is not trusted here: behind a company\'s proxy set NODE_EXTRA_CA_CERTS to its authority\'s certificate ("tillbridge-connector docs secure-link"), else look at the certificate and this machine\'s clock' : isTlsFault(code) ? TLS_TODO : 'look at the line and at edge.url') }
}

export function noAnswer({ host }: URL, error: unknown): string {
  const { code, todo } = whyNoAnswer(error)
  return `no answer from ${host}${code === null ? '' : ` (${code})`}: ${todo}`
}

function refusalOf(response: Response, text: string): EdgeRefusal {
  const problem = Problem.safeParse(parseJson(text))
  const type = problem.success && problem.data.type.startsWith(PROBLEM_BASE) ? problem.data.type.slice(PROBLEM_BASE.length) : ''
  const expectedSeq = problem.success ? problem.data['expectedSeq'] : null
  const holder = problem.success ? problem.data['connectorId'] : null
  const minVersion = problem.success ? problem.data['minVersion'] : null
  return {
    status: response.status,
    problem: isProblemType(type) ? type : null,
    retryAfterMs: retryAfterMs(response.headers.get('retry-after')),
    expectedSeq: typeof expectedSeq === 'number' ? expectedSeq : null,
    holder: typeof holder === 'string' ? holder : null,
    ...(typeof minVersion === 'string' && isVersion(minVersion) ? { minVersion } : {}),
  }
}

const isProblemType = (type: string): type is ProblemType => Object.hasOwn(PROBLEMS, type)

/** Ten minutes: a longer wish is a misconfigured proxy's, and the shop would look closed. */
const RETRY_AFTER_MS_MAX = 600_000

/** Seconds, as our edge says it. The date form is not ours and is left to the backoff. */
function retryAfterMs(header: string | null): number | null {
  return header !== null && /^\d+$/.test(header) ? Math.min(Number(header) * 1000, RETRY_AFTER_MS_MAX) : null
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

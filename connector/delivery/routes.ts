import type { HttpBindings } from '@hono/node-server'
import { Hono, type Context } from 'hono'
import type { Logger } from 'pino'
import { Assignment } from '../../contract/assignment.ts'
import { toInstant } from '../../contract/clock.ts'
import { ORDER_BODY_BYTES_MAX } from '../../contract/limits.ts'
import { fieldErrors, PROBLEM_BASE, PROBLEMS, type ProblemType } from '../../contract/problem.ts'
import { ok, refused, type Result } from '../../contract/result.ts'
import { SIGNING_HEADERS, verifyCall } from '../../contract/signing.ts'
import { readTraceparent, TRACEPARENT_HEADER, traceIdOf } from '../../contract/trace.ts'
import { AssignmentId } from '../../contract/values.ts'
import type { LiveStatus } from '../control/live-status.ts'
import { systemMonotonic, type EdgeClock } from '../edge/edge-clock.ts'
import { tellFailure } from '../failure.ts'
import { faultFields } from '../fault.ts'
import { JournalCannotWrite } from '../journal/database.ts'
import type { Access } from '../link/access.ts'
import type { Readiness } from '../readiness.ts'
import { warnSeldom } from '../seldom.ts'
import { isLocal } from './is-local.ts'
import { readBody } from './read-body.ts'
import type { CancelRequested } from './request-cancel.ts'
import type { Received } from './receive-order.ts'

/** What the routes stand on. `receive` and `cancel` end in the journal and may throw `JournalCannotWrite`. */
export type Delivery = {
  storeId: string
  secrets: readonly string[]
  clock: EdgeClock
  log: Logger
  receive(assignment: Assignment): Received
  cancel(assignmentId: string): CancelRequested
  readiness(): Readiness
  /** Prometheus text. */
  metrics(): string | Promise<string>
  /** Whether Cloudflare Access let a call through; left out where nothing but the signature stands before the orders. */
  access?: Access | undefined
  /** What the connector does now, without anything of the shop's customers. */
  status(): LiveStatus
  /** Whether work is still taken; false while shutting down. */
  taking(): boolean
  /** The staff's page, for a browser on this machine. */
  desk?: (request: Request, env: HttpBindings) => Response | Promise<Response>
}

type Env = { Bindings: HttpBindings; Variables: { requestId: string; body: Uint8Array<ArrayBuffer> } }
type Call = Context<Env>
type Refusal = { type: ProblemType; detail?: string; errors?: { path: string; message: string }[] }

/** How long the edge waits before it tries a shop whose disk is full: somebody must make room first. */
const JOURNAL_FULL_RETRY_S = 30
const STOPPING_RETRY_S = 5
/** As long as the key server of Access is not asked again. */
const ACCESS_RETRY_S = 30

/** The server a tunnel leads to. Behind it every call was let through by Access, where that is set up, and is signed; only `/health` is for anyone. */
export function createRoutes(delivery: Delivery): Hono<Env> {
  const { log, clock } = delivery
  const warn = warnSeldom(log, systemMonotonic)
  const app = new Hono<Env>()

  app.use(async (c, next) => {
    c.set('requestId', crypto.randomUUID())
    await next()
    c.header('x-request-id', c.get('requestId'))
  })

  app.get('/health', (c) => c.json({ status: 'ok' }))

  // For a monitor on this machine: 503 while web orders would not get into the till. What is tried again is named even while it is 200 (readiness.ts).
  app.get('/ready', (c) => {
    if (!isLocal(c.req.raw, c.env)) return refuse(c, { type: 'not-found' })
    const readiness = delivery.readiness()
    return c.json(readiness, readiness.ready ? 200 : 503)
  })
  app.get('/metrics', async (c) => (isLocal(c.req.raw, c.env) ? c.text(await delivery.metrics(), 200, { 'content-type': 'text/plain; version=0.0.4' }) : refuse(c, { type: 'not-found' })))

  for (const path of ['/desk', '/desk/*']) app.all(path, (c) => (delivery.desk && isLocal(c.req.raw, c.env) ? delivery.desk(c.req.raw, c.env) : refuse(c, { type: 'not-found' })))

  app.get('/status', (c) => (isLocal(c.req.raw, c.env) ? c.json(delivery.status()) : refuse(c, { type: 'not-found' })))

  app.use('/orders/*', async (c, next) => {
    const verdict = delivery.access ? await delivery.access(c.req.raw.headers) : 'let-in'
    // The edge reads 403 as "Access did not let us through", and 503 as the store's own trouble.
    if (verdict === 'refused') return refuse(c, { type: 'forbidden' })
    if (verdict === 'cannot-tell') return refuse(c, { type: 'try-again' }, ACCESS_RETRY_S)
    // As sent, which is what was signed.
    const body = await readBody(c.req.raw, ORDER_BODY_BYTES_MAX)
    if (!body) return refuse(c, { type: 'too-large', detail: `at most ${ORDER_BODY_BYTES_MAX} bytes` })
    // The target as it came over the wire: a normalised one would not fit the signature.
    const target = c.env.incoming.url ?? ''
    if (!(await verifyCall(delivery.secrets, c.req.raw.headers, { method: c.req.method, target, body }, clock.now()))) {
      warn({ event: 'delivery.unauthorized', hint: 'somebody called without the signature of this store, and nothing was taken. If the edge has orders and none come this way, its secret is another: "tillbridge-connector doctor" says so' })
      return refuse(c, { type: 'bad-signature' })
    }
    // Seconds, checked by the signature: the edge's time is at least this.
    clock.atLeast(Number(c.req.header(SIGNING_HEADERS.timestamp)) * 1000)
    if (!delivery.taking()) return refuse(c, { type: 'try-again', detail: 'the connector is stopping' }, STOPPING_RETRY_S)
    c.set('body', body)
    return next()
  })

  app.put('/orders/:assignmentId', (c) => {
    const parsed = readAssignment(c, delivery.storeId)
    if (!parsed.ok) return refuse(c, parsed.refusal)
    const { assignmentId, orderId } = parsed.value
    // The body is signed, the header is not: it counts where the body says nothing.
    const traceparent = parsed.value.traceparent ?? readTraceparent(c.req.header(TRACEPARENT_HEADER)) ?? undefined
    const received = delivery.receive({ ...parsed.value, traceparent })
    log.info({ event: 'order.delivered', assignmentId, orderId, outcome: received.kind, ...(traceparent ? { traceId: traceIdOf(traceparent) } : {}) })
    switch (received.kind) {
      case 'journaled': return c.json({ journaledAt: toInstant(received.receivedAt) }, 202)
      case 'known': return c.json({ journaledAt: toInstant(received.receivedAt) }, 200)
      case 'different-body': return refuse(c, { type: 'different-body' })
      case 'struck': return refuse(c, { type: 'struck-out' })
    }
  })

  app.post('/orders/:assignmentId/cancel', (c) => {
    const id = AssignmentId.safeParse(c.req.param('assignmentId'))
    if (!id.success) return refuse(c, { type: 'invalid-request', errors: [{ path: '/assignmentId', message: 'expected {orderId}.{n}' }] })
    const outcome = delivery.cancel(id.data)
    log.info({ event: 'cancel.delivered', assignmentId: id.data, outcome })
    return c.json({ state: outcome }, 202)
  })

  for (const path of ['/health', '/ready', '/metrics', '/status', '/orders/:assignmentId', '/orders/:assignmentId/cancel']) {
    app.all(path, (c) => refuse(c, { type: 'method-not-allowed' }))
  }
  app.notFound((c) => refuse(c, { type: 'not-found' }))
  app.onError((error, c) => {
    if (error instanceof JournalCannotWrite) {
      log.error({ event: 'journal.cannot-write', ...faultFields(error) })
      return refuse(c, { type: 'journal-full' }, JOURNAL_FULL_RETRY_S)
    }
    tellFailure(log, 'delivery.fault', 'delivery', error, { requestId: c.get('requestId') })
    return refuse(c, { type: 'internal' })
  })
  return app
}

/** RFC 9457. Says which refusal it is, never what a store's data or a secret looks like. */
function refuse(c: Call, refusal: Refusal, retryAfterS?: number): Response {
  const [status, title] = PROBLEMS[refusal.type]
  const body = {
    type: PROBLEM_BASE + refusal.type, title, status,
    ...(refusal.detail ? { detail: refusal.detail } : {}),
    ...(refusal.errors ? { errors: refusal.errors } : {}),
    requestId: c.get('requestId'),
  }
  if (retryAfterS !== undefined) c.header('retry-after', String(retryAfterS))
  c.header('content-type', 'application/problem+json')
  c.header('x-request-id', c.get('requestId'))
  return c.body(JSON.stringify(body), status)
}

function readAssignment(c: Call, storeId: string): Result<Assignment, Refusal> {
  const type = c.req.header('content-type')?.split(';')[0]?.trim().toLowerCase()
  if (type !== 'application/json') return refused({ type: 'unsupported-media-type', detail: 'expected application/json' })
  const json = parseJson(c.get('body'))
  if (!json.ok) return json
  const parsed = Assignment.safeParse(json.value)
  if (!parsed.success) return refused({ type: 'invalid-request', errors: fieldErrors(parsed.error) })
  if (parsed.data.assignmentId !== c.req.param('assignmentId')) {
    return refused({ type: 'invalid-request', errors: [{ path: '/assignmentId', message: 'expected the id of the address' }] })
  }
  if (parsed.data.storeId !== undefined && parsed.data.storeId !== storeId) {
    return refused({ type: 'invalid-request', errors: [{ path: '/storeId', message: 'this is another store' }] })
  }
  return ok(parsed.data)
}

function parseJson(body: Uint8Array): Result<unknown, Refusal> {
  try {
    return ok(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body)))
  } catch {
    return refused({ type: 'invalid-json' })
  }
}

import { createHmac, randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/**
 * Stripe's HTTP API as its reference documents it, as far as payments captured by hand need it: PaymentIntents, refunds, idempotency keys, errors, signed events. It stands here
 * because Stripe's own network cannot be reached from a test. What a shopper does in Stripe's form is `pay`.
 */
type Intent = {
  id: string; object: 'payment_intent'; amount: number; amount_capturable: number; amount_received: number; currency: string; status: string
  capture_method: string; client_secret: string; metadata: Record<string, string>; latest_charge: Charge | null
}
type Charge = { id: string; object: 'charge'; amount: number; amount_captured: number; amount_refunded: number; payment_intent: string }
type Refund = { id: string; object: 'refund'; amount: number; payment_intent: string; status: string; metadata: Record<string, string> }
type Answer = { status: number; body: unknown }

export type FakeStripe = {
  url: string
  secretKey: string
  webhookSecret: string
  intents: ReadonlyMap<string, Intent>
  refunds: readonly Refund[]
  /** Calls that came in: `POST /v1/refunds`. */
  calls: string[]
  /** Does not answer any more, or again. */
  setAway(away: boolean): void
  /** The next refunds come back with this status. */
  refundsBecome(status: string): void
  /** The shopper pays: the money is set aside. */
  pay(id: string): void
  /** Someone at Stripe's own dashboard gives money back. */
  refundAtStripe(id: string, amount: number): void
  /** A signed event about the payment; `at`: when it was signed, in seconds; `secret`: another one than the endpoint's. */
  event(type: string, id: string, options?: { at?: number; secret?: string; object?: unknown }): { body: string; signature: string }
  close(): Promise<void>
}

/** Stripe takes no less than about fifty cents. */
const AMOUNT_MIN = 50

const error = (status: number, type: string, code: string | undefined, message: string): Answer => ({ status, body: { error: { type, code, message } } })
const wrongState = ({ id, status }: Intent): Answer => error(400, 'invalid_request_error', 'payment_intent_unexpected_state', `This PaymentIntent's status is ${status}, so ${id} cannot be changed so.`)

export async function startFakeStripe(): Promise<FakeStripe> {
  const secretKey = `sk_test_${randomBytes(12).toString('hex')}`
  const webhookSecret = `whsec_${randomBytes(16).toString('hex')}`
  const intents = new Map<string, Intent>()
  const refunds: Refund[] = []
  const answered = new Map<string, { asked: string; answer: Answer }>()
  const calls: string[] = []
  let isAway = false
  let refundStatus = 'succeeded'
  let ids = 0
  const newId = (prefix: string): string => `${prefix}_${String(++ids).padStart(4, '0')}${randomBytes(4).toString('hex')}`

  function handle(method: string, path: string, form: URLSearchParams): Answer {
    const [, id = '', action = ''] = /^\/v1\/payment_intents\/(\w+)(?:\/(\w+))?$/.exec(path) ?? []
    if (method === 'POST' && path === '/v1/payment_intents') return create(form)
    if (method === 'POST' && path === '/v1/refunds') return refund(form)
    const intent = intents.get(id)
    if (!intent) return error(404, 'invalid_request_error', 'resource_missing', `No such payment_intent: '${id}'`)
    if (method === 'GET' && action === '') return { status: 200, body: intent }
    if (method === 'POST' && action === 'capture') return capture(intent, form)
    if (method === 'POST' && action === 'cancel') return cancel(intent)
    return error(404, 'invalid_request_error', undefined, 'Unrecognized request URL')
  }

  function create(form: URLSearchParams): Answer {
    const amount = Number(form.get('amount'))
    if (!Number.isInteger(amount) || amount < AMOUNT_MIN) return error(400, 'invalid_request_error', 'amount_too_small', 'Amount must be at least 50 cents')
    const id = newId('pi')
    const metadata = Object.fromEntries([...form].flatMap(([name, value]) => { const [, key] = /^metadata\[(\w+)\]$/.exec(name) ?? []; return key === undefined ? [] : [[key, value]] }))
    const intent: Intent = {
      id, object: 'payment_intent', amount, amount_capturable: 0, amount_received: 0, currency: form.get('currency') ?? '', status: 'requires_payment_method',
      capture_method: form.get('capture_method') ?? 'automatic', client_secret: `${id}_secret_${randomBytes(8).toString('hex')}`, metadata, latest_charge: null,
    }
    intents.set(id, intent)
    return { status: 200, body: intent }
  }

  function capture(intent: Intent, form: URLSearchParams): Answer {
    if (intent.status !== 'requires_capture' || !intent.latest_charge) return wrongState(intent)
    const amount = Number(form.get('amount_to_capture') ?? intent.amount_capturable)
    if (amount > intent.amount_capturable) return error(400, 'invalid_request_error', 'amount_too_large', 'More than can be captured')
    Object.assign(intent, { status: 'succeeded', amount_capturable: 0, amount_received: amount })
    // What is not captured is let go, and stands there as refunded.
    Object.assign(intent.latest_charge, { amount_captured: amount, amount_refunded: intent.amount - amount })
    return { status: 200, body: intent }
  }

  function cancel(intent: Intent): Answer {
    if (intent.status === 'succeeded' || intent.status === 'canceled') return wrongState(intent)
    Object.assign(intent, { status: 'canceled', amount_capturable: 0 })
    return { status: 200, body: intent }
  }

  function refund(form: URLSearchParams): Answer {
    const intent = intents.get(form.get('payment_intent') ?? '')
    const charge = intent?.latest_charge
    const amount = Number(form.get('amount'))
    if (!intent || intent.status !== 'succeeded' || !charge) return error(400, 'invalid_request_error', 'charge_not_refundable', 'There is no charge to refund')
    if (amount > charge.amount - charge.amount_refunded) return error(400, 'invalid_request_error', 'amount_too_large', 'Refund amount is greater than what is left of the charge')
    const made: Refund = { id: newId('re'), object: 'refund', amount, payment_intent: intent.id, status: refundStatus, metadata: { refundId: form.get('metadata[refundId]') ?? '' } }
    if (refundStatus !== 'failed') charge.amount_refunded += amount
    refunds.push(made)
    return { status: 200, body: made }
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (isAway) return void request.socket.destroy()
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const text = Buffer.concat(chunks).toString()
    const { pathname } = new URL(request.url ?? '/', 'http://stripe')
    const asked = `${request.method} ${pathname} ${text}`
    calls.push(`${request.method} ${pathname}`)
    const key = request.headers['idempotency-key']
    const before = typeof key === 'string' ? answered.get(key) : undefined
    const given = request.headers.authorization !== `Bearer ${secretKey}` ? error(401, 'invalid_request_error', undefined, 'Invalid API Key provided')
      : before && before.asked !== asked ? error(400, 'idempotency_error', undefined, 'Keys for idempotent requests can only be used with the same parameters')
        : (before?.answer ?? handle(request.method ?? '', pathname, new URLSearchParams(text)))
    if (typeof key === 'string' && !before && request.method === 'POST') answered.set(key, { asked, answer: structuredClone(given) })
    response.writeHead(given.status, { 'Content-Type': 'application/json', 'Request-Id': newId('req') }).end(JSON.stringify(given.body))
  }

  const server = createServer((request, response) => void answer(request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo

  const chargeOf = (id: string): { intent: Intent; charge: Charge } => {
    const intent = intents.get(id)
    if (!intent?.latest_charge) throw new Error(`${id} was not paid`)
    return { intent, charge: intent.latest_charge }
  }

  return {
    url: `http://127.0.0.1:${port}`, secretKey, webhookSecret, intents, refunds, calls,
    setAway: (away) => void (isAway = away),
    refundsBecome: (status) => void (refundStatus = status),
    pay(id) {
      const intent = intents.get(id)
      if (intent?.status !== 'requires_payment_method') throw new Error(`${id} cannot be paid: ${intent?.status ?? 'not there'}`)
      Object.assign(intent, { status: 'requires_capture', amount_capturable: intent.amount })
      intent.latest_charge = { id: newId('ch'), object: 'charge', amount: intent.amount, amount_captured: 0, amount_refunded: 0, payment_intent: id }
    },
    refundAtStripe(id, amount) {
      chargeOf(id).charge.amount_refunded += amount
    },
    event(type, id, { at = Math.floor(Date.now() / 1000), secret = webhookSecret, object } = {}) {
      const body = JSON.stringify({ id: newId('evt'), object: 'event', type, created: at, livemode: false, data: { object: object ?? intents.get(id) } })
      return { body, signature: `t=${at},v1=${createHmac('sha256', secret).update(`${at}.${body}`).digest('hex')}` }
    },
    close: () => new Promise((resolve) => {
      server.closeAllConnections()
      server.close(() => resolve())
    }),
  }
}

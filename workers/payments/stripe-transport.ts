import Stripe from 'stripe'
import type { Clock } from '../../contract/clock.ts'
import { Fault } from '../fault.ts'
import type { Asked, PaymentProvider, ReadProviderEvent, RefundRecord, SeenPayment } from './port.ts'
import { fromStripeAmount, toStripeAmount, whyNotChargeable } from './stripe-amount.ts'

/** `apiUrl`: another address of the API, for a machine of one's own. `webhookSecrets`: of the endpoint at Stripe, two while it is rolled. */
export type StripeSettings = { secretKey: string; webhookSecrets: string[]; apiUrl: string | null }

/** A shopper waits at the checkout; longer than this Stripe has trouble of its own. */
const ANSWER_WITHIN_MS = 10_000
const NETWORK_RETRIES = 1
/** As Stripe's own libraries do. */
const TOLERANCE_S = 300

const STATES: Partial<Record<Stripe.PaymentIntent.Status, SeenPayment['state']>> = { requires_capture: 'authorized', succeeded: 'captured', canceled: 'voided' }
const REFUND_STATES: Record<string, RefundRecord['state']> = { succeeded: 'succeeded', failed: 'failed', canceled: 'failed' }

/** Stripe's PaymentIntents, captured by hand: money is set aside when the shopper pays, and taken once the stores have accepted. */
export function createStripe({ secretKey, apiUrl }: StripeSettings): PaymentProvider {
  const at = apiUrl === null ? null : new URL(apiUrl)
  const stripe = new Stripe(secretKey, {
    httpClient: Stripe.createFetchHttpClient(), timeout: ANSWER_WITHIN_MS, maxNetworkRetries: NETWORK_RETRIES, telemetry: false,
    ...(at ? { host: at.hostname, port: at.port || 80, protocol: at.protocol === 'http:' ? 'http' as const : 'https' as const } : {}),
  })
  const look = async (reference: string): Promise<SeenPayment> => reached(async () => toSeen(await stripe.paymentIntents.retrieve(reference, { expand: ['latest_charge'] })))

  /** Somebody was faster, or our last answer was lost: what it is now says which. */
  async function ask(reference: string, call: () => Promise<unknown>): Promise<Asked<SeenPayment>> {
    const asked = await answered(call)
    return asked.ok || asked.isOver ? { ok: true, value: await look(reference) } : asked
  }

  return {
    name: 'stripe',
    whyNot: whyNotChargeable,
    look,
    async create({ orderId, number, amount }) {
      const asked = await answered(() => stripe.paymentIntents.create({
        amount: toStripeAmount(amount), currency: amount.currency.toLowerCase(), capture_method: 'manual', automatic_payment_methods: { enabled: true },
        metadata: { orderId }, description: `Order ${number}`,
      }, { idempotencyKey: orderId }))
      return asked.ok ? { ok: true, value: toSeen(asked.value) } : asked
    },
    capture: (reference, amount) => ask(reference, () => stripe.paymentIntents.capture(reference, { amount_to_capture: toStripeAmount(amount) }, { idempotencyKey: `${reference}.capture.${amount.amountMinor}` })),
    void: (reference) => ask(reference, () => stripe.paymentIntents.cancel(reference, {}, { idempotencyKey: `${reference}.void` })),
    async refund(reference, { refundId, amount }) {
      const asked = await answered(() => stripe.refunds.create({ payment_intent: reference, amount: toStripeAmount(amount), metadata: { refundId } }, { idempotencyKey: refundId }))
      return asked.ok ? { ok: true, value: { reference: asked.value.id, state: REFUND_STATES[asked.value.status ?? ''] ?? 'pending' } } : asked
    },
  }
}

/** Which payment a message of Stripe's is about. That it is Stripe's is checked; how the payment stands is asked of Stripe, so that no order of messages matters. */
export function createStripeReader({ webhookSecrets }: Pick<StripeSettings, 'webhookSecrets'>, clock: Clock): ReadProviderEvent {
  const crypto = Stripe.createSubtleCryptoProvider()
  return async (_, body, signature) => {
    if (webhookSecrets.length === 0) return { ok: false, reason: 'not-set-up' }
    for (const secret of webhookSecrets) {
      const event = await Stripe.webhooks.constructEventAsync(body, signature ?? '', secret, TOLERANCE_S, crypto, clock()).catch(() => null)
      if (event) return { ok: true, type: event.type, reference: intentOf(event.data.object) }
    }
    return { ok: false, reason: 'bad-signature' }
  }
}

/** A payment itself, or what names one: a charge, a refund. */
function intentOf(object: object): string | null {
  const { object: kind, id, payment_intent: of } = object as { object?: unknown; id?: unknown; payment_intent?: unknown }
  const named = kind === 'payment_intent' ? id : typeof of === 'object' && of !== null && 'id' in of ? of.id : of
  return typeof named === 'string' && /^pi_\w{1,100}$/.test(named) ? named : null
}

function toSeen(intent: Stripe.PaymentIntent): SeenPayment {
  const currency = intent.currency.toUpperCase()
  const charge = typeof intent.latest_charge === 'object' ? intent.latest_charge : null
  return {
    reference: intent.id, orderId: intent.metadata['orderId'] ?? null, state: STATES[intent.status] ?? 'awaited',
    amount: { amountMinor: fromStripeAmount(intent.amount, currency), currency },
    capturedMinor: fromStripeAmount(intent.amount_received, currency),
    // What a capture of less than all lets go is counted as refunded by Stripe, too.
    refundedMinor: charge && intent.status === 'succeeded' ? Math.max(0, fromStripeAmount(charge.amount_refunded - (charge.amount - charge.amount_captured), currency)) : 0,
    clientSecret: intent.client_secret,
  }
}

/** `isOver`: the payment is not where this could be done any more. */
async function answered<T>(call: () => Promise<T>): Promise<{ ok: true; value: T } | { ok: false; said: string; isOver: boolean }> {
  try {
    return { ok: true, value: await call() }
  } catch (error) {
    if (error instanceof Stripe.errors.StripeInvalidRequestError || error instanceof Stripe.errors.StripeCardError) {
      return { ok: false, said: error.message.slice(0, SAID_MAX), isOver: error.code === 'payment_intent_unexpected_state' }
    }
    throw away(error)
  }
}
/** A sentence for a person. */
const SAID_MAX = 300

async function reached<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call()
  } catch (error) {
    throw away(error)
  }
}

const away = (error: unknown): Fault => error instanceof Stripe.errors.StripeAuthenticationError || error instanceof Stripe.errors.StripePermissionError
  ? new Fault('Stripe does not take our key', 'Look at STRIPE_SECRET_KEY: it may have been rolled, or be of another account or mode (docs/payments.md).')
  : new Fault('Stripe cannot be reached', 'Look at status.stripe.com; what is owed is done when it is back.')

import type { PaymentSession } from '../../contract/payment.ts'
import { ok, refused } from '../../contract/result.ts'
import type { Result } from '../../contract/result.ts'
import type { OrderRecord } from '../orders/port.ts'
import { cancelUnpaid } from '../orders/cancel-order.ts'
import { hearPayment } from './hear-payment.ts'
import type { SettlePorts } from './settle-payment.ts'

export type SessionRefusal = { reason: 'payment-refused'; said: string }

/**
 * What the shopper's page needs to have the order paid, made or found again: the same checkout sent twice is answered the same. `null`: nothing is to be paid here, or no more. Throws
 * when the provider cannot be reached: the order waits, and the same call again goes on.
 */
export async function openSession(ports: SettlePorts, order: OrderRecord, requestId: string): Promise<Result<{ order: OrderRecord; session: PaymentSession | null }, SessionRefusal>> {
  const { payment, orderId, number } = order
  if (payment?.trouble !== undefined && order.status === 'cancelled') return refused({ reason: 'payment-refused', said: payment.trouble })
  const provider = order.status === 'awaiting_payment' && payment ? ports.payments(payment.provider) : null
  if (!provider || !payment) return ok({ order, session: null })
  const asked = payment.reference === null ? await provider.create({ orderId, number, amount: order.purchase.totals.total }) : { ok: true as const, value: await provider.look(payment.reference) }
  if (!asked.ok) {
    // Nobody could ever pay it: its goods are not to wait for that.
    await cancelUnpaid(ports, order, 'refused', asked.said)
    return refused({ reason: 'payment-refused', said: asked.said })
  }
  const after = (await hearPayment(ports, orderId, asked.value, requestId)) ?? order
  const { clientSecret, state } = asked.value
  return ok({ order: after, session: clientSecret !== null && state === 'awaited' ? { provider: provider.name, clientSecret } : null })
}

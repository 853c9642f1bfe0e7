import { Fault } from '../fault.ts'
import type { CommandOutcome } from '../inventory/port.ts'
import { changeOrder } from '../orders/change-order.ts'
import type { OrderRecord } from '../orders/port.ts'
import { traceOf } from '../orders/trace-of.ts'
import type { Queues } from '../queues.ts'
import { fileLetter, hearPayment } from './hear-payment.ts'
import type { HearPorts } from './hear-payment.ts'
import { cancelledRefundId, owed } from './owed.ts'
import type { Owed } from './owed.ts'
import { kept, withRefund, withRefundAnswer } from './payment.ts'
import type { Asked, PaymentProvider, PaymentProviders, SeenPayment } from './port.ts'

export type SettlePorts = HearPorts & { payments: PaymentProviders }

/** Made, captured, refunded twice and looked at once more; beyond it something goes in a circle, and the sweep goes on. */
const STEPS_MAX = 8

/**
 * Moves the money to where the order says it belongs: what is owed follows from its row alone, and each call to the provider carries a key of ours, so this may run at any time, twice,
 * or end anywhere. Throws when the provider cannot be reached: the order stays due, and the sweep tries again.
 */
export async function settlePayment(ports: SettlePorts, orderId: string, requestId: string): Promise<CommandOutcome> {
  for (let steps = 0; steps < STEPS_MAX; steps++) {
    const order = await ports.orders.find(orderId)
    const owes = order && owed(order)
    if (!order?.payment || !owes) return steps === 0 ? 'superseded' : 'applied'
    const provider = ports.payments(order.payment.provider)
    if (!provider) throw new Fault(`An order is to be settled with ${order.payment.provider}, which is not set up here`, 'Set its secrets again (docs/payments.md), or settle the payment at the provider and confirm it by hand.')
    await settleOne(ports, order, owes, provider, requestId)
    ports.log('payment.settled', { orderId, requestId, provider: provider.name, step: owes.kind, ...traceOf(order) })
  }
  return 'applied'
}

async function settleOne(ports: SettlePorts, order: OrderRecord, owes: Owed, provider: PaymentProvider, requestId: string): Promise<void> {
  const { orderId, number, payment, purchase: { totals: { total } } } = order
  const money = (amountMinor: number) => ({ amountMinor, currency: total.currency })
  const reference = payment?.reference ?? ''
  const take = (asked: Asked<SeenPayment>) => (asked.ok ? hearPayment(ports, orderId, asked.value, requestId) : noteTrouble(ports, order, `${owes.kind}: ${asked.said}`, requestId))
  switch (owes.kind) {
    case 'create':
      return void (await take(await provider.create({ orderId, number, amount: total })))
    case 'void': {
      // What nobody had paid in time may have been paid since: then its goods are taken again, if they can be.
      const seen = await provider.look(reference)
      if (seen.state === 'awaited') return void (await take(await provider.void(reference)))
      const after = await hearPayment(ports, orderId, seen, requestId)
      if (after?.status === 'cancelled' && owed(after)?.kind === 'void') await take(await provider.void(reference))
      return
    }
    case 'capture':
      return void (await take(await provider.capture(reference, money(owes.amountMinor))))
    case 'write-refund': {
      const now = ports.clock()
      const refund = { refundId: cancelledRefundId(order), amountMinor: owes.amountMinor, why: 'cancelled after it was paid', lines: [], state: 'owed' as const, reference: null, at: now }
      // Of several who see it owed one writes it down: the others meet another version, and look again.
      await ports.orders.update(withRefund(order, refund, now), order.version)
      return
    }
    case 'refund': {
      const { refundId, amountMinor } = owes.refund
      const asked = await provider.refund(reference, { refundId: `${orderId}.${refundId}`, amount: money(amountMinor) })
      const answer = asked.ok ? asked.value : { state: 'failed' as const }
      const after = await changeOrder(ports.orders, orderId, (current) => ({ order: withRefundAnswer(current, refundId, answer, ports.clock()) }))
      if (!asked.ok || answer.state === 'failed') await fileLetter(ports, after?.order ?? order, orderId, requestId, `The refund ${refundId} of ${amountMinor} ${total.currency} was refused: ${asked.ok ? 'it failed' : asked.said}. Refund it another way, and note it with another refund.`)
      await hearPayment(ports, orderId, await provider.look(reference), requestId)
    }
  }
}

/** The provider's own no. Trying again would be told the same: a person looks, and says when to go on. */
async function noteTrouble(ports: SettlePorts, order: OrderRecord, said: string, requestId: string): Promise<void> {
  const after = await changeOrder(ports.orders, order.orderId, (current) => ({ order: current.payment ? kept(current, { ...current.payment, trouble: said }, 'payment.trouble', ports.clock()) : current }))
  await fileLetter(ports, after?.order ?? order, order.orderId, requestId, `The payment provider would not ${said}. Mend it there, then POST /admin/v1/orders/${order.orderId}/payment/retry.`)
}

/** Has somebody settle what an order owes or is owed. What is not sent is settled by the sweep. */
export async function askSettling(ports: { queues: Pick<Queues, 'orders'>; log: SettlePorts['log'] }, order: OrderRecord, requestId: string): Promise<void> {
  const last = order.assignments.at(-1)
  if (!owed(order) || !last) return
  try {
    await ports.queues.orders([{ kind: 'settle', orderId: order.orderId, assignmentId: last.assignmentId, storeId: last.storeId, requestId, traceparent: order.purchase.traceparent }])
  } catch {
    ports.log('order.send_failed', { orderId: order.orderId, requestId, ...traceOf(order) })
  }
}

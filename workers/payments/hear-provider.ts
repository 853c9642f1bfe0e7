import type { CommandOutcome } from '../inventory/port.ts'
import { OrderId } from '../../contract/values.ts'
import { hearPayment } from './hear-payment.ts'
import { askSettling } from './settle-payment.ts'
import type { SettlePorts } from './settle-payment.ts'

/**
 * A provider says that something became of a payment. Its message is only a hint: how the payment stands is asked of the provider, so that messages may come twice, late and in any
 * order. Throws when it cannot be asked: the provider sends the message again.
 */
export async function hearProvider(ports: SettlePorts, name: 'stripe', reference: string, requestId: string): Promise<CommandOutcome> {
  const provider = ports.payments(name)
  if (!provider) return 'superseded'
  const seen = await provider.look(reference)
  // A payment of somebody else's shop in the same account.
  if (seen.orderId === null || !OrderId.safeParse(seen.orderId).success) return 'superseded'
  const order = await hearPayment(ports, seen.orderId, seen, requestId)
  if (order) await askSettling(ports, order, requestId)
  return 'applied'
}

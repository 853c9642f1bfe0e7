import type { OrderLine } from '../../contract/order.ts'
import { ok, refused } from '../../contract/result.ts'
import type { Result } from '../../contract/result.ts'
import type { Channel } from '../channels/channel.ts'
import type { Limits, Payer } from '../limits/port.ts'
import { faultName } from '../log.ts'
import type { PaymentProviderName } from '../../contract/payment.ts'
import { paymentReservationMs, PLACEMENT_RESERVATION_MS } from './order.ts'

/** Who calls. A server's secret key has no address of its own: it speaks for many shoppers. */
export type Caller = { keyId: string; addressBlock: string | null }
export type UnitRefusal = { reason: 'too-many-unpaid'; max: number; waitMs: number }

/** What is paid at the counter is fetched within a day, or is worth a look at the caller. */
const PAY_IN_STORE_COUNTS_FOR_MS = 24 * 60 * 60_000
/** Goods by measure are priced per 1000 (g, ml, mm): that is one unit. */
const MEASURE_PER_UNIT = 1_000

export const unitsOf = (lines: readonly Pick<OrderLine, 'unit' | 'quantity'>[]): number =>
  lines.reduce((sum, { unit, quantity }) => sum + (unit === 'each' ? quantity : Math.ceil(quantity / MEASURE_PER_UNIT)), 0)

export type Charged = { undo: () => Promise<void> }
type ChargePorts = { limits: Pick<Limits, 'charge' | 'refund'>; clock: () => number; log: (event: string, fields: Record<string, string>) => void }

/**
 * Counts what is about to be reserved without payment against the caller's key and address, so that nobody can empty a shop by ordering. It counts until the
 * reservation would end, or for a day where it is paid at the counter, whatever becomes of the order. When the count cannot be had the order goes on: selling comes first.
 */
export async function chargeUnits(ports: ChargePorts, { channel, caller }: { channel: Channel; caller: Caller }, lines: readonly Pick<OrderLine, 'unit' | 'quantity'>[], provider: PaymentProviderName | null): Promise<Result<Charged, UnitRefusal>> {
  const charge = { units: unitsOf(lines), until: ports.clock() + (provider === null ? PAY_IN_STORE_COUNTS_FOR_MS : paymentReservationMs(provider) + PLACEMENT_RESERVATION_MS) }
  const { unpaidUnitsPerKey, unpaidUnitsPerAddress } = channel.limits
  const asked: { payer: Payer; max: number }[] = [{ payer: { kind: 'key', keyId: caller.keyId }, max: unpaidUnitsPerKey }]
  if (caller.addressBlock !== null) asked.push({ payer: { kind: 'address', channelId: channel.channelId, block: caller.addressBlock }, max: unpaidUnitsPerAddress })

  const answers = await Promise.all(asked.map(async ({ payer, max }) => {
    try {
      return { payer, max, ...(await ports.limits.charge(payer, charge, max)) }
    } catch (error) {
      ports.log('limits.away', { limit: `unpaid units per ${payer.kind}`, error: faultName(error) })
      return { payer, max, ok: null }
    }
  }))
  const undo = async () => {
    await Promise.all(answers.filter((answer) => answer.ok === true).map(({ payer }) => ports.limits.refund(payer, charge).catch((error: unknown) => ports.log('limits.away', { limit: `unpaid units per ${payer.kind}`, error: faultName(error) }))))
  }
  const refusal = answers.find((answer) => answer.ok === false)
  if (!refusal) return ok({ undo })
  await undo()
  return refused({ reason: 'too-many-unpaid', max: refusal.max, waitMs: refusal.waitMs })
}

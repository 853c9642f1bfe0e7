import type { Taken } from './bucket.ts'
import type { UnitCharge } from './unpaid.ts'

/** Who is counted: a key, or an address within a channel. */
export type Payer = { kind: 'key'; keyId: string } | { kind: 'address'; channelId: string; block: string }

/** Exact counts, each in one place of the world. Rejects when that place cannot be reached. */
export type Limits = {
  /** One call, of so many in a minute. In memory: a limit that was forgotten with its object was full again anyway. */
  takeWrite(payer: Payer, perMinute: number): Promise<Taken>
  /** When this isolate was told that there is nothing left, and it still holds: nobody needs to be asked. */
  refusedBefore(payer: Payer): Taken | null
  /** Kept: whoever waits until an object sleeps gains nothing by it. */
  charge(payer: Payer, charge: UnitCharge, max: number): Promise<{ ok: true } | { ok: false; waitMs: number }>
  refund(payer: Payer, charge: UnitCharge): Promise<void>
}

import type { Taken } from './bucket.ts'
import type { UnitCharge } from './unpaid.ts'

/** Whose units are counted: a key, or an address within a channel. */
export type Payer = { kind: 'key'; keyId: string } | { kind: 'address'; channelId: string; block: string }

/** Exact counts, each in one place of the world. Rejects when that place cannot be reached. */
export type Limits = {
  /** One call of a key, of so many in a minute. In memory: a limit that was forgotten with its object was full again anyway. */
  takeWrite(keyId: string, perMinute: number): Promise<Taken>
  /** Kept: whoever waits until an object sleeps gains nothing by it. */
  charge(payer: Payer, charge: UnitCharge, max: number): Promise<{ ok: true } | { ok: false; waitMs: number }>
  refund(payer: Payer, charge: UnitCharge): Promise<void>
}

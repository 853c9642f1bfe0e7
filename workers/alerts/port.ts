import type { AlertNotice } from '../../contract/alert.ts'
import type { OpeningHours, SpecialDays } from '../../contract/store.ts'
import type { Alert } from './alert.ts'

/** Where notices go. `secret: null`: unsigned, for the address in ALERT_WEBHOOK_URL. */
export type AlertTarget = { url: string; secret: string | null }

export type StoreTrouble = { storeId: string; since: number; count: number }

/** What D1 says of the house, in one round trip. */
export type AlertFacts = {
  /** Letters that wait and that nobody has touched, those of `feeds` and `ageing` apart. */
  letters: { count: number; oldestAt: number } | null
  quarantined: StoreTrouble[]
  /** `count` SKUs. */
  drifting: StoreTrouble[]
  /** `count` orders. */
  ageing: StoreTrouble[]
  /** Not paused, by id. */
  stores: { storeId: string; isPushed: boolean; timeZone: string; openingHours: OpeningHours | null; specialDays: SpecialDays | null }[]
  /** Open, pending, or with a notice owed. */
  alerts: Alert[]
  target: AlertTarget | null
}

export type AlertBook = {
  facts(): Promise<AlertFacts>
  write(alerts: readonly Alert[]): Promise<void>
  /** What is open, and what ended last. */
  list(limit: number): Promise<Alert[]>
  target(): Promise<AlertTarget | null>
  /** `host` is what is shown of it. */
  setTarget(target: AlertTarget, host: string, now: number): Promise<void>
  /** As StoreBook.reseal, of the webhook. */
  reseal(): Promise<number>
  clearTarget(): Promise<void>
  targetView(): Promise<{ host: string; updatedAt: number } | null>
}

/** What a receiver made of it. Only 2xx has taken it. `status: null`: there was no answer. `said`: the beginning of its answer. */
export type Delivered = { ok: boolean; status: number | null; said: string }
/** Sends one notice once. `id` is the notice's own, the same each time. Never throws. */
export type SendAlert = (target: AlertTarget, id: string, notice: AlertNotice) => Promise<Delivered>

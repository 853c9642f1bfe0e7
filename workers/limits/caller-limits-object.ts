import { DurableObject } from 'cloudflare:workers'
import { systemClock } from '../../contract/clock.ts'
import { takeOne } from './bucket.ts'
import type { Bucket, Taken } from './bucket.ts'
import { charge, lastEnd, refund } from './unpaid.ts'
import type { UnitCharge, Unpaid } from './unpaid.ts'

const UNPAID = 'unpaid'

/** What one key, or one address, has used of its limits. The calls are counted in memory alone; unpaid units are kept, one row an order, and gone with the last of them. */
export class CallerLimits extends DurableObject {
  #bucket: Bucket | null = null

  takeWrite(perMinute: number): Taken {
    const { taken, bucket } = takeOne(this.#bucket, perMinute, systemClock())
    this.#bucket = bucket
    return taken
  }

  async charge(asked: UnitCharge, max: number): Promise<{ ok: true } | { ok: false; waitMs: number }> {
    const now = systemClock()
    const before = this.#unpaid()
    const charged = charge(before, asked, max, now)
    if (!charged.ok) return charged
    this.ctx.storage.kv.put(UNPAID, charged.held)
    if (lastEnd(before, now) === null) await this.ctx.storage.setAlarm(lastEnd(charged.held, now) ?? now)
    return { ok: true }
  }

  refund(given: UnitCharge): void {
    this.ctx.storage.kv.put(UNPAID, refund(this.#unpaid(), given))
  }

  /** Nothing is kept of who has nothing left. */
  override async alarm(): Promise<void> {
    const end = lastEnd(this.#unpaid(), systemClock())
    if (end === null) await this.ctx.storage.deleteAll()
    else await this.ctx.storage.setAlarm(end)
  }

  #unpaid(): Unpaid {
    return this.ctx.storage.kv.get<Unpaid>(UNPAID) ?? {}
  }
}

import { faultName, log } from '../log.ts'
import type { Clock } from '../../contract/clock.ts'
import { bandKey } from './band.ts'
import type { HomeDb } from './db.ts'

/** Several changes within a breath are one write to KV. */
const SETTLES_MS = 250
/** KV takes one write per second and key. */
const EVERY_MS = 1_000
/** Well below the 1,000 calls one event may make. */
const AT_ONCE_MAX = 200
/** KV refused a write: it may be away for longer than a breath. */
const AGAIN_MS = 30_000

/**
 * Tells KV the band of a SKU when it has changed, in the home's alarm: a hot SKU writes once per second at most. What is owed
 * stands in the `bands` table, so a crash forgets nothing; the memory here only says when.
 */
export function createBandWriter(db: HomeDb, kv: Pick<KVNamespace, 'put'>, clock: Clock) {
  /** `null` until read from the table. */
  let dues: Map<string, number> | null = null
  const writtenAt = new Map<string, number>()

  /** What a former life of the object still owed is due at `owedAt`. */
  function load(owedAt = clock()): Map<string, number> {
    dues ??= new Map(db.bandsToWrite().map((sku) => [sku, owedAt]))
    return dues
  }

  /** After `db.noteBand` said that KV has to be told. Answers when to call `write`, epoch ms. */
  function note(sku: string): number {
    const soonest = Math.max(clock() + SETTLES_MS, (writtenAt.get(sku) ?? 0) + EVERY_MS)
    const at = Math.min(dues?.get(sku) ?? soonest, soonest)
    load(at).set(sku, at)
    return at
  }

  async function writeOne(sku: string): Promise<void> {
    const noted = db.bandOf(sku)
    load().delete(sku)
    if (!noted || noted.band === noted.written) return
    writtenAt.set(sku, clock())
    try {
      await kv.put(bandKey(sku), noted.band)
    } catch (error) {
      log('inventory.band_not_written', { sku, error: faultName(error) })
      // Nobody knows what KV has now, so even the band it had before would be news.
      db.bandWritten(sku, null)
      load().set(sku, clock() + AGAIN_MS)
      return
    }
    db.bandWritten(sku, noted.band)
    // It may have changed again while KV was being told.
    if (db.bandOf(sku)?.band !== noted.band) note(sku)
  }

  return {
    note,
    async write(): Promise<void> {
      const now = clock()
      for (const [sku, at] of writtenAt) if (now - at >= EVERY_MS) writtenAt.delete(sku)
      const due = [...load()].filter(([, at]) => at <= now).slice(0, AT_ONCE_MAX)
      await Promise.all(due.map(([sku]) => writeOne(sku)))
    },
    /** When `write` has something to do; `Infinity`: never, as things are. */
    nextAt(): number {
      let next = Infinity
      for (const at of load().values()) next = Math.min(next, at)
      return next
    },
  }
}

import type { Clock } from '../../contract/clock.ts'
import type { WebhookMessage } from '../queue-messages.ts'
import type { HomeDb } from './db.ts'

/** A till's sale and what follows from it within a breath are one word to a channel, and a hot SKU's a second are one. */
const SETTLES_MS = 1_000
/** The queue did not take it. */
const AGAIN_MS = 30_000
/** What one message names: its reader asks the counters for all of them at once. */
const SKUS_PER_MESSAGE = 50

/**
 * Says through the queue `webhooks` of which SKUs more or less can be sold, while a channel wants to hear it. What is owed stands in the table `told`, so a crash forgets nothing;
 * where nobody wants to hear it, nothing is written.
 */
export function createTeller(db: HomeDb, queue: Pick<Queue<WebhookMessage>, 'send'>, clock: Clock) {
  let dueAt: number | null = db.isAnyToTell() ? clock() : null
  return {
    /** Inside the transaction of the change. */
    owe: (skus: readonly string[]): void => skus.forEach((sku) => db.oweTelling(sku)),
    /** Answers when to call `tell`, epoch ms. */
    note: (): number => (dueAt ??= clock() + SETTLES_MS),
    async tell(): Promise<void> {
      if (dueAt === null || dueAt > clock()) return
      const owed = db.owedTellings(SKUS_PER_MESSAGE)
      // Should the queue not take it, or the object end here, it is told again.
      dueAt = clock() + AGAIN_MS
      if (owed.length > 0) await queue.send({ kind: 'inventory', skus: owed.map(({ sku }) => sku) })
      // What has changed again meanwhile stays owed.
      for (const each of owed) db.told(each)
      dueAt = db.isAnyToTell() ? clock() : null
    },
    nextAt: (): number => dueAt ?? Infinity,
  }
}

import { asc, desc, eq, sql } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/d1'
import { z } from 'zod'
import { AlertName } from '../../contract/alert.ts'
import { fromInstant } from '../../contract/clock.ts'
import { OpeningHours, SpecialDays } from '../../contract/store.ts'
import { alerts, alertWebhook } from '../db/schema.ts'
import { createSealer } from '../stores/secrets.ts'
import type { Sealer } from '../stores/secrets.ts'
import type { AlertBook, AlertTarget } from './port.ts'

/** Stores with a trouble of one kind; more of them is one trouble of ours, and each has its letter all the same. */
const STORES_MAX = 200
/** As the operator's list. */
const ALERTS_MAX = 1_000
const SEALED_ABOUT = 'alert webhook'

const QUESTIONS = [
  `SELECT count(*) AS count, min(updated_at) AS oldestAt FROM dead_letters WHERE state = 'waiting' AND queue NOT IN ('feeds', 'ageing') HAVING count(*) > 0`,
  `SELECT store_id AS storeId, feed ->> '$.since' AS since, 0 AS count FROM feeds WHERE feed ->> '$.state' = 'quarantined' AND feed ->> '$.refused' = 0 LIMIT ${STORES_MAX}`,
  `SELECT store_id AS storeId, drift ->> '$.unhealed.since' AS since, drift ->> '$.unhealed.skus' AS count FROM feeds WHERE drift ->> '$.unhealed.since' IS NOT NULL LIMIT ${STORES_MAX}`,
  `SELECT store_id AS storeId, since, report ->> '$.count' AS count FROM ageing LIMIT ${STORES_MAX}`,
  `SELECT store_id AS storeId, transport ->> '$.kind' <> 'pull' AS isPushed, time_zone AS timeZone, opening_hours AS openingHours, special_days AS specialDays FROM stores WHERE paused = 0 ORDER BY store_id`,
  `SELECT name, subject, state, since, detail, clear_at AS clearAt, ended_at AS endedAt, owed, notices, attempts, next_try_at AS nextTryAt, notified_at AS notifiedAt
   FROM alerts WHERE state <> 'resolved' OR owed IS NOT NULL LIMIT ${ALERTS_MAX}`,
  'SELECT sealed FROM alert_webhook',
]
const Letters = z.array(z.object({ count: z.int(), oldestAt: z.int() }))
const Troubles = z.array(z.object({ storeId: z.string(), since: z.string().transform(fromInstant), count: z.int() }))
const Stores = z.array(z.object({ storeId: z.string(), isPushed: z.int().transform((flag) => flag === 1), timeZone: z.string(), openingHours: z.string().transform((text): unknown => JSON.parse(text)).pipe(OpeningHours).nullable(), specialDays: z.string().transform((text): unknown => JSON.parse(text)).pipe(SpecialDays).nullable() }))
const instant = z.int().nullable()
/** One of another version's name is left alone. */
const StoredAlert = z.object({
  name: AlertName, subject: z.string(), state: z.enum(['pending', 'open', 'resolved']), since: z.int(), detail: z.string(), clearAt: instant, endedAt: instant,
  owed: z.enum(['raised', 'reminder', 'resolved']).nullable(), notices: z.int(), attempts: z.int(), nextTryAt: instant, notifiedAt: instant,
})
const Target = z.object({ url: z.string(), secret: z.string().nullable() })

/** Alerts in D1. `facts` is seven statements in one round trip, each bounded and without a write. */
export function createAlertBook(d1: D1Database, masterKey: string, fallback: AlertTarget | null, previous: string | null = null): AlertBook {
  const db = drizzle(d1)
  const sealer = createSealer(masterKey, previous)

  return {
    async facts() {
      // Statements of the platform itself: drizzle's batch takes none that it has not built.
      const [letters = [], quarantined = [], drifting = [], ageing = [], stores = [], known = [], webhooks = []] = (await d1.batch<Record<string, unknown>>(QUESTIONS.map((question) => d1.prepare(question)))).map(({ results }) => results)
      const [webhook] = z.array(z.object({ sealed: z.string() })).parse(webhooks)
      return {
        letters: Letters.parse(letters)[0] ?? null,
        quarantined: Troubles.parse(quarantined),
        drifting: Troubles.parse(drifting),
        ageing: Troubles.parse(ageing),
        stores: Stores.parse(stores),
        alerts: known.flatMap((row) => StoredAlert.safeParse(row).data ?? []),
        target: webhook ? await opened(webhook.sealed, sealer) : fallback,
      }
    },

    async write(changed) {
      for (const alert of changed) await db.insert(alerts).values(alert).onConflictDoUpdate({ target: [alerts.name, alerts.subject], set: alert })
    },

    async list(limit) {
      const rows = await db.select().from(alerts).orderBy(sql`${alerts.state} = 'resolved'`, desc(alerts.endedAt), asc(alerts.since)).limit(limit)
      return rows.flatMap((row) => StoredAlert.safeParse(row).data ?? [])
    },

    async target() {
      const [row] = await db.select().from(alertWebhook)
      return row ? opened(row.sealed, sealer) : fallback
    },

    async setTarget(target, host, now) {
      const row = { id: 1, sealed: await sealer.seal(SEALED_ABOUT, JSON.stringify(target)), host, updatedAt: now }
      await db.insert(alertWebhook).values(row).onConflictDoUpdate({ target: alertWebhook.id, set: row })
    },

    async reseal() {
      const [row] = await db.select().from(alertWebhook)
      const sealed = row ? await sealer.renew(SEALED_ABOUT, row.sealed) : null
      if (!row || sealed === null) return 0
      return (await db.update(alertWebhook).set({ sealed }).where(eq(alertWebhook.sealed, row.sealed)).returning({ id: alertWebhook.id })).length
    },

    async clearTarget() {
      await db.delete(alertWebhook)
    },

    async targetView() {
      const [row] = await db.select({ host: alertWebhook.host, updatedAt: alertWebhook.updatedAt }).from(alertWebhook)
      return row ?? null
    },
  }
}

const opened = async (sealed: string, sealer: Sealer): Promise<AlertTarget> => Target.parse(JSON.parse(await sealer.unseal(SEALED_ABOUT, sealed)))

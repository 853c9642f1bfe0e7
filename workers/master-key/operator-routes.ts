import { Hono } from 'hono'
import type { z } from 'zod'
import type { Resealed } from '../../contract/operator-answers.ts'
import type { AppEnv } from '../gateway/context.ts'

/** The key that seals what is stored secret, mounted at `/admin/v1/master-key` behind the gateway's authentication. Nobody is ever shown it. */
export const operatorMasterKey = new Hono<AppEnv>()

/** Called again it finds nothing left to do: then the key of before may go. */
operatorMasterKey.post('/reseal', async (c) => {
  const { ports, actor } = c.var
  const answer: z.infer<typeof Resealed> = {
    stores: await ports.stores.reseal(), alertWebhooks: await ports.alerts.reseal(), erasures: await ports.erasures.reseal(), webhooks: await ports.webhooks.reseal(), previousKey: ports.secrets.previousMasterKey != null,
  }
  await ports.audit.record({ actor, action: 'master_key.reseal', subject: 'master-key', detail: `${answer.stores} stores, ${answer.alertWebhooks} alert webhooks, ${answer.webhooks} webhooks, ${answer.erasures} erasures` })
  return c.json(answer, 200, { 'Cache-Control': 'no-store' })
})

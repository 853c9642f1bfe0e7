import { Hono } from 'hono'
import { SetAlertWebhook } from '../../contract/alert.ts'
import type { AlertNotice } from '../../contract/alert.ts'
import { toInstant } from '../../contract/clock.ts'
import { toBase64 } from '../../contract/signing.ts'
import { WEBHOOK_SECRET_PREFIX } from '../../contract/standard-webhooks.ts'
import { body } from '../gateway/body.ts'
import type { AppEnv } from '../gateway/context.ts'
import { invalidField, problem } from '../gateway/problem.ts'
import { toAlertView } from './alert.ts'
import { targetFault } from '../webhooks/target.ts'

const SMALL_BODY_BYTES_MAX = 8_000
/** What is open first, then what ended last. */
const LISTED_MAX = 200
const SECRET_BYTES = 32
const NO_STORE = { 'Cache-Control': 'no-store' }

/** What calls a person, mounted at `/admin/v1/alerts` behind the gateway's authentication. */
export const operatorAlerts = new Hono<AppEnv>()

operatorAlerts.get('/', async (c) => {
  const { alerts } = c.var.ports
  const [known, webhook, target] = await Promise.all([alerts.list(LISTED_MAX), alerts.targetView(), alerts.target()])
  // Never the address itself: whoever knows a chat's may write into it.
  const sentTo = webhook ? { host: webhook.host, signed: true, updatedAt: toInstant(webhook.updatedAt) } : target ? { host: new URL(target.url).host, signed: false, updatedAt: null } : null
  return c.json({ items: known.map(toAlertView), webhook: sentTo }, 200, NO_STORE)
})

operatorAlerts.put('/webhook', body(SetAlertWebhook, SMALL_BODY_BYTES_MAX), async (c) => {
  const { ports, actor } = c.var
  const { url, secret: given } = c.req.valid('json').parsed
  const fault = targetFault(url, c.env.ENVIRONMENT === 'development')
  if (fault !== null) return invalidField(c, '/url', fault)
  const secret = given ?? WEBHOOK_SECRET_PREFIX + toBase64(crypto.getRandomValues(new Uint8Array(SECRET_BYTES)))
  const { host } = new URL(url)
  await ports.alerts.setTarget({ url, secret }, host, ports.clock())
  await ports.audit.record({ actor, action: 'alerts.webhook', subject: host })
  return c.json({ host, ...(given === undefined ? { secret } : {}) }, 200, NO_STORE)
})

operatorAlerts.delete('/webhook', async (c) => {
  const { ports, actor } = c.var
  await ports.alerts.clearTarget()
  await ports.audit.record({ actor, action: 'alerts.webhook_removed', subject: '' })
  return c.body(null, 204)
})

operatorAlerts.post('/test', async (c) => {
  const { ports, actor, requestId } = c.var
  const target = await ports.alerts.target()
  if (!target) return problem(c, 'not-found', 'There is no webhook yet: PUT /admin/v1/alerts/webhook sets one.')
  const at = toInstant(ports.clock())
  const notice: AlertNotice = {
    type: 'alert.test', timestamp: at, text: `Test: alerts of Tillbridge arrive here. ${at}`,
    data: { name: null, storeId: null, since: at, endedAt: null, detail: `Sent by an operator, request ${requestId}.`, runbook: 'docs/runbook.md' },
  }
  const sent = await ports.sendAlert(target, `alrt_test_${ports.newId()}`, notice)
  await ports.audit.record({ actor, action: 'alerts.test', subject: new URL(target.url).host })
  return c.json({ delivered: sent.ok, status: sent.status, said: sent.said }, 200, NO_STORE)
})

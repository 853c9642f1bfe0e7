import { createAlertMemory, raiseAlerts } from './alerts/raise-alerts.ts'
import { retain } from './erasures/retain.ts'
import { runErasures } from './erasures/run-erasures.ts'
import { retentionDays } from './gateway/settings.ts'
import { app } from './gateway/app.ts'
import { log } from './log.ts'
import { sweepOrders } from './orders/sweep.ts'
import { createPorts } from './ports.ts'
import { tellTurns } from './prices/tell-turns.ts'
import { sweepMails } from './mail/deliver-mail.ts'
import { sweepWebhooks } from './webhooks/deliver-message.ts'
import { consume } from './queue-handlers.ts'

export { LetterBox } from './dead-letters/letter-box-object.ts'
export { CallerLimits } from './limits/caller-limits-object.ts'
export { SkuCounters } from './inventory/sku-counters-object.ts'
export { StoreBreaker } from './stores/store-breaker-object.ts'
export { StoreLink } from './stores/store-link-object.ts'

const alertMemory = createAlertMemory()

export default {
  fetch: app.fetch,
  queue: (batch, env) => consume(batch, createPorts(env)),
  scheduled: async (_controller, env) => {
    const ports = createPorts(env)
    // Apart: orders that cannot be swept are a reason to look around, and nobody's alert keeps an order waiting.
    const done = await Promise.allSettled([sweepOrders({ ...ports, log }), raiseAlerts({ ...ports, log, memory: alertMemory }), sweepWebhooks({ ...ports, log }), sweepMails(ports), tellTurns(ports), runErasures({ ...ports, log }), retain({ ...ports, log }, retentionDays(env.RETENTION_DAYS) ?? 0)])
    for (const each of done) if (each.status === 'rejected') throw each.reason
  },
} satisfies ExportedHandler<Env>

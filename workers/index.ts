import { app } from './gateway/app.ts'
import { log } from './log.ts'
import { sweepOrders } from './orders/sweep.ts'
import { createPorts } from './ports.ts'
import { consume } from './queue-handlers.ts'

export { LetterBox } from './dead-letters/letter-box-object.ts'
export { SkuCounters } from './inventory/sku-counters-object.ts'
export { StoreBreaker } from './stores/store-breaker-object.ts'
export { StoreLink } from './stores/store-link-object.ts'

export default {
  fetch: app.fetch,
  queue: (batch, env) => consume(batch, createPorts(env)),
  scheduled: async (_controller, env) => {
    await sweepOrders({ ...createPorts(env), log })
  },
} satisfies ExportedHandler<Env>

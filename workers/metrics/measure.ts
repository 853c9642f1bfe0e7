import type { DeadLetters } from '../dead-letters/port.ts'
import type { LogFields } from '../log.ts'
import type { Metrics } from './port.ts'

type Log = (event: string, fields?: LogFields) => void

/** What a use case tells its log is measured on the way: it says each fact once, and knows nothing of metrics. */
export function measuredLog(log: Log, metrics: Metrics): Log {
  return (event, fields = {}) => {
    log(event, fields)
    const { storeId, outcome, ms, type, webToTillMs } = fields
    const store = typeof storeId === 'string' ? storeId : ''
    if (event === 'order.pushed' && typeof ms === 'number') metrics.timing('delivery', ms, { store, outcome: String(outcome) })
    if (event === 'order.event' && typeof webToTillMs === 'number') metrics.timing('web_to_till', webToTillMs, { store, outcome: type === 'order.accepted' ? 'accepted' : 'journaled' })
  }
}

/** Counts each letter as it is filed; one that is filed again by a repeated message counts again. */
export const measuredLetters = (letters: DeadLetters, metrics: Metrics): DeadLetters => ({
  ...letters,
  async file(filed) {
    await letters.file(filed)
    for (const { queue, reason, storeId } of filed) metrics.count('dead_letter', { queue, reason, ...(storeId === null ? {} : { store: storeId }) })
  },
})

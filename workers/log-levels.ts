/**
 * Which events are more than `info`. `warn`: it mends itself, or is a caller's or a store's trouble, and in numbers it is ours. `error`: something that
 * should work did not, and somebody should know.
 */
export const LEVELS: Readonly<Record<string, 'warn' | 'error'>> = {
  'ageing.not_noted': 'warn',
  'channel.use_not_noted': 'warn',
  'connect.too_old': 'warn',
  'dead_letters.still_waiting': 'error',
  'events.fault': 'error',
  'events.refused': 'warn',
  'events.rejected': 'warn',
  'feed.not_noted': 'warn',
  'gateway.overloaded': 'warn',
  'heartbeat.refused': 'warn',
  'inventory.alarm_failed': 'error',
  'inventory.arbiter_unknown': 'warn',
  'inventory.band_not_written': 'warn',
  'inventory.liveness_unknown': 'warn',
  'inventory.release_failed': 'warn',
  'inventory.home_failed': 'warn',
  'operator.keys_unreachable': 'warn',
  'order.cancel_send_failed': 'warn',
  'order.release_failed': 'warn',
  'order.send_failed': 'warn',
  'order.sweep_failed': 'error',
  'queue.fault': 'warn',
  'queue.letter_not_filed': 'error',
  'request.fault': 'error',
  'settings.fault': 'error',
  'store.breaker_unknown': 'warn',
  'store.dispatch_failed': 'warn',
  'store.facts_unknown': 'warn',
}

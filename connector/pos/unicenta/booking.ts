import type { Clock } from '../../../contract/clock.ts'
import type { Dialect } from '../sql/ports.ts'
import type { Place } from './place.ts'
import type { UnicentaConfig } from './unicenta-config.ts'

/** What the order book goes by. `place` and `zone`: where and when the till is. */
export type Booking = {
  config: Pick<UnicentaConfig, 'currency' | 'measured' | 'host' | 'person' | 'payment' | 'oversell'>
  dialect: Dialect
  place: Place
  zone: string
  clock: Clock
}

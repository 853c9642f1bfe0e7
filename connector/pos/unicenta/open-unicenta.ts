import { systemClock, type Clock } from '../../../contract/clock.ts'
import type { Pos, PosMemory } from '../port.ts'
import { openConnection } from '../sql/connection.ts'
import { createDatabasePos } from '../sql/database-pos.ts'
import { withTriggers } from '../sql/triggers.ts'
import { createActivity } from './activity.ts'
import { createGoods } from './goods.ts'
import { createOrderBook } from './order-book.ts'
import { createPlace } from './place.ts'
import { zoneOf, type UnicentaConfig } from './unicenta-config.ts'

/** A uniCenta oPOS 5 on MariaDB, MySQL or PostgreSQL. Nothing is asked of the database before its first use. */
export function openUnicenta(config: UnicentaConfig, memory: PosMemory, clock: Clock = systemClock, scan: { everyMs?: number } = {}): Pos {
  const { dialect } = config
  const connection = openConnection({ dialect, ...config.connection })
  const place = createPlace(config)
  const zone = zoneOf(config)
  const reading = { currency: config.currency, measured: config.measured }
  return createDatabasePos({
    connection, memory, clock, scan,
    capabilities: { name: 'uniCenta oPOS', stockFallsAt: 'accept', duplicates: 'never' },
    goods: createGoods(dialect, place, reading),
    activity: withTriggers(createActivity({ dialect, place, zone, clock, reading, tills: config.tills }), connection),
    orders: config.orders === 'none' ? null : createOrderBook({ config, dialect, place, zone, clock }),
  })
}

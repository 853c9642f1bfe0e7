import { systemClock, type Clock } from '../../../contract/clock.ts'
import type { Pos, PosMemory } from '../port.ts'
import { openConnection } from '../sql/connection.ts'
import { createDatabasePos } from '../sql/database-pos.ts'
import { osposActivity } from './activity.ts'
import { osposGoods } from './goods.ts'
import { osposOrderBook } from './order-book.ts'
import { orderTable } from './order-table.ts'
import type { OsposConfig } from './ospos-config.ts'

/** Open Source POS 3.4 on MariaDB or MySQL. Answers before the database can be reached. */
export function openOspos(config: OsposConfig, memory: PosMemory, { clock = systemClock, scanEveryMs }: { clock?: Clock; scanEveryMs?: number } = {}): Pos {
  const connection = openConnection({ dialect: 'mysql', ...config.connection, writes: 'one-moment' })
  const orders = orderTable()
  const pos = createDatabasePos({
    connection,
    capabilities: { name: 'Open Source POS', stockFallsAt: config.orders === 'completed' ? 'accept' : 'later', duplicates: 'never' },
    goods: osposGoods(config),
    activity: osposActivity(config, orders, clock),
    orders: config.orders === 'none' ? null : osposOrderBook(config, orders, clock),
    memory,
    clock,
    ...(scanEveryMs === undefined ? {} : { scan: { everyMs: scanEveryMs } }),
  })
  return {
    ...pos,
    async writeOrder(assignment) {
      if (config.orders !== 'none') await orders.ensure(connection)
      return pos.writeOrder(assignment)
    },
  }
}

import { osposStatements } from './ospos/rights.ts'
import { targetOf } from './sql/sql-pos.ts'
import { ZONE_LEFT_OUT } from './sql/sql-config.ts'
import { sqlStatements } from './sql/sql-statements.ts'
import type { ConnectionTarget } from './sql/connection-config.ts'
import type { WatchedTable } from './sql/triggers.ts'
import { unicentaStatements } from './unicenta/rights.ts'
import { zoneOf } from './unicenta/unicenta-config.ts'
import type { PosConfig } from './pos-config.ts'
import type { WantedStatements } from './wanted-statement.ts'

/**
 * The database that a configuration speaks with. `watched`: its tables that tell that goods moved, for triggers; none: they are not known. `wanted`: what the connector
 * runs there, as `doctor` asks about it. `zoneLeftOut`: its times are read in a zone that nobody has said, which is not told elsewhere.
 */
export type PosDatabase = { target: ConnectionTarget; timeZone: string | undefined; zoneLeftOut: boolean; takesOrders: boolean; watched: WatchedTable[]; wanted: WantedStatements }

/** For whatever knows databases and not adapters: `doctor` and `triggers`. `null`: this POS is reached otherwise. */
export function databaseOf(config: PosConfig): PosDatabase | null {
  switch (config.type) {
    case 'sql': return {
      target: targetOf(config), timeZone: config.timeZone ?? ZONE_LEFT_OUT, zoneLeftOut: config.timeZone === undefined && (config.sales ?? config.orders) !== undefined,
      takesOrders: config.orders !== undefined, watched: config.watch, wanted: sqlStatements(config),
    }
    case 'ospos': return {
      target: { dialect: 'mysql', ...config.connection }, timeZone: config.timeZone, zoneLeftOut: false, takesOrders: config.orders !== 'none', wanted: osposStatements(config),
      watched: [['items', 'item_id'], ['item_quantities', 'item_id'], ['items_taxes', 'item_id']].map(([table = '', key = '']) => ({ table: `${config.prefix}${table}`, key })),
    }
    case 'unicenta': return {
      target: { dialect: config.dialect, ...config.connection }, timeZone: zoneOf(config), zoneLeftOut: false, takesOrders: config.orders !== 'none', wanted: unicentaStatements(config),
      watched: [['products', 'id'], ['products_cat', 'product'], ['stockcurrent', 'product']].map(([table = '', key = '']) => ({ table, key })),
    }
    case 'embedded':
    case 'csv':
      return null
  }
}

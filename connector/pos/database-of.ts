import { targetOf } from './sql/sql-pos.ts'
import type { ConnectionTarget } from './sql/connection-config.ts'
import type { WatchedTable } from './sql/triggers.ts'
import type { PosConfig } from './pos-config.ts'

/** The database that a configuration speaks with. `watched`: its tables that tell that goods moved, for triggers; none: they are not known. */
export type PosDatabase = { target: ConnectionTarget; timeZone: string | undefined; takesOrders: boolean; watched: WatchedTable[] }

/** For whatever knows databases and not adapters: `doctor` and `triggers`. `null`: this POS is reached otherwise. */
export function databaseOf(config: PosConfig): PosDatabase | null {
  switch (config.type) {
    case 'sql': return { target: targetOf(config), timeZone: config.timeZone, takesOrders: config.orders !== undefined, watched: config.watch }
    case 'ospos': return {
      target: { dialect: 'mysql', ...config.connection }, timeZone: config.timeZone, takesOrders: true,
      watched: [['items', 'item_id'], ['item_quantities', 'item_id'], ['items_taxes', 'item_id']].map(([table = '', key = '']) => ({ table: `${config.prefix}${table}`, key })),
    }
    case 'unicenta': return {
      target: { dialect: config.dialect, ...config.connection }, timeZone: config.timeZone, takesOrders: true,
      watched: [['products', 'id'], ['products_cat', 'product'], ['stockcurrent', 'product']].map(([table = '', key = '']) => ({ table, key })),
    }
    case 'embedded':
    case 'csv':
      return null
  }
}

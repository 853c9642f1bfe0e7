import { openConnection } from './sql/connection.ts'
import { targetOf } from './sql/sql-pos.ts'
import { createTriggers, type Triggers, type WatchedTable } from './sql/triggers.ts'
import type { ConnectionTarget } from './sql/connection-config.ts'
import type { PosConfig } from './pos-config.ts'

/** Where an adapter's database is and which of its tables tell that goods moved; `null`: it has none that triggers could watch. */
export function watchedBy(config: PosConfig): { target: ConnectionTarget; tables: WatchedTable[] } | null {
  switch (config.type) {
    case 'sql': return config.watch.length === 0 ? null : { target: targetOf(config), tables: config.watch }
    case 'ospos': return {
      target: { dialect: 'mysql', ...config.connection },
      tables: [['items', 'item_id'], ['item_quantities', 'item_id'], ['items_taxes', 'item_id']].map(([table = '', key = '']) => ({ table: `${config.prefix}${table}`, key })),
    }
    case 'unicenta': return {
      target: { dialect: config.dialect, ...config.connection },
      tables: [['products', 'id'], ['products_cat', 'product'], ['stockcurrent', 'product']].map(([table = '', key = '']) => ({ table, key })),
    }
    case 'embedded':
    case 'csv':
      return null
  }
}

/** The triggers of a configuration's POS, for `tillbridge-connector triggers`; `null` where they are not known or not needed. `close` ends the connection. */
export function triggersFor(config: PosConfig): (Triggers & { close(): Promise<void> }) | null {
  const watched = watchedBy(config)
  if (!watched) return null
  const connection = openConnection(watched.target)
  return { ...createTriggers(connection, watched.tables), close: () => connection.close() }
}

import { sql } from 'kysely'
import { DatabaseFault } from '../sql/database-fault.ts'
import type { Connection, Row, Tx } from '../sql/ports.ts'
import { OsposFault } from './ospos-fault.ts'
import { rowsOf } from './shop-settings.ts'

/**
 * The connector's own table: which sale is which web order. Its primary key is what makes an order one sale. `demand` is what a suspended
 * order will take, in thousandths by item id; `settled` orders take nothing more. `shape` is how it was written, whatever the configuration says now.
 */
export const ORDER_TABLE = 'tillbridge_orders'
export const CREATE_ORDER_TABLE = `CREATE TABLE IF NOT EXISTS ${ORDER_TABLE} (
  order_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
  row_id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT UNIQUE,
  sale_id INT NOT NULL UNIQUE,
  location_id INT NOT NULL,
  shape VARCHAR(16) NOT NULL,
  payment VARCHAR(40) NOT NULL,
  demand TEXT NOT NULL,
  settled TINYINT NOT NULL DEFAULT 0,
  voided TINYINT NOT NULL DEFAULT 0,
  KEY open_orders (location_id, settled)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4`

export type OrderTable = {
  /** Whether it is there and may be read, asked anew each time: a connector that only reads has none, and a backup from before the first order takes it away. */
  exists(tx: Tx): Promise<boolean>
  /** Before the first order. Not inside a transaction: MariaDB would commit it. */
  ensure(connection: Connection): Promise<void>
}

export function orderTable(): OrderTable {
  return {
    exists: async (tx) => (await rowsOf(tx, sql<Row>`SELECT 1 AS there FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = ${ORDER_TABLE}`)).length > 0,
    async ensure(connection) {
      if (await connection.read((tx) => this.exists(tx))) return
      try {
        await connection.write((tx) => sql.raw(CREATE_ORDER_TABLE).execute(tx))
      } catch (error) {
        if (!(error instanceof DatabaseFault) || (error.kind !== 'no-grant' && error.kind !== 'no-database')) throw error
        throw new OsposFault(
          `The table ${ORDER_TABLE}, where the connector notes which sale is which web order, is missing, and this database user may not create it`,
          `Let the administrator run this in the POS's database, with the grants of connector/pos/ospos/grants.sql: ${CREATE_ORDER_TABLE.replace(/\s+/g, ' ')};`, error,
        )
      }
    },
  }
}

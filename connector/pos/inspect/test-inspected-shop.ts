import { sql } from 'kysely'
import type { ServerAddress } from '../test-databases.ts'
import { openConnection } from '../sql/connection.ts'
import type { ConnectionTarget } from '../sql/connection-config.ts'
import type { Connection, Row } from '../sql/ports.ts'
import { createDatabase, createTables } from '../sql/test-sql-shop.ts'

/** A shop's database, its administrator, and a database user that may do nothing yet. */
export type InspectedShop = {
  target: ConnectionTarget
  admin: Connection
  /** As in a GRANT: 'user'@'host' or "user". */
  account: string
  run(text: string): Promise<void>
  /** Everything that stands in the tables and what their next ids will be, as one text. */
  everything(): Promise<string>
  drop(): Promise<void>
}

const TABLES = ['goods', 'codes', 'shelf', 'bills', 'bill_lines'] as const

export async function openInspectedShop(dialect: 'mysql' | 'postgres', server: ServerAddress): Promise<InspectedShop> {
  const { target, drop } = await createDatabase(dialect, server)
  const admin = openConnection(target)
  await createTables(admin)
  const user = `u_${target.database}`.slice(0, 30)
  const account = dialect === 'mysql' ? `'${user}'@'%'` : user
  const run = async (text: string): Promise<void> => void await admin.write((tx) => sql.raw(text).execute(tx))
  await run(dialect === 'mysql' ? `CREATE USER ${account} IDENTIFIED BY 'a test'` : `CREATE ROLE ${account} LOGIN PASSWORD 'a test'`)
  await run("INSERT INTO goods (code, title, price, unit, tax, counted) VALUES ('TEA-1', 'Tea', 4.99, 'each', 5, 1)")
  await run('INSERT INTO shelf (goods_id, qty) VALUES (1, 10)')
  const ids = dialect === 'mysql'
    ? sql<Row>`SELECT TABLE_NAME AS name, AUTO_INCREMENT AS next FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() ORDER BY 1`
    : sql<Row>`SELECT (SELECT last_value || '/' || is_called FROM bills_id_seq) AS bills, (SELECT last_value || '/' || is_called FROM goods_id_seq) AS goods, (SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace) AS things`
  return {
    target: { ...target, user, password: 'a test' }, admin, account, run,
    everything: () => admin.read(async (tx) => {
      const rows: Row[][] = []
      for (const table of TABLES) rows.push((await sql<Row>`SELECT * FROM ${sql.table(table)} ORDER BY 1, 2`.execute(tx)).rows)
      return JSON.stringify([rows, (await ids.execute(tx)).rows])
    }),
    async drop() {
      if (dialect === 'postgres') await run(`DROP OWNED BY ${account}`)
      await run(dialect === 'mysql' ? `DROP USER ${account}` : `DROP ROLE ${account}`)
      await admin.close()
      await drop()
    },
  }
}

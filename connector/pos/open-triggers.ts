import { databaseOf } from './database-of.ts'
import { openConnection } from './sql/connection.ts'
import { createTriggers, type Triggers } from './sql/triggers.ts'
import type { PosConfig } from './pos-config.ts'

/** The triggers of a configuration's POS, for `tillbridge-connector triggers`; `null` where they are not known or not needed. `close` ends the connection. */
export function triggersFor(config: PosConfig): (Triggers & { close(): Promise<void> }) | null {
  const database = databaseOf(config)
  if (!database || database.watched.length === 0) return null
  const connection = openConnection(database.target)
  return { ...createTriggers(connection, database.watched), close: () => connection.close() }
}

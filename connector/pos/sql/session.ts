import type { QueryResult } from 'kysely'
import type { Row } from './ports.ts'

/** One connection to a database, in one language for all of them. Its errors are `DatabaseFault`s and its values text. */
export type Session = {
  run(sql: string, parameters: readonly unknown[]): Promise<QueryResult<Row>>
  /** Statements that begin a transaction. A reading sees one moment from its beginning on, and the database itself refuses that it writes. */
  begin: { read: readonly string[]; write: readonly string[] }
  /** The database behind it is another one by now. */
  isStale?(): boolean
  close(): void
}

export type OpenSession = () => Promise<Session>

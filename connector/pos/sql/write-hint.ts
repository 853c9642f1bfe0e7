import { sql, type Kysely } from 'kysely'
import type { Row } from './ports.ts'

/**
 * When InnoDB last committed to one of these tables, in whole seconds: the second that is not over yet tells nothing, for more may be committed in it. Kept in
 * memory: forgotten when the server is restarted, or has let go of a table that nobody used.
 */
export async function mysqlHint(db: Kysely<unknown>, tables: readonly string[]): Promise<string | null> {
  // By its name each table is looked up; a list of names would have the server walk through all it has.
  const each = tables.map((table) => sql`SELECT UPDATE_TIME AS at FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ${table}`)
  if (each.length === 0) return null
  const { rows } = await sql<Row>`SELECT CASE WHEN MAX(t.at) < NOW() THEN MAX(t.at) END AS hint FROM (${sql.join(each, sql` UNION ALL `)}) t`.execute(db)
  return rows[0]?.['hint'] ?? null
}

/** How many rows were written in these tables, by PostgreSQL's own statistics: told about a second after the commit, sometimes more. */
export async function postgresHint(db: Kysely<unknown>, tables: readonly string[]): Promise<string | null> {
  if (tables.length === 0) return null
  const { rows } = await sql<Row>`SELECT SUM(pg_stat_get_tuples_inserted(t.id) + pg_stat_get_tuples_updated(t.id) + pg_stat_get_tuples_deleted(t.id)) AS hint
    FROM (SELECT to_regclass(quote_ident(name)) AS id FROM unnest(${[...tables]}::text[]) AS name) t`.execute(db)
  return rows[0]?.['hint'] ?? null
}

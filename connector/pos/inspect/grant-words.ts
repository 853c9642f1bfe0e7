import { sql } from 'kysely'
import type { DatabaseFault } from '../sql/database-fault.ts'
import type { Connection, Row } from '../sql/ports.ts'

/** The GRANT that a refused statement asks for, for an administrator to run; null when the database does not say enough for one. */
export async function grantFor(connection: Connection, text: string, fault: DatabaseFault): Promise<string | null> {
  const said = fault.cause instanceof Error ? fault.cause.message : ''
  switch (connection.dialect) {
    case 'mysql': return mysqlGrant(connection, said)
    case 'postgres': return postgresGrant(connection, text, said)
    case 'sqlite': return null
  }
}

/** "INSERT command denied to user 'u'@'h' for table `shop`.`sales`", or "… for column 'qty' in table 'shelf'". */
const DENIED = /^([A-Z, ]+) command denied to user .+ for (?:column '(.+)' in table '(.+)'|table [`']?(.+?)[`']?)$/
const inTicks = (name: string): string => (/^\w+$/.test(name) ? name : `\`${name.replaceAll('`', '``')}\``)

async function mysqlGrant(connection: Connection, said: string): Promise<string | null> {
  const [, right, column, ofColumn, ofTable] = DENIED.exec(said) ?? []
  const table = (ofColumn ?? ofTable)?.split(/[`']?\.[`']?/).at(-1)
  if (right === undefined || table === undefined) return null
  const { rows: [here] } = await connection.read((tx) => sql<Row>`SELECT CURRENT_USER() AS account, DATABASE() AS place`.execute(tx))
  const account = here?.['account'] ?? ''
  const at = account.lastIndexOf('@')
  return `GRANT ${right}${column === undefined ? '' : ` (${inTicks(column)})`} ON ${inTicks(here?.['place'] ?? '')}.${inTicks(table)} TO '${account.slice(0, at)}'@'${account.slice(at + 1)}'`
}

const inQuotes = (name: string): string => (/^[a-z_][a-z0-9_]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`)

/** PostgreSQL names what it refused and not the right: that is what the statement does there, as far as this user may not do it. */
async function postgresGrant(connection: Connection, text: string, said: string): Promise<string | null> {
  const [, kind, name] = /permission denied for (table|view|sequence|schema) (.+)$/.exec(said) ?? []
  if (kind === undefined || name === undefined) return null
  const { rows: [here] } = await connection.read((tx) => sql<Row>`SELECT current_user AS account`.execute(tx))
  const to = `TO ${inQuotes(here?.['account'] ?? '')}`
  // A sequence's name comes as it is written in a statement.
  if (kind === 'sequence') return `GRANT USAGE ON SEQUENCE ${name} ${to}`
  if (kind === 'schema') return `GRANT USAGE ON SCHEMA ${inQuotes(name)} ${to}`
  const table = String.raw`(?:ONLY\s+)?(?:"?\w+"?\s*\.\s*)?"?${name.replaceAll(/\W/g, '.')}"?(?!\w)`
  const does = (what: string): boolean => new RegExp(what + table, 'i').test(text)
  const rights = [
    ...(does(String.raw`\bINSERT\s+INTO\s+`) ? ['INSERT'] : []),
    ...(does(String.raw`\bUPDATE\s+`) || /\b(?:FOR\s+(?:NO\s+KEY\s+)?(?:UPDATE|SHARE)|DO\s+UPDATE)\b/i.test(text) ? ['UPDATE'] : []),
    ...(does(String.raw`\bDELETE\s+FROM\s+`) ? ['DELETE'] : []),
    ...(does(String.raw`\b(?:FROM|JOIN)\s+`) || /\bRETURNING\b|\bWHERE\b/i.test(text) ? ['SELECT'] : []),
  ]
  const full = await asWritten(connection, text, name)
  const lacking = await connection.read((tx) => sql<Row>`SELECT r AS lacks FROM unnest(${rights}::text[]) r WHERE NOT coalesce(has_table_privilege(to_regclass(${full}), r), false)`.execute(tx))
  const wanted = rights.filter((right) => lacking.rows.some((row) => row['lacks'] === right))
  return wanted.length === 0 ? null : `GRANT ${wanted.join(', ')} ON ${full} ${to}`
}

/** PostgreSQL refuses a table by its bare name. Where the statement names its schema, the GRANT must. */
async function asWritten(connection: Connection, text: string, name: string): Promise<string> {
  const schema = new RegExp(String.raw`"?(\w+)"?\s*\.\s*"?${name.replaceAll(/\W/g, '.')}"?(?!\w)`, 'i').exec(text)?.[1]
  if (schema === undefined) return inQuotes(name)
  const full = `${inQuotes(schema)}.${inQuotes(name)}`
  const { rows: [found] } = await connection.read((tx) => sql<Row>`SELECT to_regclass(${full}) IS NOT NULL AS there`.execute(tx))
  return found?.['there'] === 't' ? full : inQuotes(name)
}

import { sql } from 'kysely'
import type { DatabaseFault } from '../sql/database-fault.ts'
import type { Connection, Row } from '../sql/ports.ts'
import type { KnownPos, OwnTable, WantedStatement, WantedStatements } from '../wanted-statement.ts'
import { ask, reasonOf } from './ask.ts'
import { grantFor } from './grant-words.ts'
import { bad, good, type Inspection } from './inspection.ts'

/** Of a list of places in one sentence. */
const NAMED_MAX = 5
const WHAT_IS_NEEDED = '"tillbridge-connector docs store-it", "What the database user may do", lists what a connector needs'

/** Whether the database would run each statement for this user. A finding for each that it would not, under its place; one for all that are in order. */
export async function lookAtStatements(connection: Connection, { statements, ownTable, known }: WantedStatements): Promise<Inspection[]> {
  const strange = known && await lookAtTables(connection, known)
  if (strange) return [strange]
  const isMissing = ownTable !== null && !await exists(connection, ownTable.name)
  const found: Inspection[] = isMissing ? await lookAtCreating(connection, ownTable) : []
  const unknown: string[] = []
  for (const wanted of statements) {
    const answer = await ask(connection, wanted.text)
    if (answer === 'unknown') unknown.push(wanted.place)
    else if (answer !== 'yes') {
      // What the connector's own table will be asked is looked at when it is there.
      if (isMissing && answer.kind === 'no-table' && wanted.text.includes(ownTable.name)) continue
      found.push({ name: wanted.place, ...bad(reasonOf(answer), await fixFor(connection, wanted, answer)) })
    } else found.push(...await lookAtAnswer(connection, wanted))
  }
  if (found.length > 0) return found
  const left = unknown.length === 0 ? '' : `; ${unknown.slice(0, NAMED_MAX).join(', ')} cannot be asked about without running ${unknown.length === 1 ? 'it' : 'them'}`
  return [{ name: 'statements', ...good(`${statements.length - unknown.length} that the connector runs are understood, and this user may run them${left}`) }]
}

/** Of a database that is not the POS's, and of a user without any right, every statement would be refused: that is one thing to mend. */
async function lookAtTables(connection: Connection, { pos, tables, place, grants }: KnownPos): Promise<Inspection | null> {
  for (const table of tables) if (await exists(connection, table)) return null
  const seen = { mysql: sql<Row>`SELECT TABLE_NAME AS name FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() ORDER BY 1 LIMIT 5`, postgres: sql<Row>`SELECT table_name AS name FROM information_schema.tables WHERE table_schema = current_schema() ORDER BY 1 LIMIT 5`, sqlite: sql<Row>`SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY 1 LIMIT 5` }[connection.dialect]
  const names = (await connection.read((tx) => seen.execute(tx))).rows.map(({ name }) => name)
  return { name: 'tables', ...bad(
    `this database does not look like ${pos}: no table ${tables.slice(0, NAMED_MAX).join(', ')} or any other of its own; ${names.length === 0 ? 'this user sees no table in it at all' : `this user sees ${names.join(', ')}`}`,
    `Look at ${place}. If they are right, this user has no rights yet: let an administrator run what "tillbridge-connector docs ${grants}" prints`,
  ) }
}

async function exists({ dialect, read }: Connection, table: string): Promise<boolean> {
  const query = {
    mysql: sql<Row>`SELECT 1 AS there FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ${table}`,
    postgres: sql<Row>`SELECT 1 AS there WHERE to_regclass(${table}) IS NOT NULL`,
    sqlite: sql<Row>`SELECT 1 AS there FROM sqlite_schema WHERE name = ${table}`,
  }[dialect]
  return (await read((tx) => query.execute(tx))).rows.length > 0
}

async function lookAtCreating(connection: Connection, { name, create }: OwnTable): Promise<Inspection[]> {
  const byHand = `Let an administrator run, in the POS's database: ${create.replaceAll(/\s+/g, ' ')}`
  const place = `CREATE of ${name}`
  if (connection.dialect === 'postgres') {
    const { rows: [may] } = await connection.read((tx) => sql<Row>`SELECT has_schema_privilege(current_schema(), 'CREATE') AS may, current_schema() AS schema, current_user AS account`.execute(tx))
    return may?.['may'] === 't' ? [] : [{ name: place, ...bad(`the connector's own table is not there, and ${may?.['account']} may not make it in the schema ${may?.['schema']}`, `${byHand}; GRANT SELECT, INSERT, UPDATE ON ${name} TO "${may?.['account']}"`) }]
  }
  const answer = await ask(connection, create)
  if (answer === 'yes' || answer === 'unknown') return []
  const grant = await grantFor(connection, create, answer)
  return [{ name: place, ...bad(`the connector's own table is not there, and cannot be made: ${reasonOf(answer)}`, grant === null ? byHand : `Let an administrator run: ${grant}; the connector then makes it`) }]
}

/** The columns of a statement that is in order by itself. */
async function lookAtAnswer(connection: Connection, { place, text, answer, givesId }: WantedStatement): Promise<Inspection[]> {
  if (givesId && connection.dialect === 'postgres' && !/\bRETURNING\b|^\s*(?:SELECT|VALUES)\b/i.test(text)) {
    return [{ name: place, ...bad('it gives no id: PostgreSQL tells that of a new row only where the statement asks for it', 'End it with RETURNING and the column of the id') }]
  }
  if (!answer) return []
  const quote = connection.dialect === 'mysql' ? '`' : '"'
  const from = (columns: readonly string[]): string => `SELECT ${columns.map((column) => `t.${quote}${column}${quote}`).join(', ')} FROM (${text.trim().replace(/;$/, '')}\n) t`
  const asTable = await ask(connection, from(answer.columns))
  if (typeof asTable === 'string') return []
  if (answer.asTable) return [{ name: asTable.kind === 'no-column' ? answer.place ?? place : place, ...bad(reasonOf(asTable), `Name the columns as ${place} gives them: in the database's own client it shows which there are`) }]
  // A statement that is no table for its names may still be right by itself.
  const missing: string[] = []
  for (const column of answer.columns) {
    const tries = await Promise.all([column, column.toLowerCase()].map((name) => ask(connection, from([name]))))
    if (tries.every((tried) => typeof tried !== 'string' && tried.kind === 'no-column')) missing.push(column)
  }
  return missing.length === 0 ? [] : [{ name: place, ...bad(`its rows have no column ${missing.join(', ')}`, `Name it in the statement: … AS ${quote}${missing[0]}${quote}`) }]
}

async function fixFor(connection: Connection, { place, text, columns }: WantedStatement, fault: DatabaseFault): Promise<string> {
  switch (fault.kind) {
    case 'no-grant': {
      const missing = await grantsFor(connection, text, fault)
      // No more than the GRANT script has. PostgreSQL locks rows and tables only for whoever may change all of their columns.
      const grants = connection.dialect === 'mysql' && columns ? missing.map((grant) => grant.replace(/^GRANT (SELECT|UPDATE)(?: \(.+?\))? ON /, `GRANT $1 (${columns.join(', ')}) ON `)) : missing
      // MySQL tells whoever may see nothing of a table the same of one that does not exist.
      const whenNamed = connection.dialect === 'mysql' ? 'If the name is right, let' : 'Let'
      return `${whenNamed} an administrator ${grants.length === 0 ? 'grant it' : `run: ${grants.join('; ')}`}; ${WHAT_IS_NEEDED}`
    }
    case 'no-table': return place.startsWith('pos.') ? `Mend the name in ${place}, or pos.connection if this is not the POS's database` : 'Look whether pos.connection names the POS\'s database, and whether the POS is of a version that this connector knows'
    case 'no-column': return place.startsWith('pos.') ? `Mend the name in ${place}` : 'The POS is of a version that this connector does not know: report it with this line'
    default: return `Try the statement of ${place} in the database's own client`
  }
}

const NAME = String.raw`(?:[\w$]+|`+'`[^`]+`'+String.raw`|"[^"]+")`
/** What is read from; a list with commas is asked about by its first. */
const READ_FROM = new RegExp(String.raw`\b(?:FROM|JOIN)\s+(${NAME}(?:\s*\.\s*${NAME})?)`, 'gi')
/** Words that say FROM of no table, and a name that the statement itself gives. */
const NO_TABLES = /\b(?:EXTRACT|TRIM|SUBSTRING|OVERLAY)\s*\([^()]*\)/gi
const OWN_NAMES = /\b(\w+)(?:\s*\([^()]*\))?\s+AS\s*(?:NOT\s+MATERIALIZED\s*|MATERIALIZED\s*)?\(/gi

/** A database tells the first right that is missing, and whoever grants it would meet the next one: so each table of the statement is asked about. */
async function grantsFor(connection: Connection, text: string, fault: DatabaseFault): Promise<string[]> {
  const first = await grantFor(connection, text, fault)
  if (first === null) return []
  const grants = new Map([[thingOf(first), first]])
  const own = new Set([...text.matchAll(OWN_NAMES)].map(([, name = '']) => name.toLowerCase()))
  for (const [, table = ''] of text.replaceAll(NO_TABLES, '').matchAll(READ_FROM)) {
    if (own.has(table.toLowerCase())) continue
    const reading = `SELECT 1 FROM ${table} WHERE 1 = 0`
    const answer = await ask(connection, reading)
    if (typeof answer === 'string' || answer.kind !== 'no-grant') continue
    const grant = await grantFor(connection, reading, answer)
    if (grant !== null && !grants.has(thingOf(grant))) grants.set(thingOf(grant), grant)
  }
  return [...grants.values()]
}

const thingOf = (grant: string): string => grant.slice(grant.indexOf(' ON '))

/**
 * A statement that the connector runs in a POS's database, for `doctor` to ask the database whether it would run it for this user.
 * By that it is never run.
 */
export type WantedStatement = {
  /** Where a person finds it: its place in the configuration, or the right that it stands for. */
  place: string
  text: string
  /** Columns that its rows must have. */
  answer?: {
    columns: readonly string[]
    /** Where their names stand, when not in the statement. */
    place?: string
    /** The connector puts the statement into one of its own and names the columns exactly. Else any way of writing them will do. */
    asTable: boolean
  }
  /** Its row's id is a parameter of the statements after it. */
  givesId?: boolean
  /** Of a right that is wanted for these columns alone. */
  columns?: readonly string[]
}

/** The connector's own table in that database: until the first order nobody misses it, if it can be made. */
export type OwnTable = { name: string; create: string }

/** By which tables a POS that the connector knows is recognised, and which page of `docs` has its GRANT script. */
export type KnownPos = { pos: string; tables: readonly string[]; place: string; grants: string }

export type WantedStatements = { statements: readonly WantedStatement[]; ownTable: OwnTable | null; known?: KnownPos }

/** What a database user needs on one table, as a GRANT script has it: `all`, or these columns. */
export type TableRight = { table: string; select?: 'all' | readonly string[]; insert?: readonly string[]; update?: readonly string[] }

/** A right as the statement that needs it, and touches no row. */
export function statementsOf({ table, select, insert, update }: TableRight): WantedStatement[] {
  return [
    ...(select ? [{ place: `SELECT on ${table}`, text: `SELECT ${select === 'all' ? '*' : select.join(', ')} FROM ${table} WHERE 1 = 0`, ...(select === 'all' ? {} : { columns: select }) }] : []),
    ...(insert ? [{ place: `INSERT on ${table}`, text: `INSERT INTO ${table} (${insert.join(', ')}) VALUES (${insert.map(() => 'NULL').join(', ')})` }] : []),
    ...(update ? [{ place: `UPDATE on ${table}`, text: `UPDATE ${table} SET ${update.map((column) => `${column} = NULL`).join(', ')} WHERE 1 = 0`, columns: update }] : []),
  ]
}

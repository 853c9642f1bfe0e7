import type { DatabaseSync, SQLInputValue } from 'node:sqlite'

/** How a statement meets trouble: not done, or done and its answer lost. The caller cannot tell them apart. */
export type D1Trouble = 'before' | 'after' | null

type Statement = { sql: string; values: SQLInputValue[] }

/**
 * Cloudflare's D1 as the Worker's own SQL sees it, over SQLite in memory: the statements are the real ones. `pass` is called
 * before each call and may hold it up or fail it, before or after its effect.
 */
export function d1Over(sqlite: DatabaseSync, pass: (what: string) => Promise<D1Trouble>): D1Database {
  const all = ({ sql, values }: Statement) => {
    const prepared = sqlite.prepare(sql)
    const rows = prepared.all(...values)
    return { success: true, results: rows, meta: { changes: 0, rows_written: 0, rows_read: 0 } }
  }
  const raw = ({ sql, values }: Statement): unknown[][] => {
    const prepared = sqlite.prepare(sql)
    prepared.setReturnArrays(true)
    return prepared.all(...values) as unknown as unknown[][]
  }
  const call = async <T>(what: string, work: () => T): Promise<T> => {
    const trouble = await pass(what)
    if (trouble === 'before') throw new Error('D1_ERROR: the statement did not arrive')
    const answer = work()
    if (trouble === 'after') throw new Error('D1_ERROR: the answer was lost')
    return answer
  }
  const prepared = (statement: Statement) => ({
    statement,
    // D1 numbers its parameters (?1) or takes them in order; node:sqlite takes both in order.
    bind: (...values: SQLInputValue[]) => prepared({ ...statement, values: values.map((value) => (typeof value === 'boolean' ? Number(value) : value)) }),
    all: () => call(statement.sql, () => all(statement)),
    run: () => call(statement.sql, () => all(statement)),
    raw: () => call(statement.sql, () => raw(statement)),
    first: async () => (await call(statement.sql, () => all(statement))).results[0] ?? null,
  })
  const database = {
    prepare: (sql: string) => prepared({ sql, values: [] }),
    batch: (statements: { statement: Statement }[]) => call(`batch of ${statements.length}`, () => {
      sqlite.exec('BEGIN')
      try {
        const answers = statements.map(({ statement }) => all(statement))
        sqlite.exec('COMMIT')
        return answers
      } catch (error) {
        sqlite.exec('ROLLBACK')
        throw error
      }
    }),
  }
  return database as unknown as D1Database
}

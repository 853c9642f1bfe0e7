import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite'

/** How a call meets trouble: not done, done and its answer lost, or done later, after the caller was told of a fault. The caller cannot tell them apart. */
export type D1Trouble = 'before' | 'after' | { later(work: () => void): void } | null

type Statement = { sql: string; values: SQLInputValue[] }

/**
 * Cloudflare's D1 as the Worker's own SQL sees it, over SQLite in memory: the statements are the real ones. Each caller says
 * with `pass` how its calls are held up, and whether they fail, before or after their effect.
 */
export function openD1(sqlite: DatabaseSync): (pass: (what: string) => Promise<D1Trouble>) => D1Database {
  const cache = new Map<string, StatementSync>()
  const cached = (sql: string, asArrays: boolean): StatementSync => {
    const key = `${asArrays} ${sql}`
    const known = cache.get(key)
    if (known) return known
    const prepared = sqlite.prepare(sql)
    prepared.setReturnArrays(asArrays)
    cache.set(key, prepared)
    return prepared
  }
  const all = ({ sql, values }: Statement) => ({ success: true, results: cached(sql, false).all(...values), meta: { changes: 0, rows_written: 0, rows_read: 0 } })
  const raw = ({ sql, values }: Statement): unknown[][] => cached(sql, true).all(...values) as unknown as unknown[][]
  const together = (statements: Statement[]) => {
    sqlite.exec('BEGIN')
    try {
      const answers = statements.map(all)
      sqlite.exec('COMMIT')
      return answers
    } catch (error) {
      sqlite.exec('ROLLBACK')
      throw error
    }
  }

  return (pass) => {
    const call = async <T>(what: string, work: () => T): Promise<T> => {
      const trouble = await pass(what)
      if (trouble === 'before') throw new Error('D1_ERROR: the statement did not arrive')
      if (trouble !== null && typeof trouble === 'object') {
        trouble.later(work)
        throw new Error('D1_ERROR: the statement takes too long')
      }
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
      batch: (statements: { statement: Statement }[]) => call(`batch of ${statements.length}`, () => together(statements.map(({ statement }) => statement))),
    }
    return database as unknown as D1Database
  }
}

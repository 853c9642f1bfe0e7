import mysql from 'mysql2/promise'
import pg from 'pg'
import type { DatabaseServer } from '../../connector/pos/test-databases.ts'

export type Row = Record<string, string | null>
/** One statement on a connection of its own, so that a server that was killed meanwhile is met anew. Values come as text. */
export type Ask = (sql: string, values?: readonly (string | number)[]) => Promise<Row[]>

const asText = (value: unknown): string | null => (value === null || value === undefined ? null : typeof value === 'string' ? value : JSON.stringify(value))
const textRow = (row: object): Row => Object.fromEntries(Object.entries(row).map(([name, value]) => [name, asText(value)]))

/** `database` left out: the server itself. */
export const askMariaDb = ({ host, port, user, password }: DatabaseServer, database?: string): Ask => async (sql, values = []) => {
  const connection = await mysql.createConnection({ host, port, user, password, dateStrings: true, ...(database ? { database } : {}) })
  try {
    const [rows] = await connection.query({ sql, values: [...values] })
    return Array.isArray(rows) ? rows.map(textRow) : []
  } finally {
    connection.destroy()
  }
}

export const askPostgres = ({ host, port, user, password }: DatabaseServer, database = 'postgres'): Ask => async (sql, values = []) => {
  const client = new pg.Client({ host, port, user, password, database })
  await client.connect()
  try {
    const { rows } = await client.query<object>(sql, [...values])
    return rows.map(textRow)
  } finally {
    await client.end()
  }
}

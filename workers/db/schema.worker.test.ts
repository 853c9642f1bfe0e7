import { env } from 'cloudflare:workers'
import { getTableConfig } from 'drizzle-orm/sqlite-core'
import type { SQLiteTable } from 'drizzle-orm/sqlite-core'
import { expect, it } from 'vitest'
import * as schema from './schema.ts'

const tables: SQLiteTable[] = Object.values(schema)

it.each(tables.map((table) => [getTableConfig(table).name, table] as const))('%s is in D1 as the schema says', async (name, table) => {
  const { results } = await env.DB.prepare(`SELECT name, type, "notnull" FROM pragma_table_info('${name}') ORDER BY name`).all<{ name: string; type: string; notnull: number }>()
  const said = getTableConfig(table).columns.map((column) => ({ name: column.name, type: column.getSQLType().toUpperCase() }))
  expect(results.map(({ name: column, type }) => ({ name: column, type }))).toEqual(said.sort((a, b) => (a.name < b.name ? -1 : 1)))
})

it('has a schema for every table of the migrations', async () => {
  const { results } = await env.DB.prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_%' ESCAPE '\\' AND name NOT LIKE 'sqlite%' AND name <> 'd1_migrations' ORDER BY name").all<{ name: string }>()
  expect(results.map((row) => row.name)).toEqual(tables.map((table) => getTableConfig(table).name).sort())
})

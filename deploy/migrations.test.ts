import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, it } from 'vitest'

const FOLDER = path.resolve(import.meta.dirname, '../migrations')
const migrations = readdirSync(FOLDER).filter((name) => name.endsWith('.sql')).toSorted().map((name) => ({ name, sql: readFileSync(path.join(FOLDER, name), 'utf8') }))

/** While a deployment goes on, and after a rollback, the version before runs on the new tables. What takes something from it says since which release nothing needs it any more. */
const TAKES_AWAY = /\b(DROP\s+(TABLE|COLUMN|VIEW)|RENAME\b)/i
const SAYS_SINCE_WHEN = /^-- contract: nothing has needed this since \d+\.\d+\.\d+/m
const statementsOf = (sql: string): string => sql.replaceAll(/--.*$/gm, '')

type Column = { name: string; type: string; notnull: number; dflt_value: string | null; pk: number }
function tablesAfter(count: number): { database: DatabaseSync; tables: Map<string, Column[]> } {
  const database = new DatabaseSync(':memory:')
  for (const { sql } of migrations.slice(0, count)) database.exec(sql)
  const names = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'").all().map(({ name }) => String(name))
  return { database, tables: new Map(names.map((name) => [name, database.prepare(`PRAGMA table_info("${name}")`).all() as unknown as Column[]])) }
}

/** A row as a version that knows these columns writes it: what has a default is left out once, and given once. */
function insert(database: DatabaseSync, table: string, columns: readonly Column[], isWhole: boolean): void {
  const given = columns.filter(({ notnull, dflt_value, pk }) => isWhole || pk > 0 || (notnull === 1 && dflt_value === null))
  const values = given.map(({ type }) => (type === 'INTEGER' ? 1 : '"text"'))
  database.exec(`PRAGMA foreign_keys = OFF; DELETE FROM "${table}"`)
  database.prepare(`INSERT INTO "${table}" (${given.map(({ name }) => `"${name}"`).join(', ')}) VALUES (${given.map(() => '?').join(', ')})`).run(...values)
}

describe('a migration', () => {
  it.each(migrations)('$name takes nothing away, or says since when nothing needs it', ({ sql }) => {
    expect(!TAKES_AWAY.test(statementsOf(sql)) || SAYS_SINCE_WHEN.test(sql)).toBe(true)
  })

  it('that drops or renames is seen', () => {
    for (const sql of ['ALTER TABLE a DROP COLUMN b', 'drop table a', 'ALTER TABLE a RENAME TO b', 'ALTER TABLE a RENAME COLUMN b TO c']) expect(TAKES_AWAY.test(statementsOf(sql))).toBe(true)
    expect(SAYS_SINCE_WHEN.test('-- contract: nothing has needed this since 0.3.0\nDROP TABLE a')).toBe(true)
  })
})

describe('the version that was made for the tables', () => {
  it.each(migrations.map(({ name }, index) => ({ name, level: index + 1 })).slice(0, -1))('after $name still writes and reads them as they are now', ({ level }) => {
    const { tables: known } = tablesAfter(level)
    const { database, tables: now } = tablesAfter(migrations.length)
    for (const [table, columns] of known) {
      expect(now.has(table), `${table} is gone`).toBe(true)
      for (const isWhole of [false, true]) insert(database, table, columns, isWhole)
      expect(database.prepare(`SELECT ${columns.map(({ name }) => `"${name}"`).join(', ')} FROM "${table}"`).all()).toHaveLength(1)
    }
  })
})

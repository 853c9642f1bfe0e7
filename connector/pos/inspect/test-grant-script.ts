import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TableRight } from '../wanted-statement.ts'

/** The statements of a preset's GRANT script. */
export function grantScript(name: 'ospos/grants.sql' | 'unicenta/grants-mysql.sql' | 'unicenta/grants-postgres.sql'): string[] {
  const text = readFileSync(join(import.meta.dirname, '..', name), 'utf8')
  return text.split('\n').filter((line) => !line.startsWith('--')).join('\n').split(';').map((statement) => statement.trim()).filter(Boolean)
}

/** Its rights, one text for each table and right: "SELECT (id, name) people", "INSERT receipts", "USAGE SEQUENCE ticketsnum". */
export function rightsIn(script: readonly string[]): string[] {
  return script.flatMap((statement) => {
    const [, rights, kind = '', tables] = /^GRANT (.+?) ON (SEQUENCE |DATABASE |SCHEMA )?(.+?) TO /s.exec(statement) ?? []
    if (rights === undefined || tables === undefined || kind === 'DATABASE ' || kind === 'SCHEMA ') return []
    const each = rights.match(/\w+(?: \([^)]*\))?/g) ?? []
    return tables.split(',').flatMap((table) => each.map((right) => `${right} ${kind}${table.trim().replaceAll('`', '').replace('DATABASE.', '')}`))
  }).sort()
}

/** A preset's own list in the same words. All columns of a new row are INSERT on its table. */
export function rightsOf(list: readonly TableRight[]): string[] {
  return list.flatMap(({ table, select, insert, update }) => [
    ...(select ? [select === 'all' ? `SELECT ${table}` : `SELECT (${select.join(', ')}) ${table}`] : []),
    ...(insert ? [`INSERT ${table}`] : []),
    ...(update ? [`UPDATE (${update.join(', ')}) ${table}`] : []),
  ]).sort()
}

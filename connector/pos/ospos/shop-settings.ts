import { sql, type RawBuilder } from 'kysely'
import { Currency, type Unit } from '../../../contract/values.ts'
import type { Row, Tx } from '../sql/ports.ts'
import { decimalsOf } from '../sql/decimal.ts'
import { isTimeZone } from '../sql/wall-clock.ts'
import type { OsposConfig } from './ospos-config.ts'
import { OsposFault } from './ospos-fault.ts'

/** How the shop is set in the POS, with what the configuration says instead. Read in each transaction: a manager may change it at any time. */
export type Settings = {
  locationId: number
  currency: string
  /** Of the smallest unit; sums are rounded to it. */
  decimals: number
  taxIncluded: boolean
  timeZone: string
}

export type Tables = (name: string) => RawBuilder<unknown>
export const tablesOf = ({ prefix }: Pick<OsposConfig, 'prefix'>): Tables => (name) => sql.table(`${prefix}${name}`)

export const rowsOf = async (tx: Tx, query: RawBuilder<Row>): Promise<Row[]> => (await query.execute(tx)).rows

/** A column that the tables never leave empty. */
export function text(row: Row, column: string): string {
  const value = row[column]
  if (value === null || value === undefined) throw new TypeError(`a row of the POS without ${column}`)
  return value
}

/** A list for `IN (…)`, which may not be empty in SQL: no key is 0. */
export const list = (values: readonly (number | string)[]): RawBuilder<unknown> => sql.join(values.length > 0 ? values : [0])

/**
 * From here on a TIMESTAMP of this session reads and writes as the till's own does: the wall clock it wrote, since the till lets the server
 * choose the zone. For every transaction that looks at a date.
 */
export const useTillClock = async (tx: Tx): Promise<void> => void await sql`SET time_zone = @@global.time_zone`.execute(tx)

const KEYS = ['currency_code', 'tax_included', 'timezone', 'use_destination_based_tax']

export async function readSettings(tx: Tx, config: OsposConfig): Promise<Settings> {
  const table = tablesOf(config)
  const rows = await rowsOf(tx, sql<Row>`SELECT ${sql.ref('key')} AS name, value FROM ${table('app_config')} WHERE ${sql.ref('key')} IN (${sql.join(KEYS)})`)
  const set = new Map(rows.map((row) => [text(row, 'name'), (row['value'] ?? '').trim()]))
  const on = (key: string): boolean => !['', '0'].includes(set.get(key) ?? '')
  if (on('use_destination_based_tax')) {
    throw new OsposFault('This POS works out tax by destination, so an item has no tax rate of its own', 'Switch off "Use destination based tax" in its tax configuration, or connect it with type: sql')
  }
  const currency = config.currency ?? set.get('currency_code') ?? ''
  if (!Currency.safeParse(currency).success) {
    throw new OsposFault('The POS does not say which currency its prices are in', 'Set the currency code in its configuration (Locale), or pos.currency in this connector\'s')
  }
  const timeZone = config.timeZone ?? set.get('timezone') ?? ''
  if (!isTimeZone(timeZone)) {
    throw new OsposFault('The POS does not say which time zone its clock is in', 'Set the time zone in its configuration (Locale), or pos.timeZone in this connector\'s')
  }
  return { locationId: await findLocation(tx, table, config.location), currency, decimals: decimalsOf(currency), taxIncluded: on('tax_included'), timeZone }
}

async function findLocation(tx: Tx, table: Tables, wanted: OsposConfig['location']): Promise<number> {
  const rows = await rowsOf(tx, sql<Row>`SELECT location_id AS id, location_name AS name FROM ${table('stock_locations')} WHERE deleted = 0 ORDER BY location_id`)
  const places = rows.map((row) => ({ id: Number(row['id']), name: row['name'] ?? '' }))
  const offered = `The POS has: ${places.map(({ id, name }) => `${id} (${name})`).join(', ') || 'none'}`
  const matching = wanted === undefined ? places : places.filter(({ id, name }) => id === wanted || String(id) === wanted || name === wanted)
  const [only] = matching
  if (only === undefined) throw new OsposFault(wanted === undefined ? 'The POS has no stock location' : `The POS has no stock location ${wanted}`, `Set pos.location to the id or name of one. ${offered}`)
  if (matching.length > 1) throw new OsposFault(wanted === undefined ? 'The POS has several stock locations' : `Several stock locations are called ${wanted}`, `Set pos.location to the id of this store's. ${offered}`)
  return only.id
}

/** What an item's quantity in the POS counts. */
export function unitOf(config: Pick<OsposConfig, 'measured'>, sku: string, category: string | null): Unit {
  for (const unit of ['g', 'ml', 'mm'] as const) {
    const which = config.measured[unit]
    if (which?.skus.includes(sku) || (category !== null && which?.categories.includes(category))) return unit
  }
  return 'each'
}

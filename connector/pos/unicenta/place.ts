import { sql } from 'kysely'
import type { Row, Tx } from '../sql/ports.ts'
import type { UnicentaConfig } from './unicenta-config.ts'

/** Something in the till's own settings that only a person can decide. */
export class UnicentaFault extends Error {
  override name = 'UnicentaFault'
  readonly hint: string

  constructor(message: string, hint: string) {
    super(`${message}. ${hint}`)
    this.hint = hint
  }
}

/** The id of the location that this connector serves. Read once: a location keeps its id. */
export type Place = (tx: Tx) => Promise<string>

export function createPlace({ location }: Pick<UnicentaConfig, 'location'>): Place {
  let known: string | null = null
  return async (tx) => {
    if (known !== null) return known
    const { rows } = await sql<Row>`SELECT id, name FROM locations ORDER BY name, id`.execute(tx)
    known = chooseLocation(rows.map((row) => ({ id: row['id'] ?? '', name: row['name'] ?? '' })), location)
    return known
  }
}

/** By id, by name, or the only one there is. */
export function chooseLocation(locations: readonly { id: string; name: string }[], wanted: string | undefined): string {
  const list = locations.map(({ id, name }) => `"${name}" (id ${id})`).join(', ')
  if (wanted === undefined) {
    const [only, second] = locations
    if (only && !second) return only.id
    throw new UnicentaFault(`The till has ${locations.length} stock locations${list && `: ${list}`}`, 'Set pos.location to the one whose stock this store sells')
  }
  const found = locations.find(({ id }) => id === wanted) ?? locations.find(({ name }) => name.toLowerCase() === wanted.toLowerCase())
  if (!found) throw new UnicentaFault(`The till has no stock location "${wanted}"; it has ${list || 'none'}`, 'Set pos.location to the name or id of one of them')
  return found.id
}

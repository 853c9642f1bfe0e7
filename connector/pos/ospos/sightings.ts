/**
 * Which rows of a table with rising ids were seen. Transactions commit out of the order of their ids, so the highest id says nothing of those
 * below it: the ids that were missing are kept, and looked for again, until they are too far behind for any transaction to be still open.
 * Most gaps stay gaps: a till that rolls back uses an id up.
 */
export type Sightings = { high: number; gaps: number[] }

/** `found` in rising order, all rows above `high` or among the gaps, unless the reading was cut: then what comes after its last is not judged yet. */
export function advance(seen: Sightings, found: readonly number[], window: number): Sightings {
  const high = Math.max(seen.high, found.at(-1) ?? 0)
  const known = new Set(found)
  const gaps = seen.gaps.filter((id) => id > high - window && !known.has(id))
  for (let id = Math.max(seen.high + 1, high - window + 1); id < high; id += 1) if (!known.has(id)) gaps.push(id)
  return { high, gaps }
}

/** A table whose highest rows are gone, or that came back from a backup, gives those ids again. */
export function noHigherThan(seen: Sightings, highest: number): Sightings {
  return highest >= seen.high ? seen : { high: highest, gaps: seen.gaps.filter((id) => id < highest) }
}

/** Three streams: sales, the stock log, and the connector's own orders. `fresh`: what stood open when it began is not known yet. */
export type OsposCursor = { sales: Sightings; log: Sightings; orders: Sightings; fresh?: true }

export const writeCursor = (cursor: OsposCursor): string => JSON.stringify(cursor)

export function parseCursor(text: string | null): OsposCursor | null {
  if (text === null) return null
  try {
    const value: unknown = JSON.parse(text)
    return isCursor(value) ? value : null
  } catch {
    return null
  }
}

const isCursor = (value: unknown): value is OsposCursor =>
  typeof value === 'object' && value !== null && ['sales', 'log', 'orders'].every((stream) => isSightings(Reflect.get(value, stream)))
const isSightings = (value: unknown): value is Sightings =>
  typeof value === 'object' && value !== null && 'high' in value && Number.isSafeInteger(value.high) && 'gaps' in value && Array.isArray(value.gaps) && value.gaps.every(Number.isSafeInteger)

/** What the server has done since it was started, by its own count. */
export type ServerWork = { queries: number; rowsRead: number; bytesSent: number }

export type Change = { levels: Map<string, number>; committedAt: number }

/** A till's database with a catalogue in it, on a server of its own or in a file. */
export type BenchShop = {
  /** What a person calls it. */
  name: string
  pos: Record<string, unknown>
  /** Null: there is no server, the connector itself is the database. */
  serverPid: number | null
  /** Changes the quantity of `count` items spread over all of them in one transaction; answers the new levels by SKU, and when it had committed. */
  burst(count: number): Promise<Change>
  /** One sale: the commonest change there is. Null where the bench rings none up. */
  sell: (() => Promise<Change>) | null
  /** Null: nobody counts. */
  work: (() => Promise<ServerWork>) | null
  /** A program that opens the database and asks it nothing of use (`floor.ts`); null where there is no server to ask. */
  floor: { dialect: 'mysql' | 'postgres'; host: string; port: number; user: string; password: string; database: string } | null
  close(): Promise<void>
}

export type ShopKind = 'ospos' | 'unicenta' | 'sqlite'

/** How a till's catalogue looks: names and descriptions of a few words. */
const WORDS = ['Walnut', 'Glass', 'Linen', 'Copper', 'Oak', 'Stone', 'Paper', 'Cotton']
export function wordsOf(id: number): { name: string; description: string; barcode: string; price: string; stock: number } {
  const [one = '', two = ''] = [WORDS[id % 8], WORDS[(id >> 3) % 8]]
  return {
    name: `${one} and ${two} piece no. ${id}`, description: `Made of ${one} and ${two}, packed by the dozen, from lot ${id % 977}.`,
    barcode: String(2_000_000_000_000 + id), price: (1 + (id % 9_000) / 100).toFixed(2), stock: 10 + (id % 90),
  }
}

/** Ids spread evenly over `items`. */
export function spread(count: number, items: number): number[] {
  const stride = Math.max(1, Math.floor(items / count))
  return Array.from({ length: count }, (_, n) => 1 + n * stride)
}

const ROWS_AT_ONCE = 1_000
/** Ids from 1 to `items`, so many at once. */
export function* batches(items: number): Iterable<number[]> {
  for (let first = 1; first <= items; first += ROWS_AT_ONCE) yield Array.from({ length: Math.min(ROWS_AT_ONCE, items - first + 1) }, (_, n) => first + n)
}

import type { StateRow } from '../../contract/connect.ts'
import type { DriftedSku } from '../../contract/feed.ts'
import { DriftCause } from '../../contract/feed.ts'
import { integer, integerOrNull, isDiskFault, openDatabase, text, textOrNull, type Row } from '../journal/database.ts'
import type { EdgeRow } from './difference.ts'

/**
 * What the edge has, and what was found to differ, for as long as one comparison takes. It stands in a temporary file and not in memory: of a
 * hundred thousand SKUs that would be forty megabytes, beside a till. SQLite takes the file away with the process, however that ends; a comparison
 * that is begun again reads the edge anew, so nothing of it is worth keeping.
 */
export type EdgeState = {
  /** An item and its level may come in two rows. */
  put(rows: readonly StateRow[]): void
  /** How many SKUs there are. */
  count(): number
  of(skus: readonly string[]): Map<string, EdgeRow>
  /** The POS has these. */
  see(skus: readonly string[]): void
  /** What the POS was not seen to have, in order of its SKUs, after `afterSku`. */
  unseen(afterSku: string | null, limit: number): Map<string, EdgeRow>
  /** An item and its level are one SKU; the level says more. */
  note(drifted: readonly DriftedSku[]): void
  /** Each SKU once, in the order they were found. */
  drifted(): Iterable<DriftedSku>
  close(): void
}

/** The temporary file cannot grow: nothing was lost, and the comparison begins again later. */
export class NoRoomToCompare extends Error {
  override name = 'NoRoomToCompare'
  readonly hint = 'free some 30 MB for each 100,000 items in the folder for temporary files (TMPDIR, else /var/tmp; TEMP on Windows)'
  constructor(cause: unknown) {
    super('the comparison with the edge needs a temporary file and cannot write it', { cause })
  }
}

/** A hundred times the largest store: an edge whose state has no end must not fill the till's disk. */
const FILE_BYTES_MAX = 2 ** 31
const PAGE_BYTES = 4096
/** Of the file, in memory. */
const CACHE_KIB = 2048
const DRIFT_PAGE_SIZE = 500

const TABLES = `
  CREATE TABLE edge (sku TEXT PRIMARY KEY, item_hash TEXT, price_minor INTEGER, on_hand INTEGER, epoch INTEGER, as_of INTEGER, seen INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;
  CREATE TABLE drift (found INTEGER PRIMARY KEY, sku TEXT NOT NULL UNIQUE, cause TEXT NOT NULL, pos INTEGER, edge INTEGER);
`

export function openEdgeState({ bytesMax = FILE_BYTES_MAX }: { bytesMax?: number } = {}): EdgeState {
  // Without a name it is SQLite's own: in the folder for temporary files, and gone when it is closed.
  const db = openDatabase('')
  db.exec(`PRAGMA page_size = ${PAGE_BYTES}; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -${CACHE_KIB}; PRAGMA max_page_count = ${Math.floor(bytesMax / PAGE_BYTES)}; ${TABLES}`)
  const onDisk = <T>(work: () => T): T => {
    try {
      return db.transaction(work)
    } catch (error) {
      const cause = error instanceof Error ? error.cause : null
      throw isDiskFault(cause) ? new NoRoomToCompare(cause) : error
    }
  }
  const toEdgeRow = (row: Row): EdgeRow => ({
    itemHash: textOrNull(row, 'item_hash'), priceMinor: integerOrNull(row, 'price_minor'), onHand: integerOrNull(row, 'on_hand'), epoch: integerOrNull(row, 'epoch'), asOf: integerOrNull(row, 'as_of'),
  })

  return {
    put: (rows) => onDisk(() => {
      for (const { sku, itemHash, priceMinor, onHand, epoch, asOf } of rows) {
        db.run(
          `INSERT INTO edge (sku, item_hash, price_minor, on_hand, epoch, as_of) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (sku) DO UPDATE SET
             item_hash = coalesce(excluded.item_hash, item_hash), price_minor = coalesce(excluded.price_minor, price_minor), on_hand = coalesce(excluded.on_hand, on_hand),
             epoch = iif(excluded.on_hand IS NULL, epoch, excluded.epoch), as_of = iif(excluded.on_hand IS NULL, as_of, excluded.as_of)`,
          sku, itemHash, priceMinor ?? null, onHand, onHand === null ? null : epoch, onHand === null ? null : asOf,
        )
      }
    }),
    count: () => onDisk(() => integer(db.get('SELECT count(*) AS n FROM edge') ?? {}, 'n')),
    of: (skus) => onDisk(() => {
      const found = new Map<string, EdgeRow>()
      for (const sku of skus) {
        const row = found.has(sku) ? undefined : db.get('SELECT * FROM edge WHERE sku = ?', sku)
        if (row) found.set(sku, toEdgeRow(row))
      }
      return found
    }),
    see: (skus) => onDisk(() => {
      for (const sku of skus) db.run('UPDATE edge SET seen = 1 WHERE sku = ?', sku)
    }),
    unseen: (afterSku, limit) => onDisk(() => new Map(db.all(
      'SELECT * FROM edge WHERE seen = 0 AND (?1 IS NULL OR sku > ?1) ORDER BY sku LIMIT ?2', afterSku, limit,
    ).map((row) => [text(row, 'sku'), toEdgeRow(row)]))),
    note: (drifted) => onDisk(() => {
      for (const { sku, cause, pos, edge } of drifted) {
        db.run(
          `INSERT INTO drift (sku, cause, pos, edge) VALUES (?, ?, ?, ?)
           ON CONFLICT (sku) DO UPDATE SET cause = excluded.cause, pos = excluded.pos, edge = excluded.edge WHERE excluded.pos IS NOT NULL`,
          sku, cause, pos, edge,
        )
      }
    }),
    *drifted() {
      for (let after = 0; ;) {
        const page = onDisk(() => db.all('SELECT * FROM drift WHERE found > ? ORDER BY found LIMIT ?', after, DRIFT_PAGE_SIZE))
        for (const row of page) {
          yield { sku: text(row, 'sku'), cause: DriftCause.parse(row['cause']), pos: integerOrNull(row, 'pos'), edge: integerOrNull(row, 'edge') }
          after = integer(row, 'found')
        }
        if (page.length < DRIFT_PAGE_SIZE) return
      }
    },
    close: () => db.close(),
  }
}

import type { Position } from '../../contract/position.ts'
import type { AvailabilityBand } from '../../contract/product.ts'
import { availabilityOf, totalAvailable } from './availability.ts'
import { bandOf } from './band.ts'
import { available, emptyCounter } from './counter.ts'
import type { Attempt, Counter, Reservation } from './counter.ts'

/**
 * The tables of one home. Rows are money: a counter is one row with its reservations in it, there is no index, and what is
 * needed to find due reservations is kept in memory and read once per life of the object.
 */
const TABLES = `
CREATE TABLE IF NOT EXISTS counters (
  sku TEXT NOT NULL,
  store_id TEXT NOT NULL,
  on_hand INTEGER,              -- NULL with epoch, as_of, seq, seen_at: never counted
  epoch INTEGER,
  as_of INTEGER,
  seq INTEGER,
  seen_at INTEGER,
  safety_stock INTEGER,         -- NULL: the store's
  reservations TEXT,            -- JSON list; NULL: none
  PRIMARY KEY (sku, store_id)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS stores (
  store_id TEXT PRIMARY KEY NOT NULL,
  safety_stock INTEGER NOT NULL
) WITHOUT ROWID;
-- What was given back, so that a late reserve of the same is refused. Empty attempt and body_hash: the whole assignment.
CREATE TABLE IF NOT EXISTS tombstones (
  assignment_id TEXT NOT NULL,
  attempt TEXT NOT NULL,
  body_hash TEXT NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (assignment_id, attempt, body_hash)
) WITHOUT ROWID;
-- What a store has removed from what it sells, and where in its numbering it said so.
CREATE TABLE IF NOT EXISTS withdrawn (
  sku TEXT NOT NULL,
  store_id TEXT NOT NULL,
  epoch INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  PRIMARY KEY (sku, store_id)
) WITHOUT ROWID;
-- The band as it is, and as KV was last told.
CREATE TABLE IF NOT EXISTS bands (
  sku TEXT PRIMARY KEY NOT NULL,
  band TEXT NOT NULL,
  written TEXT
) WITHOUT ROWID;
-- What is off the web for now; an empty store_id: at every store. NULL: until it is lifted.
CREATE TABLE IF NOT EXISTS stopped (
  sku TEXT NOT NULL,
  store_id TEXT NOT NULL,
  until INTEGER,
  PRIMARY KEY (sku, store_id)
) WITHOUT ROWID;
-- SKUs of which channels are still to be told that more or less can be sold; times tells a newer change from the one that was told.
CREATE TABLE IF NOT EXISTS told (
  sku TEXT PRIMARY KEY NOT NULL,
  times INTEGER NOT NULL
) WITHOUT ROWID;
`

type CounterRow = {
  sku: string
  store_id: string
  on_hand: number | null
  epoch: number | null
  as_of: number | null
  seq: number | null
  seen_at: number | null
  safety_stock: number | null
  reservations: string | null
  store_safety_stock: number
  withdrawn_epoch: number | null
  withdrawn_seq: number | null
  stopped: number
}
type OwedTelling = { sku: string; times: number }
type BandRow = { sku: string; band: AvailabilityBand; written: AvailabilityBand | null }

const SELECT = `SELECT c.*, coalesce(s.safety_stock, 0) AS store_safety_stock, w.epoch AS withdrawn_epoch, w.seq AS withdrawn_seq,
  EXISTS (SELECT 1 FROM stopped WHERE stopped.sku = c.sku AND stopped.store_id IN ('', c.store_id)) AS stopped
FROM counters AS c LEFT JOIN stores AS s ON s.store_id = c.store_id LEFT JOIN withdrawn AS w ON w.sku = c.sku AND w.store_id = c.store_id`

const WHOLE_ASSIGNMENT: Attempt = { id: '', bodyHash: '' }

export type HomeDb = ReturnType<typeof openHome>

/** The tables of a `SkuCounters` object as functions; all of them synchronous. Creates what is missing. */
export function openHome(sql: Pick<SqlStorage, 'exec'>) {
  sql.exec(TABLES)

  const read = (where: string, ...bindings: (string | number)[]): Counter[] =>
    sql.exec<CounterRow>(`${SELECT} ${where}`, ...bindings).toArray().map(toCounter)

  return {
    counter(sku: string, storeId: string): Counter {
      const [found] = read('WHERE c.sku = ? AND c.store_id = ?', sku, storeId)
      if (found) return found
      const [store] = sql.exec<{ safety_stock: number }>('SELECT safety_stock FROM stores WHERE store_id = ?', storeId).toArray()
      const [withdrawn] = sql.exec<Position>('SELECT epoch, seq FROM withdrawn WHERE sku = ? AND store_id = ?', sku, storeId).toArray()
      const isStopped = sql.exec("SELECT 1 FROM stopped WHERE sku = ? AND store_id IN ('', ?)", sku, storeId).toArray().length > 0
      return { ...emptyCounter(sku, storeId, store?.safety_stock ?? 0), withdrawnAt: withdrawn ?? null, stopped: isStopped }
    },
    countersOf: (sku: string): Counter[] => read('WHERE c.sku = ? ORDER BY c.store_id', sku),
    countersOfStore: (storeId: string, afterSku: string, limit: number): Counter[] =>
      read('WHERE c.store_id = ? AND c.sku > ? AND c.on_hand IS NOT NULL ORDER BY c.sku LIMIT ?', storeId, afterSku, limit),
    skusOfStore: (storeId: string): string[] =>
      sql.exec<{ sku: string }>('SELECT sku FROM counters WHERE store_id = ?', storeId).toArray().map((row) => row.sku),
    countersWithReservations: (): Counter[] => read('WHERE c.reservations IS NOT NULL'),

    save(counter: Counter): void {
      const { level, reservations } = counter
      sql.exec(
        `INSERT INTO counters (sku, store_id, on_hand, epoch, as_of, seq, seen_at, safety_stock, reservations) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT (sku, store_id) DO UPDATE SET on_hand = excluded.on_hand, epoch = excluded.epoch, as_of = excluded.as_of, seq = excluded.seq,
           seen_at = excluded.seen_at, safety_stock = excluded.safety_stock, reservations = excluded.reservations`,
        counter.sku, counter.storeId, level?.onHand ?? null, level?.epoch ?? null, level?.asOf ?? null, level?.seq ?? null, level?.seenAt ?? null,
        counter.ownSafetyStock, reservations.length === 0 ? null : JSON.stringify(reservations),
      )
    },
    /** Beside the counter: goods that were never counted get no row by being removed. */
    saveListing({ sku, storeId, withdrawnAt }: Counter): void {
      if (withdrawnAt === null) sql.exec('DELETE FROM withdrawn WHERE sku = ? AND store_id = ?', sku, storeId)
      else sql.exec('INSERT OR REPLACE INTO withdrawn (sku, store_id, epoch, seq) VALUES (?, ?, ?, ?)', sku, storeId, withdrawnAt.epoch, withdrawnAt.seq)
    },
    setStoreSafetyStock(storeId: string, quantity: number): void {
      sql.exec('INSERT INTO stores (store_id, safety_stock) VALUES (?, ?) ON CONFLICT (store_id) DO UPDATE SET safety_stock = excluded.safety_stock', storeId, quantity)
    },

    setStop(sku: string, storeId: string, until: number | null | 'sold'): void {
      if (until === 'sold') sql.exec('DELETE FROM stopped WHERE sku = ? AND store_id = ?', sku, storeId)
      else sql.exec('INSERT OR REPLACE INTO stopped (sku, store_id, until) VALUES (?, ?, ?)', sku, storeId, until)
    },
    nextStopEnd: (): number | null => sql.exec<{ at: number | null }>('SELECT min(until) AS at FROM stopped').toArray()[0]?.at ?? null,
    endStops: (now: number): string[] => sql.exec<{ sku: string }>('DELETE FROM stopped WHERE until <= ? RETURNING sku', now).toArray().map(({ sku }) => sku),

    oweTelling: (sku: string): void => void sql.exec('INSERT INTO told (sku, times) VALUES (?, 1) ON CONFLICT (sku) DO UPDATE SET times = times + 1', sku),
    isAnyToTell: (): boolean => sql.exec('SELECT 1 FROM told LIMIT 1').toArray().length > 0,
    owedTellings: (limit: number): OwedTelling[] => sql.exec<OwedTelling>('SELECT sku, times FROM told LIMIT ?', limit).toArray(),
    told: ({ sku, times }: OwedTelling): void => void sql.exec('DELETE FROM told WHERE sku = ? AND times = ?', sku, times),

    /** True when it is new. */
    bury(assignmentId: string, attempt: Attempt = WHOLE_ASSIGNMENT, at: number): boolean {
      const cursor = sql.exec('INSERT INTO tombstones VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING', assignmentId, attempt.id, attempt.bodyHash, at)
      return cursor.rowsWritten > 0
    },
    isBuried: (assignmentId: string, attempt: Attempt): boolean =>
      sql.exec(
        'SELECT 1 FROM tombstones WHERE assignment_id = ? AND ((attempt = ? AND body_hash = ?) OR (attempt = ? AND body_hash = ?)) LIMIT 1',
        assignmentId, attempt.id, attempt.bodyHash, WHOLE_ASSIGNMENT.id, WHOLE_ASSIGNMENT.bodyHash,
      ).toArray().length > 0,
    hasTombstones: (): boolean => sql.exec('SELECT 1 FROM tombstones LIMIT 1').toArray().length > 0,
    purgeTombstones(before: number): void {
      sql.exec('DELETE FROM tombstones WHERE at < ?', before)
    },

    /** Notes the band of a SKU as its counters now make it. True when KV has to be told. */
    noteBand(sku: string): boolean {
      const band = bandOf(totalAvailable(availabilityOf(sku, read('WHERE c.sku = ?', sku)).stores))
      const [noted] = sql.exec<BandRow>('SELECT * FROM bands WHERE sku = ?', sku).toArray()
      if (noted?.band === band) return noted.written !== band
      sql.exec('INSERT INTO bands (sku, band, written) VALUES (?, ?, NULL) ON CONFLICT (sku) DO UPDATE SET band = excluded.band', sku, band)
      return noted?.written !== band
    },
    bandOf: (sku: string): BandRow | undefined => sql.exec<BandRow>('SELECT * FROM bands WHERE sku = ?', sku).toArray()[0],
    bandsToWrite: (): string[] => sql.exec<{ sku: string }>('SELECT sku FROM bands WHERE written IS NOT band').toArray().map((row) => row.sku),
    bandWritten(sku: string, written: AvailabilityBand | null): void {
      sql.exec('UPDATE bands SET written = ? WHERE sku = ?', written, sku)
    },
  }
}

function toCounter(row: CounterRow): Counter {
  const { on_hand: onHand, epoch, as_of: asOf, seq, seen_at: seenAt } = row
  const counted = onHand !== null && epoch !== null && asOf !== null && seq !== null && seenAt !== null
  const reservations: Reservation[] = row.reservations === null ? [] : JSON.parse(row.reservations)
  return {
    sku: row.sku,
    storeId: row.store_id,
    level: counted ? { onHand, epoch, asOf, seq, seenAt } : null,
    ownSafetyStock: row.safety_stock,
    storeSafetyStock: row.store_safety_stock,
    withdrawnAt: row.withdrawn_epoch === null || row.withdrawn_seq === null ? null : { epoch: row.withdrawn_epoch, seq: row.withdrawn_seq },
    stopped: row.stopped === 1,
    reservations,
  }
}

/** One transaction's view: each counter is read once and written once, however many commands concern it. */
export function openBook(db: HomeDb) {
  const pages = new Map<string, { before: Counter; now: Counter }>()
  return {
    counter(sku: string, storeId: string): Counter {
      const key = `${sku} ${storeId}`
      const page = pages.get(key)
      if (page) return page.now
      const before = db.counter(sku, storeId)
      pages.set(key, { before, now: before })
      return before
    },
    put(counter: Counter): void {
      const page = pages.get(`${counter.sku} ${counter.storeId}`)
      if (!page) throw new TypeError('a counter is read before it is changed')
      page.now = counter
    },
    /** Writes what has changed. Answers those counters, and the SKUs of which more or less can be sold now. */
    close(): { saved: Counter[]; changedSkus: string[] } {
      const saved: Counter[] = []
      const changedSkus = new Set<string>()
      for (const { before, now } of pages.values()) {
        if (now === before) continue
        if (now.withdrawnAt !== before.withdrawnAt) db.saveListing(now)
        if (now.level !== before.level || now.reservations !== before.reservations || now.ownSafetyStock !== before.ownSafetyStock) {
          db.save(now)
          saved.push(now)
        }
        if (available(now) !== available(before)) changedSkus.add(now.sku)
      }
      return { saved, changedSkus: [...changedSkus] }
    },
  }
}

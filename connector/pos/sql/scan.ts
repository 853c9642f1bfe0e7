import type { Clock } from '../../../contract/clock.ts'
import type { PosMemory } from '../port.ts'
import { BUCKETS, type Comparison } from './compare-goods.ts'
import type { Connection, Goods, GoodsRow, Tx } from './ports.ts'

/** Of the time of one of the database's cores. */
export const SCAN_SHARE = 0.02
export const SCAN_EVERY_MS = 1_000
/** Rows in this process at once. */
const ROWS_MAX = 1_000
const LIST_PAGE_SIZE = 1_000

/** The comparison of all goods, bucket by bucket, as far as it is due. Its truth is in the memory; what stands here may be lost with the process. */
export type Scan = {
  /** Whether buckets are known to differ, or do differ now that a scan was due. */
  differs(tx: Tx): Promise<boolean>
  /** Reads buckets that differ until `comparison` has `factsMax` facts. Answers whether some are left. */
  read(tx: Tx, comparison: Comparison, factsMax: number): Promise<boolean>
  /** The memory is being emptied: nothing is known of any bucket. */
  startOver(): void
  /** How late a change of goods can be seen, milliseconds. */
  lateMs(): number
}

export type ScanParts = { goods: Goods; memory: PosMemory; connection: Pick<Connection, 'changeMark'>; everyMs?: number | undefined; share?: number | undefined; clock: Clock }

export function createScan({ goods, memory, connection, everyMs = SCAN_EVERY_MS, share = SCAN_SHARE, clock }: ScanParts): Scan {
  let pending: string[] = []
  /** Buckets given to the last reading, with what their checksum will be remembered as if it is committed. */
  let inFlight = new Map<string, string | null>()
  let finishedAt: number | null = null
  let tookMs = 0
  /** The database's own word that nothing was written since. */
  let unchangedSince: string | null = null

  const waitMs = (): number => (everyMs === 0 ? 0 : Math.max(everyMs, tookMs / share))
  // A clock that was set back makes a scan due, not late.
  const isDue = (): boolean => finishedAt === null || clock() < finishedAt || clock() - finishedAt >= waitMs()

  /** What the last reading brought is done with once its commit stands in the memory. */
  const dropCommitted = (): void => {
    const committed = (bucket: string): boolean => inFlight.has(bucket) && memory.get(BUCKETS + bucket) === (inFlight.get(bucket) ?? null)
    pending = pending.filter((bucket) => !committed(bucket))
    // What was read and not committed is found again by the next scan as well.
    inFlight = new Map()
  }

  /** All buckets whose checksum is not the remembered one, when a scan is due. */
  const scan = async (tx: Tx): Promise<Map<string, string> | null> => {
    if (pending.length > 0 || !isDue()) return null
    const mark = await connection.changeMark?.(tx) ?? null
    if (mark !== null && mark === unchangedSince) return null
    const startedAt = performance.now()
    const checksums = await goods.checksums(tx)
    tookMs = performance.now() - startedAt
    finishedAt = clock()
    pending = differing(checksums, memory)
    unchangedSince = pending.length === 0 ? mark : null
    return checksums
  }

  return {
    async differs(tx) {
      dropCommitted()
      await scan(tx)
      return pending.length > 0
    },
    async read(tx, comparison, factsMax) {
      dropCommitted()
      const ofAll = await scan(tx)
      let at = 0
      // One bucket first: where everything differs it fills the reading, where little does the groups grow.
      for (let size = 1; at < pending.length && comparison.facts() < factsMax;) {
        const group = pending.slice(at, at + size)
        const checksums = ofAll ?? await goods.checksums(tx, group)
        const rows = await goods.rowsOf(tx, group)
        const before = comparison.facts()
        const rowsIn = byBucket(rows)
        for (const bucket of group) {
          if (comparison.facts() >= factsMax) break
          const checksum = checksums.get(bucket) ?? null
          comparison.bucket(bucket, checksum, rowsIn.get(bucket) ?? [])
          inFlight.set(bucket, checksum)
          at += 1
        }
        size = nextSize(size, rows.length / group.length, (comparison.facts() - before) / group.length, factsMax - comparison.facts())
      }
      return at < pending.length
    },
    startOver() {
      pending = []
      inFlight = new Map()
      finishedAt = null
      unchangedSince = null
    },
    lateMs: () => Math.ceil(waitMs() + tookMs),
  }
}

/** How many buckets to read at once: twice as many as before, and no more than rows fit into this process or facts into the reading. */
function nextSize(size: number, rowsPerBucket: number, factsPerBucket: number, factsLeft: number): number {
  const fitting = Math.min(ROWS_MAX / Math.max(rowsPerBucket, 1), factsLeft / Math.max(factsPerBucket, Number.EPSILON))
  return Math.max(1, Math.floor(Math.min(size * 2, fitting)))
}

function differing(checksums: ReadonlyMap<string, string>, memory: PosMemory): string[] {
  const buckets = [...checksums].filter(([bucket, checksum]) => memory.get(BUCKETS + bucket) !== checksum).map(([bucket]) => bucket)
  for (let after: string | null = null; ;) {
    const page = memory.list(BUCKETS, after, LIST_PAGE_SIZE)
    buckets.push(...page.map(({ key }) => key.slice(BUCKETS.length)).filter((bucket) => !checksums.has(bucket)))
    if (page.length < LIST_PAGE_SIZE) return buckets
    after = page.at(-1)?.key ?? null
  }
}

function byBucket(rows: readonly GoodsRow[]): Map<string, GoodsRow[]> {
  const buckets = new Map<string, GoodsRow[]>()
  for (const row of rows) {
    const bucket = buckets.get(row.bucket)
    if (bucket) bucket.push(row)
    else buckets.set(row.bucket, [row])
  }
  return buckets
}

import type { Clock } from '../../../contract/clock.ts'
import type { PosMemory } from '../port.ts'
import { BUCKETS, rememberedBucket, type Comparison } from './compare-goods.ts'
import type { BucketSum, Connection, Goods, GoodsRow, Tx } from './ports.ts'

/** Of the time of one of the database's cores. */
export const SCAN_SHARE = 0.02
export const SCAN_EVERY_MS = 1_000
/**
 * What may be saved up for scans ahead of their turn: as much of the database's time again as the others take, as long as nothing is written. A bulk edit in a
 * quiet shop is seen at once, five of them in a row even in a large one; a till that never rests has its turn and no more.
 */
const SAVED_MS_MAX = 5_000
/** Rows in this process at once. */
const ROWS_MAX = 1_000
const LIST_PAGE_SIZE = 1_000

/**
 * The comparison of all goods, bucket by bucket, as far as it is due. Its truth is in the memory; what stands here may be lost with the process. `hint` is the
 * connection's `writeHint` from before the transaction: one that is new makes a scan due sooner, and none is ever later for it.
 */
export type Scan = {
  /** Whether buckets are known to differ, may do so by a hint, or do differ now that a scan was due. */
  differs(tx: Tx, hint: string | null): Promise<boolean>
  /** Reads buckets that differ until `comparison` has `factsMax` facts. Answers whether some are left. */
  read(tx: Tx, comparison: Comparison, factsMax: number, hint: string | null): Promise<boolean>
  /** The memory is being emptied: nothing is known of any bucket. */
  startOver(): void
  /** How late a change of goods can be seen, milliseconds; `null` before a scan has shown how long one takes. */
  lateMs(): number | null
}

export type ScanParts = { goods: Goods; memory: PosMemory; connection: Pick<Connection, 'changeMark'>; everyMs?: number | undefined; share?: number | undefined; clock: Clock }

export function createScan({ goods, memory, connection, everyMs = SCAN_EVERY_MS, share = SCAN_SHARE, clock }: ScanParts): Scan {
  let pending: string[] = []
  /** Of buckets that differ, in how many parts they do, where that is known. */
  let expected = new Map<string, number>()
  /** Buckets given to the last reading, with what their checksum will be remembered as if it is committed. */
  let inFlight = new Map<string, BucketSum | null>()
  /** Of buckets that are as remembered, what their parts were then. */
  const atRest = new Map<string, BucketSum>()
  /** The last scan in its turn: those ahead of it move it no further away. */
  let turn: { at: number; tookMs: number } | null = null
  let last = { at: -Infinity, tookMs: 0 }
  /** The database's own word that nothing was written since. */
  let unchangedSince: string | null = null
  let hintThen: string | null = null
  let saved = { ms: SAVED_MS_MAX, at: clock() }

  const waitMs = (): number => (everyMs === 0 ? 0 : Math.max(everyMs, (turn?.tookMs ?? 0) / share))
  // A clock that was set back makes a scan due, not late.
  const isDue = (): boolean => turn === null || clock() < turn.at || clock() - turn.at >= waitMs()
  const isHinted = (hint: string | null): boolean => hint !== null && hint !== hintThen && clock() - last.at >= everyMs && save() >= Math.min(last.tookMs, SAVED_MS_MAX)
  const save = (): number => {
    const now = clock()
    saved = { ms: Math.min(SAVED_MS_MAX, saved.ms + Math.max(0, now - saved.at) * share), at: now }
    return saved.ms
  }

  /** What the last reading brought is done with once its commit stands in the memory. */
  const dropCommitted = (): void => {
    const committed = (bucket: string): boolean => inFlight.has(bucket) && rememberedBucket(memory, bucket).sum === (inFlight.get(bucket)?.whole ?? null)
    for (const [bucket, sum] of inFlight) if (committed(bucket)) rest(bucket, sum)
    pending = pending.filter((bucket) => !committed(bucket))
    // What was read and not committed is found again by the next scan as well.
    inFlight = new Map()
  }

  const rest = (bucket: string, sum: BucketSum | null): void => {
    if (sum?.parts) atRest.set(bucket, sum)
    else atRest.delete(bucket)
  }

  /** All buckets whose checksum is not the remembered one, when a scan is due or something hints at a change. */
  const scan = async (tx: Tx, hint: string | null): Promise<Map<string, BucketSum> | null> => {
    if (pending.length > 0) return null
    const mark = await connection.changeMark?.(tx) ?? null
    const [due, ahead] = [isDue(), isHinted(mark ?? hint)]
    if ((!due && !ahead) || (mark !== null && mark === unchangedSince)) return null
    const startedAt = performance.now()
    const checksums = await goods.checksums(tx).finally(() => {
      // One that failed has cost as much: of a database that is too slow for it the next is asked for in its turn, and what the till does is told meanwhile.
      last = { at: clock(), tookMs: performance.now() - startedAt }
      if (due) turn = last
      else saved.ms -= last.tookMs
    })
    hintThen = mark ?? hint
    pending = differing(checksums, memory)
    const differs = new Set(pending)
    for (const [bucket, sum] of checksums) if (!differs.has(bucket)) rest(bucket, sum)
    unchangedSince = pending.length === 0 ? mark : null
    expected = new Map(pending.flatMap((bucket) => {
      const parts = partsOf(bucket, checksums.get(bucket))
      return parts === null ? [] : [[bucket, parts.size] as const]
    }))
    return checksums
  }

  /** The parts of a bucket in which something may be other than remembered; null: any, all of it must be read. */
  const partsOf = (bucket: string, sum: BucketSum | undefined): Set<string> | null => {
    const { sum: remembered, strays } = rememberedBucket(memory, bucket)
    const before = atRest.get(bucket)
    if (!goods.parts || !sum?.parts || !before?.parts || before.whole !== remembered) return null
    const { parts } = sum
    const differ = [...new Set([...parts.keys(), ...before.parts.keys()])].filter((part) => parts.get(part) !== before.parts?.get(part))
    return new Set([...differ, ...strays.map((key) => goods.parts?.of(key, bucket) ?? '')])
  }

  /** The rows of these buckets that are to be compared, and of each bucket which keys that are. */
  const rowsOf = async (tx: Tx, group: readonly string[], checksums: ReadonlyMap<string, BucketSum>) => {
    const { parts } = goods
    const some = new Map(group.map((bucket) => [bucket, partsOf(bucket, checksums.get(bucket))]))
    const rows = await goods.rowsOf(tx, group.filter((bucket) => some.get(bucket) === null))
    if (parts) rows.push(...await parts.rows(tx, [...some.values()].flatMap((each) => (each === null ? [] : [...each]))))
    return { rows, isAsked: (bucket: string) => (key: string) => !parts || (some.get(bucket)?.has(parts.of(key, bucket)) ?? true) }
  }

  return {
    async differs(tx, hint) {
      dropCommitted()
      // The reading scans, in its own moment: what differs need not be computed twice.
      if (pending.length === 0 && isHinted(hint)) return true
      await scan(tx, hint)
      return pending.length > 0
    },
    async read(tx, comparison, factsMax, hint) {
      dropCommitted()
      const ofAll = await scan(tx, hint)
      let at = 0
      // One bucket first: where everything differs it fills the reading, where little does the groups grow. Where it is known how little, they are that large at once.
      for (let size = 1; at < pending.length && comparison.facts() < factsMax;) {
        const group = pending.slice(at, at + Math.max(size, fitting(pending, at, expected, Math.min(factsMax - comparison.facts(), ROWS_MAX / (goods.parts?.size ?? 1)))))
        const checksums = ofAll ?? await goods.checksums(tx, group)
        const { rows, isAsked } = await rowsOf(tx, group, checksums)
        const before = comparison.facts()
        const rowsIn = byBucket(rows)
        for (const bucket of group) {
          if (comparison.facts() >= factsMax) break
          const sum = checksums.get(bucket) ?? null
          comparison.bucket(bucket, sum?.whole ?? null, rowsIn.get(bucket) ?? [], isAsked(bucket))
          inFlight.set(bucket, sum)
          at += 1
        }
        size = nextSize(size, rows.length / group.length, (comparison.facts() - before) / group.length, factsMax - comparison.facts())
      }
      return at < pending.length
    },
    startOver() {
      pending = []
      inFlight = new Map()
      atRest.clear()
      turn = null
      unchangedSince = null
      hintThen = null
    },
    lateMs: () => (last.at === -Infinity ? null : Math.ceil(waitMs() + last.tookMs)),
  }
}

/** How many buckets from `at` on differ in no more than `partsMax` parts together; none where it is not known of the first. */
function fitting(pending: readonly string[], at: number, expected: ReadonlyMap<string, number>, partsMax: number): number {
  let [count, parts] = [0, 0]
  for (const bucket of pending.slice(at)) {
    parts += expected.get(bucket) ?? Infinity
    if (parts > partsMax) return count
    count += 1
  }
  return count
}

/** How many buckets to read at once: twice as many as before, and no more than rows fit into this process or facts into the reading. */
function nextSize(size: number, rowsPerBucket: number, factsPerBucket: number, factsLeft: number): number {
  const fitting = Math.min(ROWS_MAX / Math.max(rowsPerBucket, 1), factsLeft / Math.max(factsPerBucket, Number.EPSILON))
  return Math.max(1, Math.floor(Math.min(size * 2, fitting)))
}

function differing(checksums: ReadonlyMap<string, BucketSum>, memory: PosMemory): string[] {
  const buckets = [...checksums].filter(([bucket, { whole }]) => memory.get(BUCKETS + bucket) !== whole).map(([bucket]) => bucket)
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

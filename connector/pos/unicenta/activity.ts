import { sql } from 'kysely'
import { toInstant, type Clock } from '../../../contract/clock.ts'
import type { PosOrderChange, PosRefusal, PosSale, Remembered } from '../port.ts'
import type { Activity, Dialect, Row, Tx } from '../sql/ports.ts'
import { instantToWallClock, wallClockToInstant } from '../sql/wall-clock.ts'
import { findTicket } from './find-ticket.ts'
import type { Place } from './place.ts'
import type { GoodsReading } from './product.ts'
import { readReceipts, reversed, type Receipt, type ReceiptHead } from './receipts.ts'
import { voidIdOf } from './reference.ts'
import { speechOf } from './speech.ts'
import { createRecall, RECEIPTS, rememberReceipt, rememberDiary, DIARY, type Told } from './told.ts'

/**
 * How far back every reading looks for what it has not told yet. Ids have no order, dates are the clock of whichever till it was, and
 * staff may change them; a commit may come late. What is dated further back than this is history, and its stock is found by comparing.
 */
export const OVERLAP_MS = 48 * 3_600_000
/** A web order may be refunded or deleted long after it was written. */
const ORDERS_REMEMBERED_MS = 90 * 86_400_000
/** A call to the edge carries about 500 facts. */
const RECEIPTS_PER_READ_MAX = 200
/** A busy week of a chain's largest shop; only ids are read. */
const WINDOW_ROWS_MAX = 100_000
const PAGE = 1_000
/** Tickets that could not be read are few; of more than these the newest are looked at again. */
const AGAIN_PER_READ_MAX = 50

/** `from`: everything dated before it, less the overlap, was told. `known`: the tickets that stood there when a `head` was taken: not to be told. */
type Cursor = { from: string; known?: string[] }

/** `tills`: host names of the tills whose tickets are this store's; `undefined`: all of the database. */
export type ActivityPlace = { dialect: Dialect; place: Place; zone: string; clock: Clock; reading: GoodsReading; tills: readonly string[] | undefined }

export function createActivity({ dialect, place, zone, clock, reading, tills }: ActivityPlace): Activity {
  const speech = speechOf(dialect)
  const recall = createRecall()
  const wallNow = (): string => instantToWallClock(clock(), zone)
  const earlier = (wall: string, byMs: number): string => instantToWallClock(Date.parse(wallClockToInstant(wall, zone) ?? toInstant(clock())) - byMs, zone)
  const ours = tills === undefined ? sql`` : sql`AND r.money IN (SELECT money FROM closedcash WHERE host IN (${sql.join(tills)}))`
  const parse = (cursor: string | null): Cursor => (cursor === null ? { from: hourOf(wallNow()) } : JSON.parse(cursor) as Cursor)

  const receiptsSince = async (tx: Tx, since: string): Promise<ReceiptHead[]> => {
    const { rows } = await sql<Row>`SELECT r.id, r.datenew, t.tickettype, t.ticketid FROM receipts r JOIN tickets t ON t.id = r.id
      WHERE r.datenew >= ${since} AND t.tickettype IN (0, 1) ${ours} ORDER BY r.datenew, t.tickettype, t.ticketid, r.id LIMIT ${sql.lit(WINDOW_ROWS_MAX)}`.execute(tx)
    return rows.map((row) => ({ id: row['id'] ?? '', at: row['datenew'] ?? '', kind: Number(row['tickettype']), number: row['ticketid'] ?? '' }))
  }
  const movesSince = async (tx: Tx, since: string): Promise<{ id: string; at: string; product: string }[]> => {
    const { rows } = await sql<Row>`SELECT id, datenew, product FROM stockdiary WHERE datenew >= ${since} AND location = ${await place(tx)} ORDER BY datenew, id LIMIT ${sql.lit(WINDOW_ROWS_MAX)}`.execute(tx)
    return rows.map((row) => ({ id: row['id'] ?? '', at: row['datenew'] ?? '', product: row['product'] ?? '' }))
  }

  return {
    async signal(tx) {
      // By the hour, so that a quiet shop's window does not move with every look.
      const since = hourOf(earlier(wallNow(), OVERLAP_MS))
      const { rows } = await sql<Row>`SELECT
        (SELECT CONCAT(COUNT(*), '.', COALESCE(SUM(${speech.numberOf(sql`id`)}), 0)) FROM receipts WHERE datenew >= ${since}) AS receipts,
        (SELECT CONCAT(COUNT(*), '.', COALESCE(SUM(${speech.numberOf(sql`id`)}), 0)) FROM stockdiary WHERE datenew >= ${since}) AS moves`.execute(tx)
      return `${rows[0]?.['receipts']}/${rows[0]?.['moves']}`
    },

    async head(tx) {
      const since = earlier(wallNow(), OVERLAP_MS)
      return JSON.stringify({ from: hourOf(wallNow()), known: (await receiptsSince(tx, since)).map(({ id }) => id) } satisfies Cursor)
    },

    async read(tx, cursor, memory) {
      const { from, known } = parse(cursor)
      const since = earlier(from, OVERLAP_MS)
      const heads = await receiptsSince(tx, since)
      const moves = await movesSince(tx, since)
      const { told, moved } = recall.from(memory, cursor !== null && known === undefined)
      const remember = new Map<string, Remembered>()
      const keep = (entry: Remembered): void => void remember.set(entry.key, entry)

      const before = new Set(known)
      const fresh = heads.filter(({ id }) => !told.has(id))
      const news = fresh.filter(({ id }) => !before.has(id))
      const batch = news.slice(0, RECEIPTS_PER_READ_MAX)
      // What stood there at the head is known without being told; its lines are read with it, so that its deletion could be told.
      const silent = known === undefined ? [] : fresh.filter(({ id }) => before.has(id))
      const more = news.length > batch.length
      // What could not be read may have been mended since, without any sign.
      const again = heads.filter(({ id }) => told.get(id)?.sale === null).slice(-AGAIN_PER_READ_MAX)
      const receipts = await readReceipts(tx, speech, zone, reading, [...silent, ...again, ...batch])
      const isNews = new Set([...again, ...batch].map(({ id }) => id))

      const sales: PosSale[] = []
      const orders: PosOrderChange[] = []
      const refused: PosRefusal[] = []
      const touched = new Set<string>()
      for (const receipt of receipts) {
        const wasRefused = told.has(receipt.id)
        if (!(wasRefused && 'refused' in receipt)) keep(rememberReceipt(receipt))
        if (wasRefused && !('refused' in receipt)) refused.push({ key: `receipts/${receipt.id}`, reason: null, text: '' })
        if ('refused' in receipt) {
          if (!wasRefused) refused.push({ key: `receipts/${receipt.id}`, reason: receipt.refused, text: `ticket ${receipt.number} of ${receipt.at}` })
          continue
        }
        if (!isNews.has(receipt.id)) continue
        const assignmentId = receipt.sale.assignmentId ?? await refundedOrder(tx, receipt)
        sales.push({ ...receipt.sale, assignmentId })
        for (const product of receipt.products) touched.add(product)
        if (receipt.kind === 1 && assignmentId !== null) orders.push(...await refusedBy(tx, receipt, assignmentId))
      }

      const gone = await deleted(tx, told, new Set(heads.map(({ id }) => id)))
      for (const [id, { sale }] of gone) {
        keep({ key: `${RECEIPTS}${id}`, value: null })
        if (sale === null) continue
        sales.push(reversed(sale, toInstant(clock())))
        const standing = sale.assignmentId === null || sale.kind === 'return' ? null : await findTicket(tx, { ...speech, newest: sql`` }, zone, sale.assignmentId)
        if (standing === 'gone' && sale.assignmentId !== null) orders.push({ assignmentId: sale.assignmentId, kind: 'refused', reason: 'out_of_stock', occurredAt: toInstant(clock()) })
      }

      // A till adds to its stock diary and takes nothing out of it with a ticket that is deleted; in its form somebody may take an entry of theirs back.
      const here = new Set(moves.map(({ id }) => id))
      const lost = await missing(tx, 'stockdiary', [...moved].flatMap(([id, at]) => (at >= since && !here.has(id) ? [id] : [])))
      for (const id of lost) keep({ key: `${DIARY}${id}`, value: null })
      const isBack = isFromBackup(lost, moved, gone.length)

      for (const move of moves) {
        if (moved.has(move.id)) continue
        keep(rememberDiary(move))
        if (known === undefined || move.at >= from) touched.add(move.product)
      }

      // Forward by the clock and not by the newest date: a ticket dated in the future would carry the cursor over all that is sold until then.
      const reached = more ? from : hourOf(wallNow())
      for (const entry of outlived(told, moved, earlier(reached, 2 * OVERLAP_MS), earlier(reached, ORDERS_REMEMBERED_MS))) if (!remember.has(entry.key)) keep(entry)
      recall.reading([...remember.values()])
      return { cursor: JSON.stringify({ from: reached } satisfies Cursor), sales, orders, touched: [...touched], remember: [...remember.values()], refused, more,
        ...(isBack && { wentBack: `rows of the stock diary that were there are gone: ${lost.length}` }) }
    },
  }

  /** The web order that a refund ticket takes back, by the number the till linked it with. */
  async function refundedOrder(tx: Tx, receipt: Receipt): Promise<string | null> {
    if (receipt.refundOf === null) return null
    const { rows: [original] } = await sql<Row>`SELECT r.id, r.datenew, t.ticketid, t.tickettype FROM tickets t JOIN receipts r ON r.id = t.id
      WHERE t.tickettype = 0 AND t.ticketid = ${receipt.refundOf} ORDER BY r.datenew DESC LIMIT 1`.execute(tx)
    if (!original) return null
    const [read] = await readReceipts(tx, speech, zone, reading, [{ id: original['id'] ?? '', at: original['datenew'] ?? '', kind: 0, number: original['ticketid'] ?? '' }])
    return read && 'sale' in read ? read.sale.assignmentId : null
  }

  /** A refund of all of a web order by the staff is their refusal. The connector's own was asked for, and is told where it was asked. */
  async function refusedBy(tx: Tx, receipt: Receipt, assignmentId: string): Promise<PosOrderChange[]> {
    if (receipt.id === voidIdOf(assignmentId)) return []
    const found = await findTicket(tx, { ...speech, newest: sql`` }, zone, assignmentId)
    const isRefused = found === 'gone' || found?.isVoid === true
    return isRefused ? [{ assignmentId, kind: 'refused', reason: 'out_of_stock', occurredAt: receipt.sale.occurredAt }] : []
  }
}

/** A wall clock's hour: the overlap is days, and a cursor that stands still while nothing happens is nothing new. */
const hourOf = (wall: string): string => wall.replace(/:\d\d:\d\d.*$/, ':00:00')

/** Told, not in the window any more, and not because its date was changed: deleted at the till. */
async function deleted(tx: Tx, told: ReadonlyMap<string, Told>, here: ReadonlySet<string>): Promise<[string, Told][]> {
  const gone = new Set(await missing(tx, 'receipts', [...told.keys()].filter((id) => !here.has(id))))
  return [...told].filter(([id]) => gone.has(id))
}

/** A backup takes tickets along, or else the newest entries of the diary, all of them and not all there are. */
function isFromBackup(lost: readonly string[], moved: ReadonlyMap<string, string>, ticketsGone: number): boolean {
  if (lost.length === 0 || ticketsGone > 0) return lost.length > 0
  const isLost = new Set(lost)
  const oldestLost = lost.map((id) => moved.get(id) ?? '').reduce((a, b) => (a < b ? a : b))
  const kept = [...moved].filter(([id]) => !isLost.has(id))
  return lost.length > 1 && kept.length > 0 && kept.every(([, at]) => at < oldestLost)
}

/** Those of these ids that the table has no row of. */
async function missing(tx: Tx, table: 'receipts' | 'stockdiary', ids: readonly string[]): Promise<string[]> {
  const gone: string[] = []
  for (let from = 0; from < ids.length; from += PAGE) {
    const page = ids.slice(from, from + PAGE)
    const { rows } = await sql<Row>`SELECT id FROM ${sql.table(table)} WHERE id IN (${sql.join(page)})`.execute(tx)
    const there = new Set(rows.map((row) => row['id']))
    gone.push(...page.filter((id) => !there.has(id)))
  }
  return gone
}

/** What is remembered of days that no reading looks at any more. */
function outlived(told: ReadonlyMap<string, Told>, moved: ReadonlyMap<string, string>, before: string, ordersBefore: string): Remembered[] {
  return [
    ...[...told].filter(([, { at, sale }]) => at < (sale?.assignmentId ? ordersBefore : before)).map(([id]) => ({ key: `${RECEIPTS}${id}`, value: null })),
    ...[...moved].filter(([, at]) => at < before).map(([id]) => ({ key: `${DIARY}${id}`, value: null })),
  ]
}

import { sql } from 'kysely'
import { toInstant, type Clock } from '../../../contract/clock.ts'
import type { PosOrderChange, PosRefusal, PosSale, Remembered } from '../port.ts'
import type { Activity, Row, Tx } from '../sql/ports.ts'
import type { Mark } from '../sql/went-back.ts'
import { wallClockToInstant } from '../sql/wall-clock.ts'
import { ORDER_TABLE, type OrderTable } from './order-table.ts'
import type { OsposConfig } from './ospos-config.ts'
import { stepOf, type Told } from './sale-steps.ts'
import { readSales, readStates, saleName, undone, type SaleState } from './sales.ts'
import { list, readSettings, rowsOf, tablesOf, text, useTillClock } from './shop-settings.ts'
import { advance, noHigherThan, parseCursor, writeCursor, type OsposCursor, type Sightings } from './sightings.ts'
import { readMarks, wentBack } from './went-back.ts'

/** How far behind the newest an id may still appear: no till has this many sales, or log rows, begun and not committed. */
const SALES_WINDOW = 300
const LOG_WINDOW = 1_000
const ORDERS_WINDOW = 100
/** A sale is a fact or three; log rows become levels, several of the same item one. */
const SALES_PER_READ_MAX = 150
const LOG_ROWS_PER_READ_MAX = 400
const ORDERS_PER_READ_MAX = 100
/** Suspended sales that are looked after, the newest. A shop with more keeps quotes: of those beyond, a completion is seen by the stock log alone. */
const OPEN_MAX = 2_000
const FORGOTTEN_PER_READ_MAX = 1_000

const OPEN = 'open/'
const TOLD = 'told/'
/** Keys sort as text. */
const keyOf = (prefix: string, saleId: number): string => `${prefix}${String(saleId).padStart(11, '0')}`
const idOf = (key: string): number => Number(key.slice(key.indexOf('/') + 1))

/**
 * The till's activity from three streams of rising ids (sales, the stock log, the connector's own orders) and from looking again at what
 * stood open. No date decides anything: they are edited.
 */
export function osposActivity(config: OsposConfig, orders: OrderTable, clock: Clock): Activity {
  const table = tablesOf(config)
  /** Copies of what the memory holds, so that the signal can be asked without it. Empty until the first reading, which is due anyway. */
  let openNow: number[] = []

  const newest = async (tx: Tx, name: ReturnType<typeof table>, id: string): Promise<number> =>
    Number((await rowsOf(tx, sql<Row>`SELECT COALESCE(MAX(${sql.ref(id)}), 0) AS id FROM ${name}`))[0]?.['id'] ?? 0)
  const streamHead = async (tx: Tx, name: ReturnType<typeof table>, id: string, window: number): Promise<Sightings> => {
    const high = await newest(tx, name, id)
    const rows = await rowsOf(tx, sql<Row>`SELECT ${sql.ref(id)} AS id FROM ${name} WHERE ${sql.ref(id)} > ${high - window} ORDER BY ${sql.ref(id)}`)
    return advance({ high: Math.max(0, high - window), gaps: [] }, rows.map((row) => Number(row['id'])), window)
  }
  const ownOrders = sql.table(ORDER_TABLE)
  const headOf = async (tx: Tx): Promise<OsposCursor> => ({
    sales: await streamHead(tx, table('sales'), 'sale_id', SALES_WINDOW),
    log: await streamHead(tx, table('inventory'), 'trans_id', LOG_WINDOW),
    orders: await orders.exists(tx) ? await streamHead(tx, ownOrders, 'row_id', ORDERS_WINDOW) : { high: 0, gaps: [] },
    fresh: true,
  })

  /** Rows of a stream that were not seen yet, with where it stands then. */
  const next = async (tx: Tx, name: ReturnType<typeof table>, id: string, columns: ReturnType<typeof sql>, seen: Sightings, window: number, max: number, noHigher = Infinity) => {
    const from = noHigherThan(seen, Math.min(await newest(tx, name, id), noHigher))
    const rows = await rowsOf(tx, sql<Row>`SELECT ${sql.ref(id)} AS id, ${columns} FROM ${name} WHERE ${sql.ref(id)} > ${from.high} OR ${sql.ref(id)} IN (${list(from.gaps)}) ORDER BY ${sql.ref(id)} LIMIT ${max}`)
    return { rows, seen: advance(from, rows.map((row) => Number(row['id'])), window), more: rows.length === max }
  }

  return {
    async signal(tx) {
      await useTillClock(tx)
      const [row] = await rowsOf(tx, sql<Row>`SELECT
        (SELECT CONCAT_WS(':', COUNT(*), MAX(trans_id)) FROM ${table('inventory')} WHERE trans_id > (SELECT COALESCE(MAX(trans_id), 0) FROM ${table('inventory')}) - ${LOG_WINDOW}) AS log,
        (SELECT CONCAT_WS(':', COUNT(*), MAX(sale_id), SUM(sale_status * sale_id)) FROM ${table('sales')}
          WHERE sale_id > (SELECT COALESCE(MAX(sale_id), 0) FROM ${table('sales')}) - ${SALES_WINDOW}) AS sales,
        (SELECT SUM(CRC32(CONCAT_WS(':', sale_id, sale_status, sale_time))) FROM ${table('sales')} WHERE sale_id IN (${list(openNow)})) AS open,
        (SELECT SUM(CRC32(CONCAT_WS(':', sale_id, payment_type, payment_amount))) FROM ${table('sales_payments')} WHERE sale_id IN (${list(openNow)})) AS paid`)
      return JSON.stringify(row)
    },

    head: async (tx) => writeCursor(await headOf(tx)),

    async read(tx, cursorText, memory) {
      await useTillClock(tx)
      const settings = await readSettings(tx, config)
      const hasOrders = await orders.exists(tx)
      const head = parseCursor(cursorText)
      // Sales from before the connector came are history; its own orders are told again, for a journal that has lost them.
      const cursor = head ?? { ...await headOf(tx), orders: { high: 0, gaps: [] } }
      // A POS that came back from a backup gives ids again, and may have passed the highest one that was told: what was told under them was another sale.
      const notes = new Map(memory.list(TOLD, null, FORGOTTEN_PER_READ_MAX).map(({ key, value }) => [idOf(key), readNote(value)]))
      const back = wentBack(new Map([...notes].map(([saleId, { mark }]) => [saleId, mark ?? null])), await readMarks(tx, table, [...notes.keys()]))
      const sales = await next(tx, table('sales'), 'sale_id', sql`sale_status AS status`, cursor.sales, SALES_WINDOW, SALES_PER_READ_MAX, (back?.lost[0] ?? Infinity) - 1)
      for (const saleId of back?.lost ?? []) notes.delete(saleId)
      const log = await next(tx, table('inventory'), 'trans_id', sql`trans_items AS item, trans_comment AS comment, trans_date AS at`, cursor.log, LOG_WINDOW, LOG_ROWS_PER_READ_MAX)
      const own = hasOrders ? await next(tx, ownOrders, 'row_id', sql`sale_id AS sale`, cursor.orders, ORDERS_WINDOW, ORDERS_PER_READ_MAX) : { rows: [], seen: cursor.orders, more: false }

      const isNew = new Set([...sales.rows.map((row) => Number(row['id'])), ...own.rows.map((row) => Number(row['sale']))])
      const logged = new Set<number>()
      const deleted = new Map<number, string>()
      for (const row of log.rows) {
        const sold = /^POS (\d{1,10})$/.exec(row['comment'] ?? '')?.[1]
        const undo = /^Deleting sale (\d{1,10})$/.exec(row['comment'] ?? '')?.[1]
        if (sold !== undefined) logged.add(Number(sold))
        if (undo !== undefined) deleted.set(Number(undo), row['at'] ?? '')
      }
      const wasOpen = new Set(memory.list(OPEN, null, 2 * OPEN_MAX).map(({ key }) => idOf(key)))
      const alsoOpen = cursor.fresh ? await standingOpen(tx, hasOrders) : []
      const ids = [...new Set([...isNew, ...logged, ...deleted.keys(), ...wasOpen, ...alsoOpen])].sort((a, b) => a - b)

      const states = await readStates(tx, config, settings, ids, hasOrders)
      const steps = ids.map((saleId) => {
        const state = states.get(saleId) ?? null
        const told = notes.get(saleId)?.told ?? null
        // What stood open before the first reading is looked after from now on.
        const step = stepOf(state, { isNew: isNew.has(saleId) || alsoOpen.includes(saleId), wasOpen: wasOpen.has(saleId), logged: logged.has(saleId), deleted: deleted.has(saleId), told })
        return { saleId, state, told, step }
      })
      const facts = await readSales(tx, config, settings, steps.filter(({ step }) => ['sale', 'undone', 'done'].includes(step.tell)).map(({ saleId }) => saleId))

      const reading = { sales: [] as PosSale[], orders: [] as PosOrderChange[], remember: [] as Remembered[], refused: [] as PosRefusal[] }
      for (const saleId of back?.lost ?? []) reading.remember.push({ key: keyOf(TOLD, saleId), value: null })
      const newlyTold = steps.flatMap(({ saleId, told, step }) => ((step.keep === 'sale' || step.keep === 'over') && step.keep !== told ? [saleId] : []))
      const marks = await readMarks(tx, table, newlyTold)
      // Asked once: all that is read here is of one moment.
      const newestLog = newlyTold.length > 0 ? await newest(tx, table('inventory'), 'trans_id') : log.seen.high
      const now = toInstant(clock())
      const open = new Set(wasOpen)
      for (const { saleId, state, told, step } of steps) {
        const fact = facts.get(saleId)
        const refusalKey = `sales/${saleId}`
        if (fact && 'refused' in fact) {
          reading.refused.push({ key: refusalKey, reason: fact.refused, text: fact.text })
          // A date or a price is mended in the till without any sign.
          keepOpen(saleId, true)
          reading.remember.push({ key: keyOf('refused/', saleId), value: '1' })
          continue
        }
        if (fact && memory.get(keyOf('refused/', saleId)) !== null) {
          reading.refused.push({ key: refusalKey, reason: null, text: saleName(saleId) })
          reading.remember.push({ key: keyOf('refused/', saleId), value: null })
        }
        tell(state, step.tell, fact, deleted.get(saleId))
        keepOpen(saleId, step.keep === 'open')
        if ((step.keep === 'sale' || step.keep === 'over') && step.keep !== told) {
          const mark = marks.get(saleId)
          reading.remember.push({ key: keyOf(TOLD, saleId), value: JSON.stringify({ told: step.keep, log: newestLog, sales: sales.seen.high, ...(mark && { mark }) } satisfies Note) })
        }
      }
      const tillSales = [...open].filter((saleId) => states.get(saleId)?.web == null).sort((a, b) => b - a)
      for (const saleId of tillSales.slice(OPEN_MAX)) keepOpen(saleId, false)
      reading.remember.push(...forgotten(notes, log.seen.high, sales.seen.high).filter(({ key }) => !newlyTold.includes(idOf(key))))
      openNow = [...open]

      return {
        ...reading,
        cursor: writeCursor({ sales: sales.seen, log: log.seen, orders: own.seen }),
        touched: [...new Set(log.rows.map((row) => text(row, 'item')))],
        ...(back && { wentBack: back.words }),
        more: sales.more || log.more || own.more,
      }

      function keepOpen(saleId: number, isOpen: boolean): void {
        if (isOpen === open.has(saleId)) return
        if (isOpen) open.add(saleId)
        else open.delete(saleId)
        reading.remember.push({ key: keyOf(OPEN, saleId), value: isOpen ? '1' : null })
      }

      function tell(state: SaleState | null, what: (typeof steps)[number]['step']['tell'], fact: { sale: PosSale } | undefined, deletedAt: string | undefined): void {
        const web = state?.web ?? null
        const occurredAt = what === 'refused' ? now : (fact?.sale.occurredAt ?? now)
        if (what === 'refused' && web) reading.orders.push({ assignmentId: web.assignmentId, occurredAt, kind: 'refused', reason: 'out_of_stock' })
        if (what === 'done' && web) {
          if (web.shape === 'suspended') reading.orders.push({ assignmentId: web.assignmentId, occurredAt, kind: 'stock-fell' })
          reading.orders.push({ assignmentId: web.assignmentId, occurredAt, kind: 'progress', status: 'completed' })
        }
        if (!fact) return
        const sale = { ...fact.sale, assignmentId: web && !web.voided ? web.assignmentId : null }
        if (what === 'sale' || what === 'done') reading.sales.push(sale)
        if (what === 'undone') reading.sales.push(undone({ sale }, wallClockToInstant(deletedAt ?? '', settings.timeZone) ?? now))
      }
    },
  }

  /** What stands open as the connector comes to this till: suspended sales, and web orders not handed over. */
  async function standingOpen(tx: Tx, hasOrders: boolean): Promise<number[]> {
    const suspended = await rowsOf(tx, sql<Row>`SELECT sale_id AS id FROM ${table('sales')} WHERE sale_status = 1 ORDER BY sale_id DESC LIMIT ${OPEN_MAX}`)
    const unpaid = hasOrders ? await rowsOf(tx, sql<Row>`SELECT o.sale_id AS id FROM ${ownOrders} o JOIN ${table('sales')} s ON s.sale_id = o.sale_id
      JOIN ${table('sales_payments')} p ON p.sale_id = o.sale_id AND p.payment_type = o.payment
      WHERE o.shape = 'completed' AND o.voided = 0 AND s.sale_status = 0 ORDER BY o.sale_id DESC LIMIT ${OPEN_MAX}`) : []
    return [...suspended, ...unpaid].map((row) => Number(row['id']))
  }
}

/** `mark`: of what was told; an earlier version kept none. */
type Note = { told: Told; log: number; sales: number; mark?: Mark }
const readNote = (value: string): Note => JSON.parse(value) as Note

/** A sale is remembered while log rows of it may still come: those of its own transaction, and of a till that completes it once more. */
function forgotten(notes: ReadonlyMap<number, Note>, log: number, sales: number): Remembered[] {
  return [...notes].flatMap(([saleId, note]) => {
    const isOver = log >= note.log && (log >= note.log + LOG_WINDOW || sales >= note.sales + SALES_WINDOW)
    return isOver ? [{ key: keyOf(TOLD, saleId), value: null }] : []
  })
}

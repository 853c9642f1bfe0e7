import { sql, type RawBuilder } from 'kysely'
import { toInstant, type Clock } from '../../../contract/clock.ts'
import { hashSync } from '../../journal/digest-sync.ts'
import type { PosMemory, Remembered } from '../port.ts'
import { field, forgetOrders, ORDERS, readSteps, rememberState, stateIn, tellUnnamed, type OrderStates } from './order-steps.ts'
import type { Activity, ActivityRead, Goods, Row, Tx } from './ports.ts'
import { toSale, type SaleWords } from './sale-rows.ts'
import type { OrdersConfig, SalesConfig } from './sql-config.ts'
import { asTable, run } from './statement.ts'
import { hasOffset, wallClockToInstant, wentBackBy, writtenLike } from './wall-clock.ts'
import { markOf, readTold, signOf, standingOf, writeTold, type Mark, type Standing } from './went-back.ts'

/** Lines in one query. */
const PAGE_LINES = 2_000
/** Sales told in one reading. */
const SALES_MAX = 200
const TOLD = 't/'
/** Sales that could not be read, to be looked at again while readings still meet them. */
const REFUSED = 'x/'
const FORGET_PAGE = 1_000
const FORGET_EVERY_MS = 3_600_000
/** Sales of the overlap that were there before this connector came: as many as a cursor may carry. */
const KNOWN_MAX = 5_000

export type SqlActivityParts = { sales: SalesConfig | undefined; orders: OrdersConfig | undefined; goods: Goods; words: SaleWords; timeZone: string; clock: Clock }

type Time = Pick<SqlActivityParts, 'timeZone' | 'clock'>

/** `c`: the highest cursor told (null: none). `known`, `states`: what was there before this connector came, until its first reading has remembered it. */
type Position = { c: string | null; known?: string[]; states?: OrderStates }

/**
 * Sales and orders of a shop's own queries. Sales are read from the highest cursor told back by the overlap, for ids are given before their
 * sale is committed; what was told of that stretch is remembered. A sale that appears even later moves stock all the same, which the
 * comparison of all goods finds.
 */
export function sqlActivity({ sales, orders, goods, words, timeZone, clock }: SqlActivityParts): Activity {
  const time = { timeZone, clock }
  const readStates = async (tx: Tx): Promise<Row[]> => (orders ? (await run(tx, orders.changes, {})).rows : [])
  let forgottenAt: number | null = null
  const steps = orders && { orders, now: () => toInstant(clock()) }

  return {
    async signal(tx) {
      const ofSales = sales ? await window(tx, sales, time) : null
      return hashSync([ofSales, (await readStates(tx)).map((row) => [field(row, 'assignmentId'), field(row, 'state'), field(row, 'reason')])])
    },
    async head(tx) {
      const states = steps ? readSteps(await readStates(tx), () => null, steps).states : {}
      if (!sales) return JSON.stringify({ c: null, states } satisfies Position)
      const { newest, from } = await window(tx, sales, time)
      const known = newest === null ? [] : (await sql<Row>`SELECT DISTINCT s.${sql.ref(sales.columns.id)} AS id FROM ${asTable(sales.query)} s WHERE ${atOrAfter(sales, from)} LIMIT ${sql.lit(KNOWN_MAX)}`.execute(tx)).rows
      return JSON.stringify({ c: newest, known: known.map(({ id }) => id ?? ''), states } satisfies Position)
    },
    async read(tx, cursor, memory) {
      const position = cursor === null ? { c: null } : JSON.parse(cursor) as Position
      const ofSales = sales ? await readSales(tx, sales, position, memory, time, words) : { ...NOTHING, c: position.c }
      const ofOrders = steps ? readSteps(await readStates(tx), (id) => stateIn(memory.get(ORDERS + id)) ?? position.states?.[id] ?? null, steps) : { changes: [], states: {}, unnamed: [] }
      const at = clock()
      const unnamed = tellUnnamed(memory, ofOrders, at)
      // They are few and outlived slowly, so they are looked through now and then.
      const isDue = forgottenAt === null || at < forgottenAt || at - forgottenAt >= FORGET_EVERY_MS
      const outlived = isDue ? forgetOrders(memory, ofOrders.states, at) : []
      if (isDue) forgottenAt = at
      const skus = [...new Set(ofSales.sales.flatMap(({ lines }) => lines.map(({ sku }) => sku)))]
      const rows = skus.length === 0 ? [] : await goods.rowsBySku(tx, skus)
      return {
        cursor: JSON.stringify({ c: ofSales.c } satisfies Position), sales: ofSales.sales, orders: ofOrders.changes, touched: rows.map(({ key }) => key), refused: [...ofSales.refused, ...unnamed.refused], more: ofSales.more,
        ...(ofSales.wentBack === undefined ? {} : { wentBack: ofSales.wentBack }),
        remember: [...ofSales.remember, ...unnamed.remember, ...outlived, ...Object.entries({ ...position.states, ...ofOrders.states }).filter(([id, state]) => stateIn(memory.get(ORDERS + id)) !== state).map(([id, state]) => rememberState(id, state, at))],
      }
    },
  }
}

const NOTHING: Pick<ActivityRead, 'sales' | 'refused' | 'remember' | 'more' | 'wentBack'> = { sales: [], refused: [], remember: [], more: false }

/** A cursor as a whole number: an id, of which some have more digits than a float, or epoch seconds. Null when it is neither. */
function valueOf({ cursor }: SalesConfig, text: string, timeZone: string): bigint | null {
  const id = /^-?\d+/.exec(text.trim())?.[0]
  if (cursor.is === 'number') return id === undefined ? null : BigInt(id)
  const instant = wallClockToInstant(text, timeZone)
  return instant === null ? null : BigInt(Math.floor(Date.parse(instant) / 1000))
}

const HOUR_MS = 3_600_000

/**
 * How far the reading has come with this cursor. A sale that somebody dated in the future would carry it over all that is sold until then: of such a one no
 * further than this hour, whose beginning stands still while nothing happens.
 */
function reached(config: SalesConfig, cursor: string, { timeZone, clock }: Time): string {
  const now = clock()
  const isAhead = config.cursor.is === 'time' && (valueOf(config, cursor, timeZone) ?? 0n) * 1000n > BigInt(now)
  return isAhead ? writtenLike(cursor, now - now % HOUR_MS, timeZone) : cursor
}

/**
 * Where to begin reading when everything up to `newest` is known: the overlap before it. Null: at the beginning. In the hour that comes twice when the clocks go
 * back, times without an offset are given twice: then it begins as much earlier.
 */
function startOf(config: SalesConfig, newest: string | null, timeZone: string): string | null {
  const value = newest === null ? null : valueOf(config, newest, timeZone)
  if (newest === null || value === null) return null
  const from = value - BigInt(config.cursor.overlap)
  if (config.cursor.is === 'number') return String(from)
  const [at, fromMs] = [Number(value) * 1000, Number(from) * 1000]
  return writtenLike(newest, fromMs - (hasOffset(newest) ? 0 : wentBackBy(fromMs - HOUR_MS, at + HOUR_MS, timeZone)), timeZone)
}

/** How far behind the newest no reading looks any more. */
const keptBehind = ({ cursor }: SalesConfig): bigint => 2n * BigInt(cursor.overlap) + (cursor.is === 'time' ? BigInt(HOUR_MS / 1000) : 0n)

function atOrAfter(config: SalesConfig, from: string | null): RawBuilder<unknown> {
  if (from === null) return sql`1 = 1`
  const cursor = sql`s.${sql.ref(config.columns.cursor)}`
  return config.cursor.is === 'number' ? sql`${cursor} >= ${sql.raw(/^-?\d+/.exec(from)?.[0] ?? '0')}` : sql`${cursor} >= ${from}`
}

/** The newest cursor, and how much stands in the overlap before it: a late commit shows there. */
async function window(tx: Tx, config: SalesConfig, time: Time): Promise<{ newest: string | null; from: string | null; lines: string | null }> {
  const table = asTable(config.query)
  const found = (await sql<Row>`SELECT MAX(s.${sql.ref(config.columns.cursor)}) AS newest FROM ${table} s`.execute(tx)).rows[0]?.['newest'] ?? null
  const newest = found === null ? null : reached(config, found, time)
  const from = startOf(config, newest, time.timeZone)
  const count = (await sql<Row>`SELECT COUNT(*) AS n FROM ${table} s WHERE ${atOrAfter(config, from)}`.execute(tx)).rows[0]?.['n'] ?? null
  return { newest, from, lines: count }
}

async function readSales(tx: Tx, config: SalesConfig, position: Position, memory: PosMemory, time: Time, words: SaleWords) {
  const { timeZone } = time
  const { id, line, cursor } = config.columns
  const before: ReadonlySet<string> = new Set(position.known ?? [])
  const known = new Set(before)
  const restoredTo = await cameBackTo(tx, config, position.c, time)
  const toldBefore = entriesOf(memory, TOLD).map(({ key, value }) => ({ id: key.slice(TOLD.length), ...readTold(value) }))
  const valueAt = (at: string): bigint => valueOf(config, at, timeZone) ?? 0n
  const restoredValue = restoredTo === null ? null : valueAt(restoredTo)
  const unlearned = new Set(toldBefore.filter(({ at }) => restoredValue !== null && valueAt(at) > restoredValue).map(({ id: saleId }) => saleId))
  /** Of the sales told before, those that this reading met. */
  const met = new Map<string, Standing>()
  const isTold = (saleId: string): boolean => known.has(saleId) || (memory.get(TOLD + saleId) !== null && !unlearned.has(saleId))
  const told: Pick<ActivityRead, 'sales' | 'refused' | 'remember' | 'more' | 'wentBack'> & { c: string | null } = { sales: [], refused: [], remember: [], more: false, c: restoredTo ?? position.c }
  const names = [...new Set(Object.values(config.columns).filter((name) => name !== undefined))]
  const remember = (saleId: string, at: string, mark: Mark | null = null): void => void told.remember.push({ key: TOLD + saleId, value: writeTold(at, mark) })
  for (const saleId of unlearned) told.remember.push({ key: TOLD + saleId, value: null })
  for (const saleId of known) remember(saleId, position.c ?? '')

  const start = startOf(config, told.c, timeZone)
  for (let from = start, size = PAGE_LINES, done = 0; ;) {
    const { rows } = await sql<Row>`SELECT ${sql.join(names.map((name) => sql`s.${sql.ref(name)}`))} FROM ${asTable(config.query)} s WHERE ${atOrAfter(config, from)}
      ORDER BY s.${sql.ref(cursor)}, s.${sql.ref(id)}, s.${sql.ref(line)} LIMIT ${sql.lit(size)}`.execute(tx)
    const isLast = rows.length < size
    const sales = [...Map.groupBy(rows, (row) => row[id] ?? '')]
    // Of a full page the last cursor's sales may be cut off: they begin the next page.
    const cut = isLast ? null : rows.at(-1)?.[cursor] ?? null
    for (const [saleId, lines] of sales) {
      const at = lines[0]?.[cursor] ?? null
      if (at === null || at === cut) continue
      if (told.sales.length >= SALES_MAX) return { ...told, more: true, ...judged() }
      done += 1
      const mark = saleMark(lines, config)
      const was = unlearned.has(saleId) || known.has(saleId) ? null : memory.get(TOLD + saleId)
      if (was !== null) {
        const { mark: before } = readTold(was)
        met.set(saleId, standingOf(before, mark))
        if (met.get(saleId) === 'another') {
          unlearned.add(saleId)
          told.remember.push({ key: TOLD + saleId, value: null })
        } else if (before?.time !== mark.time || before.contents !== mark.contents) remember(saleId, at, mark)
      }
      // By its own cursor, which may be far ahead: it is forgotten when no reading meets it any more.
      if (before.has(saleId)) remember(saleId, at, mark)
      if (!isTold(saleId)) {
        const sale = toSale(saleId, lines, config, words)
        known.add(saleId)
        const wasRefused = memory.get(REFUSED + saleId) !== null
        if ('reason' in sale) {
          if (!wasRefused) told.refused.push(sale)
          if (!wasRefused) told.remember.push({ key: REFUSED + saleId, value: at })
        } else {
          told.sales.push(sale)
          remember(saleId, at, mark)
          if (wasRefused) told.refused.push({ key: `sales/${saleId}`, reason: null, text: '' })
          if (wasRefused) told.remember.push({ key: REFUSED + saleId, value: null })
        }
      }
      const here = reached(config, at, time)
      if (told.c === null || (valueOf(config, here, timeZone) ?? 0n) > (valueOf(config, told.c, timeZone) ?? 0n)) told.c = here
    }
    if (isLast) break
    if (cut !== null && cut !== from && done > 0) [from, size, done] = [cut, PAGE_LINES, 0]
    else size *= 2
  }
  const fresh = new Set(told.remember.flatMap(({ key, value }) => (value === null ? [] : key)))
  for (const prefix of [TOLD, REFUSED]) told.remember.push(...longPast(prefix, config, told.c, memory, timeZone).filter(({ key }) => !fresh.has(key)))
  return { ...told, ...judged(start) }

  /** Whether the POS went back. After all of it was read, what was not met is gone; where it lost all that is remembered, the next reading begins before that. */
  function judged(from?: string | null): Pick<ActivityRead, 'wentBack' | 'more'> & { c?: string } | null {
    const isRead = ({ at }: { at: string }): boolean => from !== undefined && (from === null || valueAt(at) >= valueAt(from))
    const sales = toldBefore.flatMap(({ id: saleId, at }) => (met.has(saleId) || isRead({ at }) ? { id: saleId, at: valueAt(at), now: met.get(saleId) ?? 'gone' as const } : []))
    const sign = signOf(sales)
    if (sign === null) return null
    for (const { id: saleId, now } of sales) if (now === 'gone') told.remember.push({ key: TOLD + saleId, value: null })
    const oldest = toldBefore.map(({ at }) => valueAt(at)).reduce((least, at) => (at < least ? at : least))
    const further = sign.beyond && from !== undefined && config.cursor.is === 'number'
    return { wentBack: sign.words, more: told.more || further, ...(further ? { c: String(oldest) } : {}) }
  }
}

/** When it was, and what was in it. */
const saleMark = (lines: readonly Row[], { columns: { at, sku, quantity, unitPrice, total } }: SalesConfig): Mark =>
  markOf(lines[0]?.[at] ?? null, [total === undefined ? null : lines[0]?.[total], ...lines.map((line) => [line[sku], line[quantity], line[unitPrice]])])

/** The newest id of a POS that came back from a backup and will give the ids beyond it again; else null. Dates are edited, and say nothing of that. */
async function cameBackTo(tx: Tx, config: SalesConfig, reached: string | null, time: Time): Promise<string | null> {
  if (config.cursor.is !== 'number' || reached === null) return null
  const { newest } = await window(tx, config, time)
  // Where there is none any more, they begin anew with the first.
  const value = newest === null ? 0n : valueOf(config, newest, time.timeZone)
  return value !== null && value < (valueOf(config, reached, time.timeZone) ?? value) ? newest ?? '0' : null
}

/** What was told so long ago that no reading looks there again. */
function longPast(prefix: string, config: SalesConfig, newest: string | null, memory: PosMemory, timeZone: string): Remembered[] {
  const value = newest === null ? null : valueOf(config, newest, timeZone)
  if (value === null) return []
  return entriesOf(memory, prefix).filter((entry) => (valueOf(config, readTold(entry.value).at, timeZone) ?? 0n) < value - keptBehind(config)).map(({ key }) => ({ key, value: null }))
}

function entriesOf(memory: PosMemory, prefix: string): Remembered<string>[] {
  const entries: Remembered<string>[] = []
  for (let after: string | null = null; ;) {
    const page = memory.list(prefix, after, FORGET_PAGE)
    entries.push(...page)
    if (page.length < FORGET_PAGE) return entries
    after = page.at(-1)?.key ?? null
  }
}

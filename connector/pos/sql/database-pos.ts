import type { Assignment } from '../../../contract/assignment.ts'
import type { Clock } from '../../../contract/clock.ts'
import type { Pos, PosCapabilities, PosChanges, PosMemory, PosWrite, Remembered } from '../port.ts'
import { compareGoods, doubtAll } from './compare-goods.ts'
import { DatabaseFault } from './database-fault.ts'
import type { Activity, Connection, Goods, OrderBook } from './ports.ts'
import { inWordsOfTheTill } from './plain-words.ts'
import { chunks, KEYS_MAX, levelsOf, readKeys, readPage, readWanted } from './read-goods.ts'
import { createScan } from './scan.ts'
import { withTriggers } from './triggers.ts'

export type DatabasePosParts = {
  connection: Connection
  capabilities: Pick<PosCapabilities, 'name' | 'stockFallsAt' | 'duplicates'>
  goods: Goods
  activity: Activity
  /** `null`: this POS takes no web orders. */
  orders: OrderBook | null
  memory: PosMemory
  clock: Clock
  /** `everyMs`: how often all goods are compared at the most; 0: with every reading, whatever it costs the database (for tests). `share`: of one of the database's cores. */
  scan?: { everyMs?: number; share?: number }
}

/** About as many facts as one call to the edge carries. */
const FACTS_MAX = 500
/** A reading that starts over forgets this many entries at once. */
const FORGET_MAX = 5_000
/** A cursor is that of the activity; this one says that the memory is being emptied first. */
const STARTING_OVER = 'starting-over'
const AT = 'at:'
const ACTIVITY = 'a/'
/** Another store may have the goods, and nobody here can mend it for this order. */
const NO_ORDERS: PosWrite = { ok: false, reason: 'store_closed', detail: 'this store takes no web orders: its POS is only read (pos.orders)' }

/** A POS in a SQL database behind the port: the fast lane of its activity, and the comparison of all goods as the truth. */
export function createDatabasePos({ connection, capabilities, goods, activity: ownActivity, orders, memory, clock, scan: pace = {} }: DatabasePosParts): Pos {
  const activity = withTriggers(ownActivity, connection)
  const scan = createScan({ goods, memory, connection, ...pace, clock })
  const own = under(memory, ACTIVITY)
  let quietSignal: string | null = null
  let moreActivity = false
  /** What this connector wrote itself and has not read since: SKUs, by the number of the write. */
  const written = new Map<number, string[]>()
  let writes = 0

  /** A reason to look sooner, if the database gives one: what it cannot tell, it need not. */
  const hint = async (): Promise<string | null> => (goods.tables === undefined ? null : await connection.writeHint?.(goods.tables).catch(() => null) ?? null)
  const noteWrite = (skus: readonly string[]): void => void written.set(writes += 1, [...skus])

  const read = async (cursor: string | null): Promise<PosChanges> => {
    const mine = new Map(written)
    const hinted = await hint()
    return connection.read(async (tx) => {
      const signal = await activity.signal(tx)
      const told = await activity.read(tx, cursor, own)
      const comparison = compareGoods(memory)
      await readKeys(tx, goods, told.touched, comparison)
      for (const skus of chunks([...new Set([...mine.values()].flat())], KEYS_MAX)) for (const row of await goods.rowsBySku(tx, skus)) comparison.row(row)
      // What the till did is told first: most hints are of just that, and a look at all goods would keep it waiting.
      const isWaiting = told.touched.length + told.sales.length + told.orders.length + mine.size > 0
      const rowsLeft = await scan.read(tx, comparison, Math.max(1, FACTS_MAX - told.sales.length - told.orders.length), isWaiting ? null : hinted)
      await readWanted(tx, goods, comparison)
      const { remember, refused, ...found } = comparison.result()
      quietSignal = told.more ? null : signal
      moreActivity = told.more
      for (const number of mine.keys()) written.delete(number)
      return {
        cursor: AT + told.cursor, ...found, sales: told.sales, orders: told.orders, ...(told.wentBack === undefined ? {} : { wentBack: told.wentBack }),
        remember: [...remember, ...told.remember.map(({ key, value }) => ({ key: ACTIVITY + key, value }))],
        refused: [...told.refused, ...refused], more: told.more || rowsLeft,
      }
    })
  }

  return {
    capabilities: {
      ...capabilities, takesOrders: orders !== null, seesDeletes: true, changes: 'snapshot',
      get seenAfterMs() {
        return scan.lateMs()
      },
    },

    async mayHaveChanged() {
      if (written.size > 0 || moreActivity || quietSignal === null) return true
      const hinted = await hint()
      return connection.read(async (tx) => await activity.signal(tx) !== quietSignal || await scan.differs(tx, hinted))
    },

    async readChanges(cursor) {
      if (cursor?.startsWith(AT)) return read(cursor.slice(AT.length))
      scan.startOver()
      const entries = memory.list('', null, FORGET_MAX)
      if (entries.length === 0) return read(null)
      return { cursor: STARTING_OVER, items: [], removed: [], levels: [], sales: [], orders: [], remember: entries.map(({ key }): Remembered => ({ key, value: null })), more: true }
    },

    currentCursor: () => connection.read(async (tx) => AT + await activity.head(tx)),
    readSnapshot: (afterSku, limit) => connection.read((tx) => readPage(tx, goods, memory, afterSku, limit)),
    readLevels: (skus) => connection.read(async (tx) => {
      const rows = []
      for (const some of chunks([...new Set(skus)], KEYS_MAX)) rows.push(...await goods.rowsBySku(tx, some))
      return levelsOf(rows, memory)
    }),

    findOrder: async (assignmentId) => (orders === null ? null : connection.read((tx) => orders.find(tx, assignmentId))),

    async writeOrder(assignment) {
      if (orders === null) return NO_ORDERS
      const skus = assignment.lines.map(({ sku }) => sku)
      try {
        const write = await inWordsOfTheTill(assignment, (words) => writeOnce(connection, orders, words))
        if (write.ok) noteWrite(skus)
        return write
      } catch (error) {
        // Nothing of it stays, and it would fail the same way each time: a person mends the configuration or the order.
        if (error instanceof DatabaseFault && error.kind === 'data') return { ok: false, reason: 'invalid', detail: error.message }
        // It may have been written all the same: the commit's answer was lost.
        noteWrite(skus)
        throw error
      }
    },

    async voidOrder(assignmentId) {
      if (orders === null) return 'absent'
      noteWrite([])
      const answer = await connection.write(async (tx) => {
        const answer = await orders.void(tx, assignmentId)
        if (answer === 'refused') throw new VoidRefused('refused')
        return answer
      }).catch((error: unknown) => {
        if (error instanceof VoidRefused) return 'refused' as const
        throw error
      })
      noteWrite([])
      return answer
    },

    staffStep: async () => 'desk-only',
    lookAnew: () => doubtAll(memory),
    close: () => connection.close(),
  }
}

/** A refusal rolls back: what was written until it was found is as if it had not been. */
class Refusal extends Error {
  readonly write: PosWrite
  constructor(write: PosWrite) {
    super('refused')
    this.write = write
  }
}

/** As with a write: what stood in the way may have been found after some of it was done. */
class VoidRefused extends Error {
  override name = 'VoidRefused'
}

/** Looked up and written in one transaction: whoever comes second finds what the first wrote. */
async function writeOnce(connection: Connection, orders: OrderBook, assignment: Assignment): Promise<PosWrite> {
  const attempt = (): Promise<PosWrite> => connection.write(async (tx) => {
    const found = await orders.find(tx, assignment.assignmentId)
    if (found?.state === 'void') return { ok: false, reason: 'invalid', detail: `${found.posReference} had this reference and was taken back or refused` }
    if (found) return { ok: true, posReference: found.posReference, stockFell: found.stockFell }
    const write = await orders.write(tx, assignment)
    if (!write.ok) throw new Refusal(write)
    return write
  })
  try {
    return await attempt()
  } catch (error) {
    if (error instanceof Refusal) return error.write
    // Two writers met: the other one's order is there now.
    if (error instanceof DatabaseFault && error.kind === 'duplicate') {
      return attempt().catch((again: unknown) => {
        if (again instanceof Refusal) return again.write
        throw again
      })
    }
    throw error
  }
}

/** The part of the memory that is one reader's own. */
function under(memory: PosMemory, prefix: string): PosMemory {
  return {
    get: (key) => memory.get(prefix + key),
    list: (inner, after, limit) => memory.list(prefix + inner, after === null ? null : prefix + after, limit).map(({ key, value }) => ({ key: key.slice(prefix.length), value })),
  }
}

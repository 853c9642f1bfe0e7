import { systemClock, type Clock } from '../../../contract/clock.ts'
import type { Pos, PosMemory } from '../port.ts'
import { openConnection } from './connection.ts'
import type { ConnectionTarget } from './connection-config.ts'
import { DatabaseFault } from './database-fault.ts'
import { createDatabasePos } from './database-pos.ts'
import { sqlActivity } from './sql-activity.ts'
import { ZONE_LEFT_OUT, type SqlConfig } from './sql-config.ts'
import { sqlGoods } from './sql-goods.ts'
import { ownTable, sqlOrders } from './sql-orders.ts'

/** Where the database of a configuration is. */
export function targetOf(config: SqlConfig): ConnectionTarget {
  switch (config.dialect) {
    case 'mysql': return { dialect: 'mysql', ...config.connection }
    case 'postgres': return { dialect: 'postgres', ...config.connection }
    case 'sqlite': return { dialect: 'sqlite', ...config.connection }
  }
}

/** A POS that its configuration describes by queries. */
export function openSqlPos(config: SqlConfig, memory: PosMemory, clock: Clock = systemClock): Pos {
  const connection = openConnection(targetOf(config))
  const { currency, timeZone = ZONE_LEFT_OUT, sales, orders: book } = config
  const goods = { ...sqlGoods(config.goods, config.dialect, currency), tables: config.watch.map(({ table }) => table) }
  const unit = config.sales?.columns.unit
  const unitOf = (word: string | null) => (word === null ? config.goods.fixed.unit : config.goods.units[word.trim()] ?? null)
  const pos = createDatabasePos({
    connection, memory, clock, goods, scan: config.scan,
    capabilities: { name: config.name, stockFallsAt: book?.stockFallsAt ?? 'accept', duplicates: 'never' },
    activity: sqlActivity({ sales, orders: book, goods, timeZone, clock, words: { currency, timeZone, prefix: '', unitOf: (row) => unitOf(unit === undefined ? null : row[unit] ?? null) } }),
    orders: book ? sqlOrders({ config: book, goods, timeZone, clock }) : null,
  })
  if (!book?.ownTable) return pos
  let made = false
  const withTable = async <T>(work: () => Promise<T>): Promise<T> => {
    if (!made) await connection.write((tx) => ownTable(config.dialect).execute(tx))
    made = true
    try {
      return await work()
    } catch (error) {
      // Not there any more, as after a backup from before it was made: this try fails, and the next one makes it.
      if (error instanceof DatabaseFault && error.kind === 'no-table') made = false
      throw error
    }
  }
  return {
    ...pos,
    get capabilities() {
      return pos.capabilities
    },
    mayHaveChanged: () => withTable(pos.mayHaveChanged),
    readChanges: (cursor) => withTable(() => pos.readChanges(cursor)),
    currentCursor: () => withTable(pos.currentCursor),
    findOrder: (assignmentId) => withTable(() => pos.findOrder(assignmentId)),
    writeOrder: (assignment) => withTable(() => pos.writeOrder(assignment)),
    voidOrder: (assignmentId) => withTable(() => pos.voidOrder(assignmentId)),
  }
}

import type { WantedStatement, WantedStatements } from '../wanted-statement.ts'
import type { SqlConfig } from './sql-config.ts'
import { OWN_TABLE, ownTableText } from './sql-orders.ts'

/** Every statement of a configuration with its place in it, as `check` names places. */
export function sqlStatements({ dialect, goods, sales, orders }: SqlConfig): WantedStatements {
  const statements: WantedStatement[] = [
    { place: 'pos.goods.query', text: goods.query, answer: { columns: named(goods.columns), place: 'pos.goods.columns', asTable: true } },
    ...(goods.barcodes ? [{ place: 'pos.goods.barcodes.query', text: goods.barcodes.query, answer: { columns: [goods.barcodes.key, goods.barcodes.barcode], place: 'pos.goods.barcodes', asTable: true } }] : []),
    ...(sales ? [{ place: 'pos.sales.query', text: sales.query, answer: { columns: named(sales.columns), place: 'pos.sales.columns', asTable: true } }] : []),
  ]
  if (!orders) return { statements, ownTable: null }
  const gives = (...columns: string[]): Pick<WantedStatement, 'answer'> => ({ answer: { columns, asTable: false } })
  const stock = orders.stock ?? []
  statements.push(
    { place: 'pos.orders.find', text: orders.find, ...gives('reference', 'state') },
    ...stock.map((text, index) => ({ place: `pos.orders.stock${stock.length === 1 ? '' : `.${index}`}`, text, ...(index === stock.length - 1 ? gives('onHand') : {}) })),
    ...orders.write.map(({ run: text, as }, index) => ({ place: `pos.orders.write.${index}.run`, text, ...(as === undefined ? {} : { givesId: true }) })),
    ...(orders.void ?? []).map(({ run: text, as }, index) => ({ place: `pos.orders.void.${index}.run`, text, ...(as === undefined ? {} : { givesId: true }) })),
    ...(orders.lines === undefined ? [] : [{ place: 'pos.orders.lines', text: orders.lines, ...gives('sku', 'quantity') }]),
    { place: 'pos.orders.changes', text: orders.changes, ...gives('assignmentId', 'state') },
  )
  if (!orders.ownTable) return { statements, ownTable: null }
  statements.push(
    { place: `INSERT on ${OWN_TABLE}`, text: `INSERT INTO ${OWN_TABLE} (assignment_id, pos_reference) VALUES (:assignmentId, '')` },
    { place: `UPDATE on ${OWN_TABLE}`, text: `UPDATE ${OWN_TABLE} SET pos_reference = :reference WHERE assignment_id = :assignmentId` },
  )
  return { statements, ownTable: { name: OWN_TABLE, create: ownTableText(dialect) } }
}

const named = (columns: Record<string, string | undefined>): string[] => [...new Set(Object.values(columns).filter((name) => name !== undefined))]

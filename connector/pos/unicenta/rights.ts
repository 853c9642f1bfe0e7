import { statementsOf, type TableRight, type WantedStatement, type WantedStatements } from '../wanted-statement.ts'
import type { UnicentaConfig } from './unicenta-config.ts'

const READ: readonly TableRight[] = [
  { table: 'locations', select: ['id', 'name'] },
  { table: 'categories', select: ['id', 'name'] },
  ...['taxes', 'products', 'products_cat', 'stockcurrent', 'stockdiary', 'closedcash', 'receipts', 'tickets', 'ticketlines', 'payments', 'taxlines'].map((table): TableRight => ({ table, select: 'all' })),
]

/** What web orders need beyond reading, table by table, with the columns that are written: as the GRANT scripts have it, which a test compares. */
const ORDERS: readonly TableRight[] = [
  { table: 'people', select: ['id', 'name', 'visible'] },
  { table: 'receipts', insert: ['id', 'money', 'datenew', 'attributes', 'person'] },
  { table: 'tickets', insert: ['id', 'tickettype', 'ticketid', 'person', 'customer', 'status'], update: ['status'] },
  { table: 'ticketlines', insert: ['ticket', 'line', 'product', 'attributesetinstance_id', 'units', 'price', 'taxid', 'attributes'] },
  { table: 'payments', insert: ['id', 'receipt', 'payment', 'total', 'transid', 'notes', 'tendered'] },
  { table: 'taxlines', insert: ['id', 'receipt', 'taxid', 'base', 'amount'] },
  { table: 'stockdiary', insert: ['id', 'datenew', 'reason', 'location', 'product', 'attributesetinstance_id', 'units', 'price', 'appuser'] },
]
const STOCK = ['location', 'product', 'attributesetinstance_id', 'units'] as const
const NUMBERS = ['ticketsnum', 'ticketsnum_refund'] as const

type Rights = Pick<UnicentaConfig, 'dialect' | 'orders'>

/** The rights of a connector with this configuration. */
export function unicentaRights({ dialect, orders }: Rights): TableRight[] {
  if (orders === 'none') return [...READ]
  return dialect === 'mysql'
    ? [...READ, ...ORDERS, { table: 'stockcurrent', insert: STOCK, update: ['units'] }, ...NUMBERS.map((table): TableRight => ({ table, select: 'all', update: ['id'] }))]
    // All of its columns: there the table is locked as a whole.
    : [...READ, ...ORDERS, { table: 'stockcurrent', insert: STOCK, update: STOCK }]
}

export function unicentaStatements(config: Rights): WantedStatements {
  const numbers: WantedStatement[] = config.dialect === 'postgres' && config.orders !== 'none' ? NUMBERS.map((name) => ({ place: `USAGE on ${name}`, text: `SELECT nextval('${name}')` })) : []
  return { statements: [...unicentaRights(config).flatMap(statementsOf), ...numbers], ownTable: null, known: { pos: 'uniCenta oPOS', tables: READ.map(({ table }) => table), place: 'pos.connection.database', grants: `grants-unicenta-${config.dialect}` } }
}

import { statementsOf, type TableRight, type WantedStatements } from '../wanted-statement.ts'
import { CREATE_ORDER_TABLE, ORDER_TABLE } from './order-table.ts'
import type { OsposConfig } from './ospos-config.ts'

const READ = ['app_config', 'stock_locations', 'items', 'items_taxes', 'item_quantities', 'inventory', 'sales', 'sales_items', 'sales_items_taxes', 'sales_payments']

/** What web orders need beyond reading, table by table, with the columns that are written: as grants.sql has it, which a test compares. */
const ORDERS: readonly TableRight[] = [
  { table: 'employees', select: ['person_id', 'deleted'] },
  { table: 'sales', insert: ['sale_time', 'customer_id', 'employee_id', 'comment', 'invoice_number', 'quote_number', 'work_order_number', 'sale_status', 'sale_type'], update: ['sale_status'] },
  { table: 'sales_items', insert: ['sale_id', 'item_id', 'description', 'serialnumber', 'line', 'quantity_purchased', 'item_cost_price', 'item_unit_price', 'discount', 'discount_type', 'item_location', 'print_option'] },
  { table: 'sales_items_taxes', insert: ['sale_id', 'item_id', 'line', 'name', 'percent', 'tax_type', 'rounding_code', 'cascade_sequence', 'item_tax_amount'] },
  { table: 'sales_taxes', insert: ['sale_id', 'tax_type', 'tax_group', 'sale_tax_basis', 'sale_tax_amount', 'print_sequence', 'name', 'tax_rate', 'rounding_code'] },
  { table: 'sales_payments', insert: ['sale_id', 'payment_type', 'payment_amount', 'cash_refund', 'cash_adjustment', 'employee_id', 'reference_code'] },
  { table: 'inventory', insert: ['trans_items', 'trans_user', 'trans_date', 'trans_comment', 'trans_location', 'trans_inventory'] },
  { table: 'item_quantities', insert: ['item_id', 'location_id', 'quantity'], update: ['quantity'] },
]

const OWN: TableRight = {
  table: ORDER_TABLE, select: 'all', insert: ['order_id', 'sale_id', 'location_id', 'shape', 'payment', 'demand', 'settled'], update: ['voided', 'settled'],
}

/** The rights of a connector with this configuration. */
export function osposRights({ prefix, orders }: Pick<OsposConfig, 'prefix' | 'orders'>): TableRight[] {
  const reading: TableRight[] = READ.map((table) => ({ table, select: 'all' }))
  const tills = (orders === 'none' ? reading : [...reading, ...ORDERS]).map((right) => ({ ...right, table: prefix + right.table }))
  return orders === 'none' ? tills : [...tills, OWN]
}

export const osposStatements = (config: Pick<OsposConfig, 'prefix' | 'orders'>): WantedStatements => ({
  statements: osposRights(config).flatMap(statementsOf),
  ownTable: config.orders === 'none' ? null : { name: ORDER_TABLE, create: CREATE_ORDER_TABLE },
  known: { pos: 'Open Source POS', tables: READ.map((table) => config.prefix + table), place: 'pos.connection.database and pos.prefix', grants: 'grants-ospos' },
})

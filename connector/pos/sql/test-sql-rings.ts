import { sql } from 'kysely'
import { lineTaxMinor, lineTotalMinor } from '../../../contract/money.ts'
import { scaled, unscaled } from './decimal.ts'
import type { Connection, Dialect, Row, Tx } from './ports.ts'

export const measure = (quantity: number, unit: string | null): string => unscaled(quantity, unit === 'kg' ? 3 : 0)

type Basket = readonly { sku: string; quantity: number }[]

/** Rings a basket up as a till does: the bill, its lines, the shelf, in one transaction. */
export async function ringUp(connection: Connection, basket: Basket, sign: 1 | -1 = 1): Promise<void> {
  await connection.write(async (tx) => {
    const bill = await idOf(tx, sql`INSERT INTO bills (sold_at, state) VALUES ('2026-05-01 10:00:00', 1)`, connection.dialect)
    let total = 0
    for (const [index, { sku, quantity }] of basket.entries()) {
      const { rows: [goods] } = await sql<Row>`SELECT id, price, unit, tax FROM goods WHERE code = ${sku}`.execute(tx)
      const qty = measure(sign * quantity, goods?.['unit'] ?? null)
      await sql`INSERT INTO bill_lines (bill_id, n, code, qty, price, unit) VALUES (${bill}, ${index + 1}, ${sku}, ${qty}, ${goods?.['price']}, ${goods?.['unit']})`.execute(tx)
      await sql`UPDATE shelf SET qty = qty - ${qty} WHERE goods_id = ${goods?.['id']}`.execute(tx)
      const line = lineTotalMinor(scaled(goods?.['price'] ?? '', 2) ?? 0, sign * quantity, goods?.['unit'] === 'kg' ? 'g' : 'each')
      total += line + lineTaxMinor(line, goods?.['tax'] ?? '0', false)
    }
    await sql`UPDATE bills SET total = ${unscaled(total, 2)} WHERE id = ${bill}`.execute(tx)
  })
}

export async function idOf(tx: Tx, insert: ReturnType<typeof sql>, dialect: Dialect): Promise<string> {
  const { rows, insertId } = await sql<Row>`${insert}${sql.raw(dialect === 'postgres' ? ' RETURNING id' : '')}`.execute(tx)
  return rows[0]?.['id'] ?? String(insertId)
}

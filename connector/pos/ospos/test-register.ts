import type { Connection, ResultSetHeader, RowDataPacket } from 'mysql2/promise'

/** A line in the register; `quantity` as the till counts. */
export type CartLine = { item: number; quantity: number; price?: string; discount?: string; discountType?: 'percent' | 'each' }
export type Completing = { type?: number; times?: number; at?: string; keepTaxes?: boolean }

const EMPLOYEE = 2

/**
 * The register of the till, for tests: what its screens do to the tables, statement by statement in its order, with its arithmetic and its
 * weaknesses. `now` is the till's wall clock.
 */
export class Register {
  readonly db: Connection
  readonly location: number
  now = '2026-05-01 08:00:00'

  constructor(db: Connection, location = 1) {
    this.db = db
    this.location = location
  }

  async rows(sql: string, values: unknown[] = []): Promise<RowDataPacket[]> {
    return (await this.db.query<RowDataPacket[]>(sql, values))[0]
  }

  async insert(sql: string, values: unknown[] = []): Promise<number> {
    return (await this.db.query<ResultSetHeader>(sql, values))[0].insertId
  }

  async setting(key: string): Promise<string> {
    return String((await this.rows('SELECT value FROM ospos_app_config WHERE `key` = ?', [key]))[0]?.['value'] ?? '')
  }

  /** A sale or a return rung up and paid in cash. */
  async sell(cart: CartLine[], { type = 0, at = this.now }: Completing = {}): Promise<number> {
    return this.#inTransaction(async () => {
      const saleId = await this.#insertSale(0, type, at)
      await this.#saveLines(saleId, cart, true, null)
      return saleId
    })
  }

  /** The register put aside. Its sale gets an id, and takes nothing off the shelf. */
  async suspend(cart: CartLine[], { type = 0, at = this.now }: Completing = {}): Promise<number> {
    return this.#inTransaction(async () => {
      const saleId = await this.#insertSale(1, type, at)
      await this.#saveLines(saleId, cart, false, null)
      return saleId
    })
  }

  /** A suspended sale taken up again and completed: same id, new time, its lines deleted (outside the transaction) and written anew. `times` 2 is the cashier who pressed twice. */
  async complete(saleId: number, { at = this.now, times = 1 }: Completing = {}): Promise<void> {
    const cart = (await this.rows('SELECT * FROM ospos_sales_items WHERE sale_id = ? ORDER BY line', [saleId]))
      .map((row): CartLine => ({ item: Number(row['item_id']), quantity: Number(row['quantity_purchased']), price: String(row['item_unit_price']), discount: String(row['discount']), discountType: row['discount_type'] === 0 ? 'percent' : 'each' }))
    const taxes = await this.rows('SELECT item_id, name, percent FROM ospos_sales_items_taxes WHERE sale_id = ?', [saleId])
    for (let time = 0; time < times; time += 1) {
      for (const table of ['sales_payments', 'sales_items_taxes', 'sales_items', 'sales_taxes']) await this.db.query(`DELETE FROM ospos_${table} WHERE sale_id = ?`, [saleId])
      await this.#inTransaction(async () => {
        await this.db.query('UPDATE ospos_sales SET sale_time = ?, employee_id = ?, invoice_number = NULL, sale_status = 0 WHERE sale_id = ?', [at, EMPLOYEE, saleId])
        await this.#saveLines(saleId, cart, true, taxes)
      })
    }
  }

  /** The trash can in the takings, or cancel in the register. */
  async cancel(saleId: number): Promise<void> {
    await this.#inTransaction(async () => {
      const [sale] = await this.rows('SELECT sale_status FROM ospos_sales WHERE sale_id = ?', [saleId])
      if (sale?.['sale_status'] === 0) {
        for (const line of await this.rows('SELECT l.* FROM ospos_sales_items l JOIN ospos_items i USING (item_id) WHERE sale_id = ? AND i.stock_type = 0', [saleId])) {
          await this.log(Number(line['item_id']), Number(line['quantity_purchased']), `Deleting sale ${saleId}`)
          await this.db.query('UPDATE ospos_item_quantities SET quantity = quantity + ? WHERE item_id = ? AND location_id = ?', [line['quantity_purchased'], line['item_id'], line['item_location']])
        }
      }
      await this.db.query('UPDATE ospos_sales SET sale_status = 2 WHERE sale_id = ?', [saleId])
    })
  }

  /** The form of a finished sale: its payment type is chosen anew. */
  async setPayment(saleId: number, type: string): Promise<void> {
    await this.db.query('UPDATE ospos_sales_payments SET payment_type = ? WHERE sale_id = ?', [type, saleId])
  }

  /** An item deleted: every quantity zero, and a line in the log for one place only. */
  async deleteItem(item: number, loggedAt = this.location): Promise<void> {
    await this.#inTransaction(async () => {
      await this.db.query('UPDATE ospos_item_quantities SET quantity = 0 WHERE item_id = ?', [item])
      await this.db.query('UPDATE ospos_items SET deleted = 1 WHERE item_id = ?', [item])
      await this.log(item, 0, 'Deleted', loggedAt)
    })
  }

  /** The item form: the quantity it shows is written as it is, and not in a transaction. */
  async saveQuantity(item: number, quantity: number, location = this.location): Promise<void> {
    await this.db.query('INSERT INTO ospos_item_quantities VALUES (?, ?, ?) ON DUPLICATE KEY UPDATE quantity = VALUES(quantity)', [item, location, quantity])
    await this.log(item, quantity, 'Manual Edit of Quantity', location)
  }

  async log(item: number, quantity: number, comment: string, location = this.location): Promise<void> {
    await this.db.query('INSERT INTO ospos_inventory (trans_items, trans_user, trans_date, trans_comment, trans_location, trans_inventory) VALUES (?, ?, ?, ?, ?, ?)', [item, EMPLOYEE, this.now, comment, location, quantity])
  }

  /** What the till's list of takings shows as the total of a sale. */
  async takings(saleId: number): Promise<string> {
    const [row] = await this.rows(`SELECT ROUND(SUM(CASE WHEN discount_type = 0 THEN quantity_purchased * item_unit_price - ROUND(quantity_purchased * item_unit_price * discount / 100, 2)
        ELSE quantity_purchased * (item_unit_price - discount) END), 2) + (SELECT COALESCE(SUM(ROUND(item_tax_amount, 2)), 0) FROM ospos_sales_items_taxes t WHERE t.sale_id = ? AND tax_type = 1) AS total
      FROM ospos_sales_items WHERE sale_id = ?`, [saleId, saleId])
    return Number(row?.['total']).toFixed(2)
  }

  #insertSale(status: number, type: number, at: string): Promise<number> {
    return this.insert('INSERT INTO ospos_sales (sale_time, employee_id, comment, sale_status, sale_type) VALUES (?, ?, ?, ?, ?)', [at, EMPLOYEE, '', status, type])
  }

  /** `taxes`: those of the sale as it was suspended, looked up by item, as the till does; else those of the item. */
  async #saveLines(saleId: number, cart: CartLine[], takesStock: boolean, taxes: RowDataPacket[] | null): Promise<void> {
    const included = !['', '0'].includes(await this.setting('tax_included'))
    await this.db.query('INSERT INTO ospos_sales_payments (sale_id, payment_type, payment_amount, employee_id) VALUES (?, ?, ?, ?)', [saleId, 'Cash', 0, EMPLOYEE])
    for (const [index, { item, quantity, price, discount = '0', discountType = 'percent' }] of cart.entries()) {
      const [row] = await this.rows('SELECT * FROM ospos_items WHERE item_id = ?', [item])
      const unitPrice = price ?? String(row?.['unit_price'])
      const line = index + 1
      await this.db.query(`INSERT INTO ospos_sales_items (sale_id, item_id, description, serialnumber, line, quantity_purchased, item_cost_price, item_unit_price, discount, discount_type, item_location)
        VALUES (?, ?, '', '', ?, ?, ?, ?, ?, ?, ?)`, [saleId, item, line, quantity, row?.['cost_price'], unitPrice, discount, discountType === 'percent' ? 0 : 1, this.location])
      if (row?.['stock_type'] === 0 && takesStock) {
        await this.db.query('INSERT INTO ospos_item_quantities VALUES (?, ?, ?) ON DUPLICATE KEY UPDATE quantity = quantity + VALUES(quantity)', [item, this.location, -quantity])
        await this.log(item, -quantity, `POS ${saleId}`)
      }
      const net = discountType === 'percent' ? quantity * Number(unitPrice) * (1 - Number(discount) / 100) : quantity * (Number(unitPrice) - Number(discount))
      const rates = taxes?.filter((tax) => tax['item_id'] === item) ?? await this.rows('SELECT name, percent FROM ospos_items_taxes WHERE item_id = ?', [item])
      for (const { name, percent } of rates) {
        const basis = Math.round(net * 100 + Number.EPSILON) / 100
        const tax = included ? basis - basis / (1 + Number(percent) / 100) : Math.round(basis * Number(percent) + 1e-7) / 100
        await this.db.query(`INSERT INTO ospos_sales_items_taxes (sale_id, item_id, line, name, percent, tax_type, item_tax_amount) VALUES (?, ?, ?, ?, ?, ?, ?)`, [saleId, item, line, name, percent, included ? 0 : 1, tax])
      }
    }
  }

  async #inTransaction<T>(work: () => Promise<T>): Promise<T> {
    await this.db.beginTransaction()
    try {
      const done = await work()
      await this.db.commit()
      return done
    } catch (error) {
      await this.db.rollback()
      throw error
    }
  }
}

/**
 * A cashier in a process of its own, for tests: rings up the same basket again and again. The server comes as JSON in CASHIER_DATABASE.
 * node test-cashier.ts TIMES ITEM=QUANTITY…
 */
import mysql, { type ConnectionOptions } from 'mysql2/promise'
import { Register } from './test-register.ts'

const [times = '0', ...words] = process.argv.slice(2)
const db = await mysql.createConnection(JSON.parse(process.env['CASHIER_DATABASE'] ?? '{}') as ConnectionOptions)
const register = new Register(db)
const cart = words.map((word) => {
  const [item = '', quantity = ''] = word.split('=')
  return { item: Number(item), quantity: Number(quantity) }
})
for (let sold = 0; sold < Number(times); sold += 1) await register.sell(cart)
await db.end()

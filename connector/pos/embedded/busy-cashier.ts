/**
 * A cashier in a process of its own, for tests: rings up the same basket again and again.
 * node busy-cashier.ts FILE TIMES SKU=QUANTITY…
 */
import { systemClock } from '../../../contract/clock.ts'
import { openTillFile } from './schema.ts'
import { sell } from './till.ts'

const [file = '', times = '0', ...basketWords] = process.argv.slice(2)
const basket = basketWords.map((word) => {
  const [sku = '', quantity = ''] = word.split('=')
  return { sku, quantity: Number(quantity) }
})
const db = openTillFile(file, 'existing')
for (let sold = 0; sold < Number(times); sold++) {
  const receipt = sell(db, basket, systemClock())
  if (!receipt.ok) throw new Error(receipt.refusal.message)
}
db.close()

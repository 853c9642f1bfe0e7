import { renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { toInstant } from '../../../contract/clock.ts'

/** Quicker than any cashier, and slow enough that reading and selling overlap. */
const SALE_EVERY_MS = 15

/** A till in a process of its own that drops a file for every sale: node test-busy-till.ts FOLDER TIMES FROM_MS SKU=QUANTITY … */
const [folder = '', times = '0', from = '0', ...basket] = process.argv.slice(2)
for (let n = 1; n <= Number(times); n += 1) {
  const lines = basket.map((line) => line.split('=')).map(([sku, quantity]) => `B${n},${sku},${quantity},,1.00,${toInstant(Number(from) + n)}`)
  const name = join(folder, `sales-busy-${String(n).padStart(5, '0')}.csv`)
  writeFileSync(`${name}.part`, `invoice,sku,quantity,unit,price,sold_at\n${lines.join('\n')}\n`)
  renameSync(`${name}.part`, name)
  await pause(SALE_EVERY_MS)
}

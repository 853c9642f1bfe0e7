/**
 * A uniCenta till in a process of its own, for tests: rings up the same basket again and again.
 * node busy-till.ts ADDRESS-AS-JSON TIMES SKU=QUANTITY…
 */
import { openTestTill, type TillAddress } from './test-till.ts'

const [address = '{}', times = '0', ...basketWords] = process.argv.slice(2)
const basket = basketWords.map((word) => {
  const [sku = '', quantity = ''] = word.split('=')
  return { sku, quantity: Number(quantity) }
})
const till = await openTestTill(JSON.parse(address) as TillAddress)
for (let sold = 0; sold < Number(times); sold++) await till.ring(basket)
await till.close()

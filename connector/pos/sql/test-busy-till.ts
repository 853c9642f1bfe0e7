/** A till in a process of its own: rings up the same basket again and again. node test-busy-till.ts TARGET-JSON TIMES BASKET-JSON */
import { openConnection } from './connection.ts'
import type { ConnectionTarget } from './connection-config.ts'
import { ringUp } from './test-sql-rings.ts'

const [target = '', times = '0', basket = '[]'] = process.argv.slice(2)
const connection = openConnection(JSON.parse(target) as ConnectionTarget)
for (let sold = 0; sold < Number(times); sold += 1) await ringUp(connection, JSON.parse(basket) as { sku: string; quantity: number }[])
await connection.close()

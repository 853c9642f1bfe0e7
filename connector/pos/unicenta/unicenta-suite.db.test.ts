import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { join } from 'node:path'
import { expect, inject } from 'vitest'
import { systemClock } from '../../../contract/clock.ts'
import { posSuite } from '../pos-suite.ts'
import type { ShopFloor } from '../pos-under-test.ts'
import { createMemory } from '../test-memory.ts'
import { openUnicenta } from './open-unicenta.ts'
import { receiptIdOf } from './reference.ts'
import { dropDatabase, makeDatabase, openTestTill, TEST_ZONE, type TillAddress } from './test-till.ts'
import { UnicentaConfig } from './unicenta-config.ts'

for (const dialect of ['mysql', 'postgres'] as const) {
  posSuite(`uniCenta on ${dialect}`, async () => {
    const address: TillAddress = { dialect, ...inject(dialect === 'mysql' ? 'mariadb' : 'postgres'), database: `unicenta_${randomBytes(6).toString('hex')}` }
    await makeDatabase(address)
    const till = await openTestTill(address)
    const memory = createMemory()
    const config = UnicentaConfig.parse({ type: 'unicenta', dialect, connection: address, currency: 'USD', measured: 'g', timeZone: TEST_ZONE })
    const reopen = () => openUnicenta(config, memory, systemClock, { everyMs: 0 })
    const pos = reopen()
    const floor: ShopFloor = {
      async addItem(item, stock) {
        await till.addItem(item, stock)
        // The till has no brand and no description.
        return { ...item, brand: null, description: null }
      },
      sell: async (basket) => void await till.ring(basket),
      takeReturn: async (basket) => void await till.ring(basket, { kind: 'refund' }),
      setPrice: async (sku, priceMinor) => void await till.run('UPDATE products SET pricesell = ? WHERE reference = ?', priceMinor / 100, sku),
      rename: async (sku, name) => void await till.run('UPDATE products SET name = ? WHERE reference = ?', name, sku),
      retire: async (sku) => void await till.run('DELETE FROM products_cat WHERE product = (SELECT id FROM products WHERE reference = ?)', sku),
      uncount: async (sku) => void await till.run('DELETE FROM stockcurrent WHERE product = (SELECT id FROM products WHERE reference = ?)', sku),
      // Nothing of it is done at the till: the ticket is finished.
      handOver: async () => undefined,
      refuse: async (id) => void await till.refundTicket(receiptIdOf(id)),
      countOrders: async (id) => (await till.run('SELECT receipt FROM payments WHERE transid = ?', id)).length,
      async keepSelling(basket, times) {
        const child = spawn(process.execPath, [join(import.meta.dirname, 'busy-till.ts'), JSON.stringify(address), String(times), ...basket.map((line) => `${line.sku}=${line.quantity}`)], { stdio: 'inherit' })
        const [exitCode] = await once(child, 'exit')
        expect(exitCode).toBe(0)
      },
    }
    return {
      pos, reopen, memory, floor,
      async close() {
        await pos.close()
        await till.close()
        await dropDatabase(address)
      },
    }
  }, {
    finishedAtOnce: 'a ticket of this till is paid and booked as it is saved',
    reasons: 'a refund ticket has no place for a reason',
  })
}

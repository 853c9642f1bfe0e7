import { randomUUID } from 'node:crypto'
import { addItem } from '../../../connector/pos/embedded/till.ts'
import { openTillFile } from '../../../connector/pos/embedded/schema.ts'
import { Item } from '../../../contract/product.ts'
import { basket } from '../demo.ts'
import { placed } from '../edge-api.ts'
import { freePort, prepareShop, registerShop, startConnector, writeConnectorConfig } from '../house.ts'
import { openTill } from '../till.ts'
import { until } from '../until.ts'
import type { Step } from './step.ts'

const STORE_ID = 'corner-shop'
const SKU = 'CORNER-1'
const ARRIVES_WITHIN_MS = 20_000

export const pullPathAlone: Step = {
  name: 'pull path alone is enough',
  run: async (demo) => {
    const url = demo.edge.ready.url
    const shop = await prepareShop(demo.dir, STORE_ID)
    const db = openTillFile(shop.tillFile, 'create')
    addItem(db, Item.parse({ sku: SKU, name: 'Corner shop lamp', price: { amountMinor: 1999, currency: 'USD' }, taxIncluded: true, taxRate: '20' }), 7)
    db.close()
    // The tunnel leads nowhere: push can never arrive.
    await registerShop(url, demo.adminToken, shop, { name: 'Corner shop', transport: { kind: 'tunnel', url: `http://127.0.0.1:${await freePort()}` } })
    await writeConnectorConfig(url, shop)
    const connector = await startConnector(shop)
    demo.also.push(connector)
    await until(`7 of ${SKU} on the web`, ARRIVES_WITHIN_MS, async () => (await demo.web.availability(SKU)).available === 7)
    await until(`${SKU} in the catalogue`, ARRIVES_WITHIN_MS, async () => await demo.web.product(SKU))

    const before = performance.now()
    const { order } = await placed(await demo.web.place(basket([{ sku: SKU, quantity: 2 }], STORE_ID), randomUUID()))
    const till = openTill(shop.tillFile)
    await until(`order ${order.number} in the corner shop's till`, ARRIVES_WITHIN_MS, () => till.ticketOf(order.fulfillments[0]?.id ?? ''))
    const arrivedMs = Math.round(performance.now() - before)
    await until(`order ${order.number} accepted`, ARRIVES_WITHIN_MS, async () => (await demo.web.order(order.id)).status === 'accepted')
    await until(`5 of ${SKU} on the web`, ARRIVES_WITHIN_MS, async () => till.onHand(SKU) === 5 && (await demo.web.availability(SKU)).available === 5)
    till.close()
    await connector.stop()
    return `with the tunnel cut the order was fetched in ${arrivedMs} ms`
  },
}

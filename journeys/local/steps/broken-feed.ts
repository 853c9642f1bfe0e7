import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { openTillFile } from '../../../connector/pos/embedded/schema.ts'
import { addItem } from '../../../connector/pos/embedded/till.ts'
import { DriftReport, FeedReport } from '../../../contract/feed.ts'
import { DeadLetterSummary } from '../../../contract/operator.ts'
import { Item } from '../../../contract/product.ts'
import { page } from '../../../contract/values.ts'
import type { Demo } from '../demo.ts'
import { expectAnswer } from '../edge-api.ts'
import { prepareShop, registerShop, startConnector, writeConnectorConfig } from '../house.ts'
import { until } from '../until.ts'
import type { Step } from './step.ts'

const STORE_ID = 'clumsy-shop'
const SKUS = Array.from({ length: 30 }, (_, n) => `CLUMSY-${n + 1}`)
/** Enough to be held, not all. */
const ZEROED = SKUS.slice(0, 20)
const STOCK = 6
const SEEN_WITHIN_MS = 20_000
/** Ten looks at the till. */
const NOTHING_COMES_MS = 1_000

const StoreFeed = z.object({ storeId: z.string(), feed: FeedReport.nullable(), drift: DriftReport.nullable(), decision: z.string().nullable() })

export const brokenFeedHeld: Step = {
  name: 'a feed that empties the shop is held',
  run: async (demo) => {
    const shop = await prepareShop(demo.dir, STORE_ID)
    const db = openTillFile(shop.tillFile, 'create')
    try {
      for (const sku of SKUS) addItem(db, Item.parse({ sku, name: `Clumsy ${sku}`, price: { amountMinor: 900, currency: 'USD' }, taxIncluded: true, taxRate: '20' }), STOCK)
      await registerShop(demo.edge.ready.url, demo.adminToken, shop, { name: 'Clumsy shop' })
      await writeConnectorConfig(demo.edge.ready.url, shop)
      const connector = await startConnector(shop)
      demo.also.push(connector)
      await webShows(demo, SKUS, STOCK)

      db.exec(`UPDATE stock SET on_hand = 0 WHERE sku IN (${ZEROED.map((sku) => `'${sku}'`).join(', ')})`)
      const held = await until('the quarantine at the operator\'s', SEEN_WITHIN_MS, async () => quarantineOf(demo))
      assert.deepEqual([held.zeroed, held.inStock], [ZEROED.length, SKUS.length])
      await sleep(NOTHING_COMES_MS)
      await webShows(demo, SKUS, STOCK)
      const letter = await letterOf(demo)
      assert.equal(letter?.state, 'waiting', 'the desk has the quarantine')

      expectAnswer(await demo.operator.send(`/stores/${STORE_ID}/feed/approve`, 'POST', { id: held.id }), 202, z.unknown())
      await webShows(demo, ZEROED, 0)
      await webShows(demo, SKUS.slice(ZEROED.length), STOCK)
      await until('the quarantine to end', SEEN_WITHIN_MS, async () => (await feedOf(demo))?.feed?.state === 'flowing')
      assert.equal((await letterOf(demo))?.state, 'replayed')
      await connector.stop()
      return `${ZEROED.length} of ${SKUS.length} items zeroed in the till stayed for sale until the operator approved`
    } finally {
      db.close()
    }
  },
}

async function webShows(demo: Demo, skus: readonly string[], onHand: number): Promise<void> {
  for (const sku of skus) await until(`${onHand} of ${sku} on the web`, SEEN_WITHIN_MS, async () => (await demo.web.availability(sku)).available === onHand)
}

const feedOf = async (demo: Demo) => expectAnswer(await demo.operator.send('/feeds?limit=100'), 200, page(StoreFeed)).items.find(({ storeId }) => storeId === STORE_ID)

async function quarantineOf(demo: Demo) {
  const feed = (await feedOf(demo))?.feed
  return feed?.state === 'quarantined' ? feed : null
}

const letterOf = async (demo: Demo) => expectAnswer(await demo.operator.send('/dead-letters?queue=feeds'), 200, page(DeadLetterSummary)).items.find(({ storeId }) => storeId === STORE_ID)

import { writeFileSync } from 'node:fs'
import { sql } from 'kysely'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { ConnectorConfig } from '../config/config.ts'
import { startConnector, type RunningConnector } from '../connector.ts'
import { startTestEdge, type TestEdge } from '../edge/test-edge.ts'
import { hashOfItem } from '../journal/baseline.ts'
import type { Journal } from '../journal/journal.ts'
import { TEA } from '../pos/pos-under-test.ts'
import { readingOf } from '../pos/reading.ts'
import { openConnection } from '../pos/sql/connection.ts'
import type { Connection } from '../pos/sql/ports.ts'
import type { SqlConfig } from '../pos/sql/sql-config.ts'
import { openSqlPos } from '../pos/sql/sql-pos.ts'
import { createTables, sqlFloor, sqlShopConfig } from '../pos/sql/test-sql-shop.ts'
import { openTestJournal, SECRET, silent, STORE_ID, testFolder } from '../test-shop.ts'
import { FEED_LIMITS } from './judge-feed.ts'
import { lookAnewIfChanged } from './look-anew.ts'

/** Enough for the guard of the feed. */
const ITEMS = 30

let folder: ReturnType<typeof testFolder>
let edge: TestEdge
let till: Connection
let target: { dialect: 'sqlite'; file: string; lockTimeoutMs: number }

beforeEach(async () => {
  folder = testFolder()
  edge = await startTestEdge()
  writeFileSync(folder.file('shop.sqlite'), '')
  target = { dialect: 'sqlite', file: folder.file('shop.sqlite'), lockTimeoutMs: 10_000 }
  till = openConnection(target)
  await createTables(till)
  const floor = sqlFloor(till, target)
  for (let n = 0; n < ITEMS; n += 1) await floor.addItem({ ...TEA, sku: `T-${n}`, identifiers: [] }, 5)
})
afterEach(async () => {
  await till.close()
  await edge.close()
  folder.remove()
})

async function until(fact: () => boolean): Promise<void> {
  for (let n = 0; n < 2000 && !fact(); n += 1) await new Promise((resolve) => setTimeout(resolve, 5))
  expect(fact()).toBe(true)
}

/** What the edge has by what it was told. */
function edgeKeeps(): void {
  for (const event of edge.events()) {
    if (event.type === 'catalog.item_upserted') {
      const { sku, price } = event.data
      edge.state.set(sku, { sku, onHand: null, asOf: 0, ...edge.state.get(sku), epoch: edge.epoch, seq: event.seq, itemHash: hashOfItem(event.data), priceMinor: price.amountMinor })
    }
    if (event.type === 'stock.counted') {
      const { sku, onHand, asOf } = event.data
      edge.state.set(sku, { sku, itemHash: null, seq: event.seq, ...edge.state.get(sku), epoch: edge.epoch, onHand, asOf })
    }
  }
}

/** One life of a connector that compares nothing by the clock: it ends when `done` is true and everything is told. Answers what it told. */
async function live(pos: SqlConfig, done: (journal: Journal) => boolean) {
  const journal = openTestJournal(folder.file('journal.sqlite'))
  const config: ConnectorConfig = {
    edge: { url: edge.url }, store: { id: STORE_ID, secrets: [SECRET] }, connector: {}, journal: { file: folder.file('journal.sqlite'), maxMegabytes: 1024, keepFinishedDays: 90 },
    pos, server: { host: '127.0.0.1', port: 0 }, poll: { everyMs: 10 }, heartbeat: { everyMs: 30 }, pull: { everyMs: 30 }, reconcile: { everyMinutes: 0 }, feed: FEED_LIMITS,
    log: { level: 'error' }, desk: { listen: null, warnAfterMinutes: 10, redAfterMinutes: 30 },
  }
  const before = edge.events().length
  const adapter = openSqlPos(pos, journal.memory)
  lookAnewIfChanged(journal, adapter, readingOf(pos), silent)
  const connector: RunningConnector = await startConnector(config, journal, adapter, silent, '0.0.0-test')
  try {
    await until(() => journal.meta.get('synced') !== null && journal.meta.get('reconcileWanted') === null && done(journal))
  } finally {
    await connector.stop('drain')
  }
  edgeKeeps()
  return edge.events().slice(before)
}

const shop = (goods: object = {}): SqlConfig => {
  const config = sqlShopConfig(target)
  return { ...config, goods: { ...config.goods, ...goods } }
}
const isTold = (journal: Journal): boolean => journal.outbox.waiting() === 0 && journal.held.quarantine() === null

test('another kind of price is at the edge as soon as the connector has started with it', async () => {
  expect(await live(shop(), isTold)).toHaveLength(2 * ITEMS)
  const told = await live(shop({ fixed: { ...shop().goods.fixed, taxIncluded: true } }), isTold)
  expect(new Set(told.flatMap((event) => (event.type === 'catalog.item_upserted' && event.data.taxIncluded ? event.data.sku : []))).size).toBe(ITEMS)
  expect(told.filter(({ type }) => type !== 'catalog.item_upserted')).toEqual([])
  expect(await live(shop(), isTold)).toHaveLength(ITEMS)
})

test('prices in another unit wait for a person, and nobody is asked any more once the configuration is mended', async () => {
  await live(shop(), isTold)
  const wrong = shop({ query: shop().goods.query.replace('g.price,', 'g.price * 100 AS price,') })
  expect(await live(wrong, (journal) => journal.held.quarantine() !== null)).toEqual([])
  const journal = openTestJournal(folder.file('journal.sqlite'))
  expect([journal.held.count(), journal.held.quarantine()?.repriced]).toEqual([ITEMS, ITEMS])
  journal.close()
  // As the same shop would read them all along: the connector has no other reason to look.
  expect(await live(shop(), isTold)).toEqual([])
})

test('goods under another key are the same goods: nothing is taken away, and what was refused under the old key is off the list', async () => {
  await till.write(async (tx) => void await sql`UPDATE goods SET price = 'dear' WHERE code = 'T-0'`.execute(tx))
  const refusedBy = async (config: SqlConfig, isAwaited: (keys: string[]) => boolean): Promise<[string[], string[]]> => {
    let keys: string[] = []
    const told = await live(config, (journal) => {
      keys = journal.refused.list(null, 10).map(({ key }) => key)
      return isTold(journal) && isAwaited(keys)
    })
    return [keys, told.map(({ type }) => type)]
  }
  const [before, told] = await refusedBy(shop(), (keys) => keys.length > 0)
  expect([before.length, told.filter((type) => type === 'catalog.item_upserted').length]).toEqual([1, ITEMS - 1])
  const [after, toldAgain] = await refusedBy(shop({ keyIs: 'text', columns: { ...shop().goods.columns, key: 'code' } }), (keys) => keys.join() !== before.join())
  expect([after, toldAgain]).toEqual([[expect.stringContaining('T-0')], []])
  expect(after).not.toEqual(before)
  expect(await refusedBy(shop({ query: shop().goods.query.replace(';', " WHERE g.code <> 'T-0'") }), (keys) => keys.length === 0)).toEqual([[], []])
})

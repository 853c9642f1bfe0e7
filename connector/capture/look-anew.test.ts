import { writeFileSync } from 'node:fs'
import { pino } from 'pino'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Journal } from '../journal/journal.ts'
import { openSqlPos } from '../pos/sql/sql-pos.ts'
import { openConnection } from '../pos/sql/connection.ts'
import type { Connection } from '../pos/sql/ports.ts'
import { createTables, sqlFloor, sqlShopConfig } from '../pos/sql/test-sql-shop.ts'
import { APPLES, TEA } from '../pos/pos-under-test.ts'
import type { Pos } from '../pos/port.ts'
import { readingOf } from '../pos/reading.ts'
import { openTestJournal, shopOf, silent, testFolder, waitingEvents } from '../test-shop.ts'
import { captureChanges } from './capture.ts'
import { lookAnewIfChanged } from './look-anew.ts'

let folder: ReturnType<typeof testFolder>
let journal: Journal
let till: Connection
let target: { dialect: 'sqlite'; file: string; lockTimeoutMs: number }

beforeEach(async () => {
  folder = testFolder()
  writeFileSync(folder.file('shop.sqlite'), '')
  target = { dialect: 'sqlite', file: folder.file('shop.sqlite'), lockTimeoutMs: 10_000 }
  journal = openTestJournal(folder.file('journal.sqlite'))
  journal.meta.set('synced', '1')
  till = openConnection(target)
  await createTables(till)
  const floor = sqlFloor(till, target)
  await floor.addItem(TEA, 10)
  await floor.addItem(APPLES, 20)
})
afterEach(async () => {
  await till.close()
  journal.close()
  folder.remove()
})

const shopConfig = (goods: object = {}) => {
  const config = sqlShopConfig(target)
  return { ...config, goods: { ...config.goods, ...goods } }
}

/** One life of the connector over this configuration; answers what it told. */
async function live(config: ReturnType<typeof shopConfig>, log = silent): Promise<unknown[]> {
  const pos: Pos = openSqlPos(config, journal.memory)
  const before = journal.outbox.lastSeq()
  lookAnewIfChanged(journal, pos, readingOf(config), log)
  const shop = shopOf(journal, pos)
  while ((await captureChanges(shop)).more) { /* reads on */ }
  await pos.close()
  return waitingEvents(journal).filter(({ seq }) => seq > before)
}

test('goods that the configuration reads in another way are told as they are read now, although no row has changed', async () => {
  const told = await live(shopConfig())
  expect(told).toHaveLength(4)
  journal.meta.delete('reconcileWanted')
  expect(await live(shopConfig())).toEqual([])
  expect(journal.meta.get('reconcileWanted')).toBeNull()
  const events = await live(shopConfig({ fixed: { ...shopConfig().goods.fixed, taxIncluded: true } }))
  expect(events).toMatchObject([TEA, APPLES].map(({ sku }) => ({ type: 'catalog.item_upserted', data: { sku, taxIncluded: true } })))
  expect(journal.meta.get('reconcileWanted')).toBe('1')
})

test('what the old configuration refused is off the list, and what the new one refuses on it', async () => {
  await live(shopConfig({ units: { each: 'each' } }))
  expect(journal.refused.list(null, 10)).toMatchObject([{ reason: expect.stringMatching(/kg/) as string }])
  expect(await live(shopConfig())).toMatchObject([{ type: 'catalog.item_upserted', data: { sku: APPLES.sku, unit: 'g' } }, { type: 'stock.counted', data: { sku: APPLES.sku } }])
  expect(journal.refused.count()).toBe(0)
  await live(shopConfig({ units: { kg: 'g' } }))
  expect(journal.refused.list(null, 10)).toMatchObject([{ reason: expect.stringMatching(/each/) as string }])
})

test('another account or a slower pace is no other reading; the log says what goes on', async () => {
  const config = shopConfig()
  const lines: string[] = []
  const log = pino({ level: 'info' }, { write: (line: string) => void lines.push(line) })
  await live(config, log)
  await live({ ...config, connection: { ...config.connection, lockTimeoutMs: 9_000 }, scan: { everyMs: 0, share: 0.5 } } as ReturnType<typeof shopConfig>, log)
  expect(lines.filter((line) => line.includes('pos.read-anew'))).toHaveLength(1)
  await live({ ...config, currency: 'GBP' }, log)
  expect(lines.at(-1)).toMatch(/pos\.read-anew.*configuration of the POS/)
})

import { mkdirSync, writeFileSync } from 'node:fs'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { loadConfig } from '../../config/load-config.ts'
import { captureChanges } from '../../capture/capture.ts'
import type { Journal } from '../../journal/journal.ts'
import { openTestJournal, SECRET, shopOf, testFolder, waitingEvents } from '../../test-shop.ts'
import { openPos } from '../open-pos.ts'
import type { Pos } from '../port.ts'

let folder: ReturnType<typeof testFolder>
let journal: Journal
let pos: Pos
beforeEach(() => {
  folder = testFolder()
  mkdirSync(folder.file('drop'))
  journal = openTestJournal(folder.file('journal.sqlite'))
})
afterEach(async () => {
  await pos.close()
  journal.close()
  folder.remove()
})

test('a folder named in the configuration is read through capture: facts to the edge, dirt to the quarantine, the broken half of a shop held', async () => {
  writeFileSync(folder.file('store.secret'), SECRET, { mode: 0o600 })
  writeFileSync(folder.file('shop.yaml'), [
    'edge: { url: "http://127.0.0.1:8787" }', 'store: { id: main-street, secretFile: store.secret }', 'journal: { file: journal.sqlite }', 'server: { port: 0 }',
    'pos: { type: csv, folder: drop, currency: EUR, timeZone: Europe/Berlin, settleMs: 0, scanEveryMs: 0, goods: { columns: { stock: Bestand } } }',
  ].join('\n'))
  const loaded = loadConfig(folder.file('shop.yaml'))
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.refusal))
  expect(loaded.value.warnings).toEqual([])
  pos = await openPos(loaded.value.config.pos, journal.memory)
  const shop = shopOf(journal, pos)
  const read = async (): Promise<void> => {
    while ((await captureChanges(shop)).more);
  }

  const goods = Array.from({ length: 40 }, (_, n) => `G${n},Thing,1.00,${n + 1}`)
  writeFileSync(folder.file('drop/goods-full-1.csv'), `sku,name,price,bestand\n${goods.join('\n')}\nG99,Thing,none,1\n`)
  await read()
  expect(waitingEvents(journal).filter(({ type }) => type === 'catalog.item_upserted')).toHaveLength(40)
  expect(journal.refused.list(null, 10)).toMatchObject([{ key: 'goods/G99', reason: expect.stringContaining('line 42: price: expected an amount in EUR') as string }])

  writeFileSync(folder.file('drop/goods-full-2.csv'), `sku,name,price,bestand\n${goods.slice(0, 5).join('\n')}\n`)
  await read()
  // The export broke off at a line's end: 35 of 40 gone is for a person to say.
  expect(waitingEvents(journal).filter(({ type }) => type === 'catalog.item_removed')).toEqual([])
  expect(journal.held.count()).toBe(35)
})

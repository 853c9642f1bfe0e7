import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { PosSale } from '../port.ts'
import { orderOf, ID, TEA } from '../pos-under-test.ts'
import { committing } from '../test-memory.ts'
import { openSqlShop, sqlShopConfig } from './test-sql-shop.ts'
import { markOf, readTold, signOf, standingOf, writeTold, type ToldSale } from './went-back.ts'

let folder: string
let files = 0
beforeAll(() => { folder = mkdtempSync(join(tmpdir(), 'went-back-')) })
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('a till of queries', () => {
  /** A till whose clock goes on with each sale, and that can be set back to after its n-th. */
  async function open(overlap = 200) {
    const file = join(folder, `${files += 1}.sqlite`)
    writeFileSync(file, '')
    const shop = await openSqlShop({ dialect: 'sqlite', file, lockTimeoutMs: 5_000 }, 'accept', {})
    const sales = shop.config.sales
    if (sales) sales.cursor.overlap = overlap
    const pos = committing(shop.pos, shop.memory)
    const run = (text: string) => shop.connection.write((tx) => sql.raw(text).execute(tx))
    let minute = 0
    let cursor = ''
    await shop.floor.addItem(TEA, 1_000)
    const sell = async (...quantities: number[]): Promise<void> => {
      for (const quantity of quantities) {
        await shop.floor.sell([{ sku: TEA.sku, quantity }])
        await run(`UPDATE bills SET sold_at = '2026-05-01 10:${String(minute += 1).padStart(2, '0')}:00' WHERE id = (SELECT MAX(id) FROM bills)`)
      }
    }
    const read = async (): Promise<{ sales: string[]; signs: string[] }> => {
      const found: PosSale[] = []
      const signs: string[] = []
      for (let more = true; more;) {
        const told = await pos.readChanges(cursor)
        cursor = told.cursor
        more = told.more ?? false
        found.push(...told.sales)
        signs.push(...told.wentBack === undefined ? [] : [told.wentBack])
      }
      return { sales: found.map(({ saleId, lines }) => `${saleId}:${lines[0]?.quantity}`), signs }
    }
    const restoreTo = async (last: number): Promise<void> => {
      await run(`DELETE FROM bill_lines WHERE bill_id > ${last}`)
      await run(`DELETE FROM bills WHERE id > ${last}`)
      await run(`UPDATE sqlite_sequence SET seq = ${last} WHERE name = 'bills'`)
    }
    cursor = await pos.currentCursor()
    return { ...shop, pos, run, sell, read, restoreTo }
  }

  test('that came back from a backup and has sold past its old highest id since tells those sales, and that it went back, once', async () => {
    const shop = await open()
    await shop.sell(1, 2, 3, 4)
    expect(await shop.read()).toEqual({ sales: ['1:1', '2:2', '3:3', '4:4'], signs: [] })
    await shop.restoreTo(2)
    await shop.sell(7, 8, 9)
    expect(await shop.read()).toEqual({ sales: ['3:7', '4:8', '5:9'], signs: ['2 of the sales told last are other ones now, sale 3 among them'] })
    await shop.sell(1)
    expect(await shop.read()).toEqual({ sales: ['6:1'], signs: [] })
    await shop.close()
  })

  test('that came back and has not sold yet says so by what is gone', async () => {
    const shop = await open()
    await shop.sell(1, 2, 3, 4)
    await shop.read()
    await shop.restoreTo(2)
    expect(await shop.read()).toEqual({ sales: [], signs: ['2 of the sales told last are gone, sale 3 among them'] })
    await shop.sell(7)
    expect(await shop.read()).toEqual({ sales: ['3:7'], signs: [] })
    await shop.close()
  })

  test('that sells one thing most of the time says so all the same', async () => {
    const shop = await open()
    await shop.sell(1, 2, 3, 1, 1)
    await shop.read()
    await shop.restoreTo(1)
    await shop.sell(3, 2, 1, 1, 1)
    expect((await shop.read()).signs).toEqual(['2 of the sales told last are other ones now, sale 2 among them'])
    expect((await shop.read()).signs).toEqual([])
    await shop.close()
  })

  test('that lost all that is remembered is read from further back', async () => {
    const shop = await open(2)
    await shop.sell(...Array.from({ length: 12 }, (_, index) => index + 1))
    await shop.read()
    // What is long past is forgotten by the next reading.
    await shop.read()
    await shop.restoreTo(1)
    await shop.sell(...Array.from({ length: 12 }, (_, index) => index + 101))
    const { sales, signs } = await shop.read()
    expect(signs).toHaveLength(1)
    // Twice the overlap is remembered: told from as far back as the overlap reaches before that.
    expect(sales.sort()).toEqual(['10:109', '11:110', '12:111', '13:112', '6:105', '7:106', '8:107', '9:108'])
    await shop.close()
  })

  test('that lost all of its sales begins anew with the first', async () => {
    const shop = await open(2)
    await shop.sell(1, 2, 3, 4, 5)
    await shop.read()
    await shop.restoreTo(0)
    await shop.read()
    await shop.sell(7)
    expect((await shop.read()).sales).toEqual(['1:7'])
    await shop.close()
  })

  test('tells a web order that was lost with it as absent', async () => {
    const shop = await open()
    await shop.sell(1)
    expect(await shop.pos.writeOrder(orderOf([TEA, 1]))).toMatchObject({ ok: true, posReference: '2' })
    await shop.restoreTo(1)
    expect(await shop.pos.findOrder(ID)).toBeNull()
    await shop.close()
  })

  test('from before the connector came makes its table of references anew', async () => {
    const file = join(folder, `${files += 1}.sqlite`)
    writeFileSync(file, '')
    const target = { dialect: 'sqlite', file, lockTimeoutMs: 5_000 } as const
    const find = 'SELECT o.pos_reference AS reference, b.state FROM tillbridge_orders o JOIN bills b ON b.id = o.pos_reference WHERE o.assignment_id = :assignmentId'
    const shop = await openSqlShop(target, 'accept', { orders: { ...sqlShopConfig(target).orders, ownTable: true, find } })
    await shop.floor.addItem(TEA, 5)
    expect(await shop.pos.writeOrder(orderOf([TEA, 1]))).toMatchObject({ ok: true })
    for (const text of ['DROP TABLE tillbridge_orders', 'DELETE FROM bills', 'DELETE FROM bill_lines']) await shop.connection.write((tx) => sql.raw(text).execute(tx))
    await expect(shop.pos.findOrder(ID)).rejects.toThrow(/no such table/)
    expect(await shop.pos.findOrder(ID)).toBeNull()
    expect(await shop.pos.writeOrder(orderOf([TEA, 1]))).toMatchObject({ ok: true })
    await shop.close()
  })

  test.each([
    ['a date that was edited', "UPDATE bills SET sold_at = '2026-04-30 09:00:00' WHERE id > 2"],
    ['contents that were corrected', 'UPDATE bill_lines SET qty = 99 WHERE bill_id > 2'],
    ['one that was opened again, and changed', "UPDATE bills SET sold_at = '2026-05-01 10:30:00', total = 99 WHERE id = 4"],
    ['one that was deleted', 'DELETE FROM bills WHERE id = 4'],
    ['older ones moved into an archive', 'DELETE FROM bills WHERE id < 4'],
    ['all of them moved into an archive', 'DELETE FROM bills'],
  ])('takes %s for no backup', async (_, statement) => {
    const shop = await open()
    await shop.sell(1, 2, 3, 4)
    await shop.read()
    await shop.run(statement)
    expect((await shop.read()).signs).toEqual([])
    await shop.sell(5)
    expect((await shop.read()).signs).toEqual([])
    await shop.close()
  })
})

test.each<[string, ToldSale['now'][], string | null]>([
  ['nothing changed', ['there', 'there', 'there'], null],
  ['the newest deleted', ['there', 'there', 'gone'], null],
  ['two deleted, and a newer one there', ['gone', 'gone', 'there'], null],
  ['the newest two gone', ['there', 'gone', 'gone'], '2 of the sales told last are gone, sale 2 among them'],
  ['the newest two other ones', ['there', 'another', 'another'], '2 of the sales told last are other ones now, sale 2 among them'],
  ['the newest given anew, the next not yet', ['there', 'another', 'gone'], '2 of the sales told last are gone or other ones now, sale 2 among them'],
  ['all gone, as into an archive', ['gone', 'gone', 'gone'], null],
  ['one of the newest given anew to a sale of the same goods', ['there', 'another', 'another', 'unclear'], '2 of the sales told last are other ones now, sale 2 among them'],
  ['the same of a shop that sells little else', ['there', 'unclear', 'another', 'unclear'], '1 of the sales told last is another one now, sale 3 among them'],
  ['one reopened and the next one dated anew, long ago', ['another', 'unclear', 'there'], null],
  ['two deleted, and the newest dated anew', ['there', 'gone', 'gone', 'unclear'], null],
  ['all other ones', ['another', 'another', 'another'], '3 of the sales told last are other ones now, sale 1 among them'],
])('of sales told: %s', (_, states, words) => {
  expect(signOf(states.map((now, index) => ({ id: String(index + 1), at: BigInt(index + 1), now })))?.words ?? null).toBe(words)
})

test('what is remembered of a sale is read back, also from before there were marks', () => {
  const mark = markOf('2026-05-01 10:00:00', ['A', '1'])
  expect(readTold(writeTold('17', mark))).toEqual({ at: '17', mark })
  expect(readTold('17')).toEqual({ at: '17', mark: null })
  expect([mark, markOf('2026-05-01 10:00:01', ['A', '1']), markOf('2026-05-01 10:00:00', ['A', '2']), markOf('2026-05-01 10:00:01', ['A', '2']), undefined].map((is) => standingOf(mark, is)))
    .toEqual(['there', 'unclear', 'unclear', 'another', 'gone'])
  expect(standingOf(null, mark)).toBe('there')
})

import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import { APPLES, byKey, readOn, TEA } from '../pos-under-test.ts'
import { committing } from '../test-memory.ts'
import type { ConnectionTarget } from './connection-config.ts'
import type { Row } from './ports.ts'
import { openSqlShop } from './test-sql-shop.ts'
import { createTriggers } from './triggers.ts'

const WATCH = [{ table: 'goods', key: 'id' }, { table: 'shelf', key: 'goods_id' }]

/** What triggers do on every database. The comparison of all goods is made so rare that only they can have told. */
export function triggersSuite(name: string, target: () => Promise<ConnectionTarget>): void {
  describe(`triggers in ${name}`, () => {
    const open = async () => {
      const shop = await openSqlShop(await target(), 'accept', { watch: WATCH, scan: { everyMs: 3_600_000 } })
      return { ...shop, triggers: createTriggers(shop.connection, WATCH), pos: committing(shop.pos, shop.memory) }
    }

    test('tell at once which goods moved, whoever moved them', async () => {
      const shop = await open()
      try {
        await shop.floor.addItem(TEA, 10)
        await shop.floor.addItem(APPLES, 5_000)
        await shop.triggers.install()
        const { cursor } = await readOn(shop.pos, await shop.pos.currentCursor())
        expect(await shop.pos.mayHaveChanged()).toBe(false)
        await shop.connection.write((tx) => sql`UPDATE shelf SET qty = 3 WHERE goods_id = 1`.execute(tx))
        await shop.floor.setPrice(APPLES.sku, 450)
        expect(await shop.pos.mayHaveChanged()).toBe(true)
        const told = await readOn(shop.pos, cursor)
        expect(byKey(told.levels)).toEqual({ [TEA.sku]: 3 })
        expect(told.items.map(({ sku }) => sku)).toEqual([APPLES.sku])
        expect(await shop.pos.mayHaveChanged()).toBe(false)
      } finally {
        await shop.close()
      }
    })

    test('come and go, and say how they stand', async () => {
      const shop = await open()
      try {
        expect(await shop.triggers.status()).toMatchObject({ installed: false, waiting: 0 })
        await shop.triggers.install()
        await shop.triggers.install()
        await shop.floor.addItem(TEA, 10)
        const status = await shop.triggers.status()
        expect(status).toMatchObject({ installed: true, missing: [] })
        expect(status.waiting).toBeGreaterThan(0)
        await shop.connection.write((tx) => sql.raw(`DROP TRIGGER tillbridge_0_goods_insert${name === 'postgres' ? ' ON goods' : ''}`).execute(tx))
        expect(await shop.triggers.status()).toMatchObject({ installed: false, missing: ['tillbridge_0_goods_insert'] })
        await shop.triggers.remove()
        expect(await shop.triggers.status()).toMatchObject({ installed: false, waiting: 0 })
        await shop.floor.setPrice(TEA.sku, 1)
      } finally {
        await shop.close()
      }
    })

    if (name !== 'sqlite') test('leave the till alone when somebody takes their table away, locks it or has it refuse a row, and say that they are broken', async () => {
      const shop = await open()
      const run = (text: string) => shop.connection.write((tx) => sql.raw(text).execute(tx))
      const prices = async () => (await shop.connection.read((tx) => sql<Row>`SELECT price FROM goods`.execute(tx))).rows
      try {
        await shop.floor.addItem(TEA, 10)
        await shop.triggers.install()
        if (name === 'postgres') await run('ALTER TABLE tillbridge_changes ADD CHECK (goods_key IS NULL) NOT VALID')
        else await run("CREATE TRIGGER refuses BEFORE INSERT ON tillbridge_changes FOR EACH ROW SIGNAL SQLSTATE '45000'")
        await shop.floor.setPrice(TEA.sku, 200)
        await run('DROP TABLE tillbridge_changes')
        for (const statement of ["UPDATE goods SET price = price + 1", "INSERT INTO goods (code, price) VALUES ('GONE', 1)", "DELETE FROM goods WHERE code = 'GONE'"]) await run(statement)
        expect(await prices()).toEqual([{ price: '3.00' }])
        expect(await shop.triggers.status()).toEqual({ installed: false, missing: [], waiting: 0, newest: null })
        await shop.triggers.install()
        await shop.floor.setPrice(TEA.sku, 400)
        expect(await shop.triggers.status()).toMatchObject({ installed: true, waiting: name === 'postgres' ? 1 : 2 })
        if (name !== 'postgres') return
        await shop.connection.write(async (tx) => {
          await sql`LOCK TABLE tillbridge_changes IN ACCESS EXCLUSIVE MODE`.execute(tx)
          await shop.floor.setPrice(TEA.sku, 500)
        })
        expect(await prices()).toEqual([{ price: '5.00' }])
        expect(await shop.triggers.status()).toMatchObject({ installed: true, waiting: 1 })
      } finally {
        await shop.close()
      }
    })

    test('miss nothing that is committed out of the order of its ids, and keep their table small', async () => {
      const shop = await open()
      try {
        await shop.floor.addItem(TEA, 10)
        await shop.triggers.install()
        const { cursor } = await readOn(shop.pos, await shop.pos.currentCursor())
        // As if id 900 had been given to a transaction that is still open while 1,000 is read.
        const note = (id: number) => sql`INSERT INTO tillbridge_changes (id, goods_key) VALUES (${id}, '1')`
        await shop.connection.write(async (tx) => void await note(1_000).execute(tx))
        const before = await readOn(shop.pos, cursor)
        await shop.connection.write(async (tx) => {
          await sql`UPDATE shelf SET qty = 4 WHERE goods_id = 1`.execute(tx)
          await sql`DELETE FROM tillbridge_changes WHERE id <> 1000`.execute(tx)
          await note(900).execute(tx)
        })
        const late = await readOn(shop.pos, before.cursor)
        expect(byKey(late.levels)).toEqual({ [TEA.sku]: 4 })
        await shop.connection.write(async (tx) => {
          for (let id = 5_000; id <= 9_000; id += 1_000) await note(id).execute(tx)
        })
        const read = await readOn(shop.pos, late.cursor)
        await shop.connection.write(async (tx) => void await note(9_500).execute(tx))
        await readOn(shop.pos, read.cursor)
        const left = async () => (await shop.connection.read((tx) => sql<Row>`SELECT MIN(id) AS id FROM tillbridge_changes`.execute(tx))).rows[0]?.['id']
        await expect.poll(left, { timeout: 5_000 }).not.toBe('900')
      } finally {
        await shop.close()
      }
    })
  })
}

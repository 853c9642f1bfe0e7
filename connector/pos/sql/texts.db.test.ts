import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import type { Assignment } from '../../../contract/assignment.ts'
import { ID, orderOf, TEA } from '../pos-under-test.ts'
import { openConnection } from './connection.ts'
import type { Row } from './ports.ts'
import { createDatabase, openSqlShop, sqlShopConfig } from './test-sql-shop.ts'

/** A shop whose bills have a column for the customer's name. */
async function open(target: Parameters<typeof sqlShopConfig>[0], column: string) {
  const { orders } = sqlShopConfig(target)
  const insert = `INSERT INTO bills (sold_at, reference, state, total, who) VALUES (:now, :assignmentId, 0, :total, :customerName)${target.dialect === 'postgres' ? ' RETURNING id' : ''}`
  const shop = await openSqlShop(target, 'accept', { orders: { ...orders, write: [{ run: insert, as: 'reference' }, ...(orders?.write.slice(1) ?? [])] } })
  await shop.connection.write((tx) => sql.raw(`ALTER TABLE bills ADD who ${column}`).execute(tx))
  await shop.floor.addItem(TEA, 10)
  const nameInTill = async () => (await shop.connection.read((tx) => sql<Row>`SELECT who FROM bills`.execute(tx))).rows.map(({ who }) => who)
  return { ...shop, nameInTill }
}
const orderFor = (name: string): Assignment => ({ ...orderOf([TEA, 1]), customer: { ...orderOf([TEA, 1]).customer, name } })

describe.each([['mysql', inject('mariadb')], ['postgres', inject('postgres')]] as const)('a text that a column in %s does not hold', (dialect, server) => {
  let database: Awaited<ReturnType<typeof createDatabase>>
  beforeAll(async () => { database = await createDatabase(dialect, server) })
  afterAll(() => database.drop())

  test('is a refusal at once, with the place and what to write there, and nothing of the order stays', async () => {
    const shop = await open(database.target, 'VARCHAR(20)')
    const refused = await shop.pos.writeOrder(orderFor('A customer with a very long name'))
    const place = dialect === 'mysql' ? 'who' : 'character varying\\(20\\)'
    expect(refused).toMatchObject({ ok: false, reason: 'invalid', detail: expect.stringMatching(new RegExp(`does not hold a value \\(${place}\\).*LEFT\\(:customerName, 50\\)`)) as string })
    expect(JSON.stringify(refused)).not.toContain('very long')
    expect(await shop.pos.findOrder(ID)).toBeNull()
    expect(await shop.pos.readLevels([TEA.sku])).toEqual([{ sku: TEA.sku, onHand: 10 }])
    expect(await shop.pos.writeOrder(orderFor('A customer'))).toMatchObject({ ok: true })
    await shop.close()
  })

  test('for its signs is written with question marks in their place', async () => {
    const shop = await open(database.target, `VARCHAR(20)${dialect === 'mysql' ? ' CHARACTER SET latin1' : ''}`)
    expect(await shop.pos.writeOrder(orderFor('Zoë 🍵 茶'))).toMatchObject({ ok: true })
    expect(await shop.nameInTill()).toEqual([dialect === 'mysql' ? 'Zoë ? ?' : 'Zoë 🍵 茶'])
    await shop.close()
  })
})

describe.each([['LATIN1', 'Zoë ? ?'], ['LATIN9', 'Zoë ? ?'], ['SQL_ASCII', 'Zoë 🍵 茶']])('a PostgreSQL database in %s', (encoding, written) => {
  const server = inject('postgres')
  const name = `texts_${encoding.toLowerCase()}_${process.pid}`
  const limits = { ssl: 'off', connectTimeoutMs: 5_000, statementTimeoutMs: 20_000, lockTimeoutMs: 5_000 } as const
  const { host, port, user, password } = server
  const target = { dialect: 'postgres', host, port, user, password, database: name, ...limits } as const
  const admin = openConnection({ ...target, database: 'postgres' })
  const outsideTransaction = (text: string) => admin.write(async (tx) => {
    await sql.raw('COMMIT').execute(tx)
    await sql.raw(text).execute(tx)
  })
  beforeAll(() => outsideTransaction(`CREATE DATABASE ${name} ENCODING '${encoding}' LOCALE 'C' TEMPLATE template0`))
  afterAll(async () => {
    await outsideTransaction(`DROP DATABASE ${name} WITH (FORCE)`)
    await admin.close()
  })

  test('is read by any SKU, and takes an order with any words', async () => {
    const shop = await open(target, 'VARCHAR(20)')
    expect(await shop.pos.readLevels(['🍵', '茶', TEA.sku])).toEqual([{ sku: TEA.sku, onHand: 10 }])
    expect(await shop.pos.writeOrder({ ...orderOf([{ ...TEA, sku: '茶' }, 1]), assignmentId: ID })).toMatchObject({ ok: false, reason: 'unknown_sku' })
    expect(await shop.pos.writeOrder(orderFor('Zoë 🍵 茶'))).toMatchObject({ ok: true })
    expect(await shop.nameInTill()).toEqual([written])
    await shop.close()
  })
})

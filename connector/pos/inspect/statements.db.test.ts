import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest'
import { ID, orderOf, TEA } from '../pos-under-test.ts'
import { openSqlPos } from '../sql/sql-pos.ts'
import { sqlShopConfig } from '../sql/test-sql-shop.ts'
import { createMemory } from '../test-memory.ts'
import { inspectPos } from './inspect-pos.ts'
import type { Inspection } from './inspection.ts'
import { openInspectedShop, type InspectedShop } from './test-inspected-shop.ts'
import { SPOILED, spoil } from './test-spoiled-shop.ts'

/** What an administrator grants who has read the handbook: rights and thing, without the account. */
function handbook(dialect: 'mysql' | 'postgres'): string[] {
  const text = readFileSync(new URL('../../../docs/store-it.md', import.meta.url), 'utf8')
  const script = text.split('```sql\n').find((part) => part.startsWith(dialect === 'mysql' ? '-- MariaDB' : '-- PostgreSQL'))?.split('```')[0] ?? ''
  return [...script.matchAll(/^GRANT (.+) TO /gm)].map(([, right = '']) => right.replaceAll('shop.', '')).filter((right) => !right.startsWith('CONNECT'))
}

describe.each([['mysql', inject('mariadb')], ['postgres', inject('postgres')]] as const)('the statements of a shop in %s', (dialect, server) => {
  let shop: InspectedShop
  let before: string
  const grant = (right: string) => shop.run(`GRANT ${right} TO ${shop.account}`)
  const revoke = (right: string) => shop.run(`REVOKE ${right} FROM ${shop.account}`)
  const rights = handbook(dialect)
  const wrong = async (more: object = {}): Promise<Inspection[]> => (await inspectPos(sqlShopConfig(shop.target, 'accept', more))).filter(({ level }) => level !== 'ok')

  beforeAll(async () => {
    shop = await openInspectedShop(dialect, server)
    before = await shop.everything()
  })
  afterAll(async () => {
    await shop.drop()
  })
  beforeEach(async () => {
    if (dialect === 'mysql') await shop.run(`REVOKE ALL PRIVILEGES, GRANT OPTION FROM ${shop.account}`)
    else await shop.run(`DROP OWNED BY ${shop.account}`)
    for (const right of rights) await grant(right)
  })

  test('are in order with the rights of the handbook', async () => {
    expect(await wrong()).toEqual([])
    expect(await shop.everything()).toBe(before)
  })

  test('for a user who may only read: each that writes is told, and whoever runs what the fixes say can take web orders', async () => {
    if (dialect === 'mysql') await shop.run(`REVOKE ALL PRIVILEGES, GRANT OPTION FROM ${shop.account}`)
    else await shop.run(`DROP OWNED BY ${shop.account}`)
    for (const table of ['goods', 'codes', 'shelf', 'bills', 'bill_lines']) await grant(`SELECT ON ${table}`)
    const first = await wrong()
    expect(first.map(({ name }) => name)).toEqual(expect.arrayContaining(['pos.orders.write.0.run', 'pos.orders.write.1.run', 'pos.orders.write.2.run', 'pos.orders.void.0.run', 'pos.orders.void.1.run']))
    expect(first.every(({ level }) => level === 'fail')).toBe(true)
    for (let round = 0, left = first; left.length > 0; round += 1, left = await wrong()) {
      expect(round).toBeLessThan(4)
      for (const fix of new Set(left.map((each) => /run: (GRANT [^;]+)/.exec(each.fix ?? '')?.[1] ?? each.fix ?? ''))) await shop.run(fix)
    }
    expect(await shop.everything()).toBe(before)

    const pos = openSqlPos(sqlShopConfig(shop.target), createMemory())
    expect(await pos.writeOrder(orderOf([TEA, 2]))).toMatchObject({ ok: true })
    expect(await pos.voidOrder(ID)).toBe('voided')
    await pos.close()
    await shop.run('DELETE FROM bill_lines')
    await shop.run('DELETE FROM bills')
    before = await shop.everything()
  })

  test('of a statement over several tables every missing right is told at once', async () => {
    await revoke('SELECT ON goods')
    await revoke('SELECT ON shelf')
    const found = await wrong()
    expect(found.find(({ name }) => name === 'pos.goods.query')?.fix).toMatch(/run: GRANT SELECT ON \S*(goods|shelf) TO [^;]+; GRANT SELECT ON \S*(goods|shelf) TO /)
    await grant('SELECT ON goods')
    await grant('SELECT ON shelf')
    expect(await wrong()).toEqual([])
  })

  test('with INSERT missing on one table: only that statement is told, with the GRANT for it', async () => {
    await revoke('INSERT ON bill_lines')
    const found = await wrong()
    expect(found).toMatchObject([{ name: 'pos.orders.write.1.run', level: 'fail', detail: expect.stringContaining('denied') as string }])
    expect(found[0]?.fix).toContain(dialect === 'mysql' ? `GRANT INSERT ON ${shop.target.dialect === 'sqlite' ? '' : shop.target.database}.bill_lines TO ${shop.account}` : `GRANT INSERT ON bill_lines TO ${shop.account}`)
  })

  test('with UPDATE missing on one table: each statement that changes it', async () => {
    await revoke('UPDATE ON shelf')
    const found = await wrong()
    // PostgreSQL locks a row only for whoever may change it.
    expect(found.map(({ name }) => name)).toEqual([...(dialect === 'postgres' ? ['pos.orders.stock.0'] : []), 'pos.orders.write.2.run', 'pos.orders.void.1.run'])
    for (const { fix } of found) expect(fix).toMatch(/GRANT UPDATE ON (\w+\.)?shelf TO/)
  })

  if (dialect === 'postgres') test('with the sequence of a new row\'s id missing', async () => {
    await revoke('USAGE ON SEQUENCE bills_id_seq')
    expect(await wrong()).toMatchObject([{ name: 'pos.orders.write.0.run', fix: expect.stringContaining(`GRANT USAGE ON SEQUENCE bills_id_seq TO ${shop.account}`) as string }])
    expect(await shop.everything()).toBe(before)
  })

  if (dialect === 'postgres') test('with a right missing on a table of another schema, and on one that is only changed when the row is there', async () => {
    await shop.run('CREATE SCHEMA IF NOT EXISTS back')
    await shop.run('CREATE TABLE IF NOT EXISTS back.log (id VARCHAR(64) PRIMARY KEY, n INT)')
    const orders = sqlShopConfig(shop.target).orders
    const write = [...orders?.write ?? [], { run: 'INSERT INTO back.log (id, n) VALUES (:assignmentId, 1) ON CONFLICT (id) DO UPDATE SET n = log.n + 1' }]
    expect(await wrong({ orders: { ...orders, write } })).toMatchObject([{ name: 'pos.orders.write.3.run', fix: expect.stringContaining(`GRANT USAGE ON SCHEMA back TO ${shop.account}`) as string }])
    await grant('USAGE ON SCHEMA back')
    await grant('INSERT, SELECT ON back.log')
    expect(await wrong({ orders: { ...orders, write } })).toMatchObject([{ name: 'pos.orders.write.3.run', fix: expect.stringContaining(`GRANT UPDATE ON back.log TO ${shop.account}`) as string }])
    await grant('UPDATE ON back.log')
    expect(await wrong({ orders: { ...orders, write } })).toEqual([])
  })

  if (dialect === 'postgres') test('with an id that PostgreSQL will not tell', async () => {
    const config = sqlShopConfig(shop.target)
    expect((await inspectPos(spoil(config, 'pos.orders.write.0.run', ' RETURNING id', ''))).filter(({ level }) => level !== 'ok')).toMatchObject([{ name: 'pos.orders.write.0.run', fix: expect.stringContaining('RETURNING') as string }])
  })

  test('with rights that come by a role', async () => {
    const role = `r_${shop.account.replaceAll(/\W/g, '')}`.slice(0, 30)
    await shop.run(`CREATE ROLE ${role}`)
    for (const right of rights) {
      await revoke(right)
      await shop.run(`GRANT ${right} TO ${role}`)
    }
    await shop.run(`GRANT ${role} TO ${shop.account}`)
    if (dialect === 'mysql') await shop.run(`SET DEFAULT ROLE ${role} FOR ${shop.account}`)
    expect(await wrong()).toEqual([])
    if (dialect === 'postgres') await shop.run(`DROP OWNED BY ${role}`)
    await shop.run(`DROP ROLE ${role}`)
  })

  test.each(SPOILED)('with a mistake in %s (%s → %s): told under its place', async (at, word, mistake, toldAt, says) => {
    const found = (await inspectPos(spoil(sqlShopConfig(shop.target), at, word, mistake))).filter(({ level }) => level !== 'ok')
    expect(found).toMatchObject([{ name: toldAt, level: 'fail', detail: expect.stringContaining(says) as string }])
  })

  test('the connector\'s own table is told where it can neither be found nor made', async () => {
    const orders = { ...sqlShopConfig(shop.target).orders, ownTable: true, find: 'SELECT o.pos_reference AS reference, b.state FROM tillbridge_orders o JOIN bills b ON b.reference = o.assignment_id WHERE o.assignment_id = :assignmentId' }
    const rights = { mysql: 'CREATE, SELECT, INSERT, UPDATE ON tillbridge_orders', postgres: 'CREATE ON SCHEMA public' }[dialect]
    const found = await wrong({ orders })
    expect(found[0]).toMatchObject({ name: 'CREATE of tillbridge_orders', level: 'fail', fix: expect.stringContaining('tillbridge_orders') as string })
    await grant(rights)
    expect(await wrong({ orders })).toEqual([])
    expect(await shop.everything()).toBe(before)
  })
})

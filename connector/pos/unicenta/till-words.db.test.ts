import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest'
import { ID, orderOf, OTHER_ID, readOn, TEA } from '../pos-under-test.ts'
import type { Pos } from '../port.ts'
import { committing, createMemory } from '../test-memory.ts'
import { openUnicenta } from './open-unicenta.ts'
import { dropDatabase, makeDatabase, openTestTill, TEST_ZONE, type TestTill, type TillAddress } from './test-till.ts'
import { UnicentaConfig } from './unicenta-config.ts'

describe.each(['mysql', 'postgres'] as const)('words and dates in a uniCenta on %s', (dialect) => {
  const address: TillAddress = { dialect, ...inject(dialect === 'mysql' ? 'mariadb' : 'postgres'), database: `unicenta_words_${process.pid}` }
  let till: TestTill
  let pos: Pos
  beforeAll(() => makeDatabase(address))
  afterAll(() => dropDatabase(address))
  beforeEach(async () => {
    till = await openTestTill(address)
    await till.addItem(TEA, 10)
    const memory = createMemory()
    pos = committing(openUnicenta(UnicentaConfig.parse({ type: 'unicenta', dialect, connection: address, currency: 'USD', timeZone: TEST_ZONE }), memory, undefined, { everyMs: 0 }), memory)
  })
  afterEach(async () => {
    await pos.close()
    await till.close()
  })

  test('an order with a smile is written into tables of the character set that uniCenta makes in MySQL', async () => {
    if (dialect === 'mysql') for (const change of ['payments MODIFY notes varchar(255)', 'products MODIFY name varchar(255)', 'products MODIFY reference varchar(191)']) await till.run(`ALTER TABLE ${change} CHARACTER SET utf8mb3`)
    expect(await pos.readLevels(['🍵', TEA.sku])).toEqual([{ sku: TEA.sku, onHand: 10 }])
    expect(await pos.writeOrder(orderOf([TEA, 1], [{ ...TEA, sku: '🍵' }, 1]))).toMatchObject({ ok: false, reason: 'unknown_sku' })
    const order = orderOf([TEA, 2])
    expect(await pos.writeOrder({ ...order, customer: { ...order.customer, name: "Zoë O'Hara 🍵" }, note: 'ring twice 🔔' })).toMatchObject({ ok: true, stockFell: true })
    const [payment] = await till.run('SELECT notes FROM payments WHERE transid = ?', ID)
    expect(payment?.['notes']).toContain(dialect === 'mysql' ? "Zoë O'Hara ?" : "Zoë O'Hara 🍵")
  })

  test('an order with more words than the column for them holds is cut to it, and whole where the till shows a ticket', async () => {
    await till.run('UPDATE payments SET notes = NULL')
    await till.run(`ALTER TABLE payments ${dialect === 'mysql' ? 'MODIFY notes varchar(30)' : 'ALTER notes TYPE varchar(30)'}`)
    const id = 'ord_00000000000000000000000003.1'
    expect(await pos.writeOrder({ ...orderOf([TEA, 1]), assignmentId: id, note: 'ring twice and wait' })).toMatchObject({ ok: true })
    const [payment] = await till.run('SELECT p.notes, r.attributes FROM payments p JOIN receipts r ON r.id = p.receipt WHERE transid = ?', id)
    expect(payment?.['notes']).toBe('Web order W-1001 · Test Cus...')
    expect(String(payment?.['attributes'])).toContain('ring twice and wait')
    await till.run(`ALTER TABLE payments ${dialect === 'mysql' ? 'MODIFY notes varchar(255)' : 'ALTER notes TYPE varchar'}`)
  })

  test('a shelf that holds more than any shelf can is no level, and the last good one stays', async () => {
    const { cursor } = await readOn(pos, null)
    await till.run('UPDATE stockcurrent SET units = 1e15')
    expect(await pos.readChanges(cursor)).toMatchObject({ levels: [], removed: [], refused: [{ reason: expect.stringContaining('shelf') as string }] })
    await till.run('UPDATE stockcurrent SET units = 10')
    expect(await pos.readChanges(cursor)).toMatchObject({ refused: [{ reason: null }] })
  })

  test('a refund ticket that is deleted is told as sold again', async () => {
    const start = await readOn(pos, await pos.currentCursor())
    const refund = await till.ring([{ sku: TEA.sku, quantity: 1 }], { kind: 'refund' })
    const { cursor } = await readOn(pos, start.cursor)
    await till.deleteTicket(refund)
    const told = await pos.readChanges(cursor)
    expect(told.sales).toMatchObject([{ saleId: `${refund}/deleted`, kind: 'sale', totalMinor: 499, lines: [{ quantity: 1, lineTotalMinor: 499 }] }])
    expect(told.wentBack).toBeUndefined()
  })

  test('a till that came back from a backup says so by its stock diary, once, and its web order is absent', async () => {
    const start = await readOn(pos, await pos.currentCursor())
    const kept = await till.ring([{ sku: TEA.sku, quantity: 1 }])
    const before = new Set((await till.run('SELECT id FROM stockdiary')).map((row) => String(row['id'])))
    expect(await pos.writeOrder({ ...orderOf([TEA, 2]), assignmentId: OTHER_ID })).toMatchObject({ ok: true })
    const lost = await till.ring([{ sku: TEA.sku, quantity: 3 }])
    const { cursor } = await readOn(pos, start.cursor)
    for (const id of [lost, String((await till.run('SELECT receipt FROM payments WHERE transid = ?', OTHER_ID))[0]?.['receipt'])]) {
      for (const [table, column] of [['taxlines', 'receipt'], ['payments', 'receipt'], ['ticketlines', 'ticket'], ['tickets', 'id'], ['receipts', 'id']]) await till.run(`DELETE FROM ${table} WHERE ${column} = ?`, id)
    }
    for (const { id } of await till.run('SELECT id FROM stockdiary')) if (!before.has(String(id))) await till.run('DELETE FROM stockdiary WHERE id = ?', id)
    const again = await till.ring([{ sku: TEA.sku, quantity: 4 }])
    const told = await pos.readChanges(cursor)
    expect(told.wentBack).toBe('rows of the stock diary that were there are gone: 2')
    expect(told.sales.map(({ saleId }) => saleId)).toContain(again)
    expect(told.sales.map(({ saleId }) => saleId)).not.toContain(kept)
    // Nobody at the till refused it: it is looked for, and absent.
    expect(told.orders).toEqual([])
    expect(await pos.findOrder(OTHER_ID)).toBeNull()
    expect((await pos.readChanges(told.cursor)).wentBack).toBeUndefined()
  })

  test('an entry of the stock diary that somebody takes back in its form is no backup', async () => {
    const start = await readOn(pos, await pos.currentCursor())
    await till.ring([{ sku: TEA.sku, quantity: 1 }])
    const before = new Set((await till.run('SELECT id FROM stockdiary')).map((row) => String(row['id'])))
    await till.move(TEA.sku, 5, 1)
    const { cursor } = await readOn(pos, start.cursor)
    for (const { id } of await till.run('SELECT id FROM stockdiary')) if (!before.has(String(id))) await till.run('DELETE FROM stockdiary WHERE id = ?', id)
    await till.run('UPDATE stockcurrent SET units = units - 5')
    const told = await pos.readChanges(cursor)
    expect(told.levels).toHaveLength(1)
    expect(told).not.toHaveProperty('wentBack')
  })

  test('a ticket that could not be read is told when somebody has mended it', async () => {
    const { cursor } = await readOn(pos, await pos.currentCursor())
    const id = await till.ring([{ sku: TEA.sku, quantity: 1 }])
    const number = dialect === 'postgres' ? "'NaN'" : '1e300'
    await till.run(`UPDATE ticketlines SET units = ${number}, price = ${number} WHERE ticket = ?`, id)
    const broken = await pos.readChanges(cursor)
    expect(broken.refused).toMatchObject([{ key: `receipts/${id}` }])
    await till.run('UPDATE ticketlines SET units = 1, price = 4.99 WHERE ticket = ?', id)
    await till.ring([{ sku: TEA.sku, quantity: 2 }])
    const mended = await pos.readChanges(broken.cursor)
    expect(mended.sales.map(({ saleId }) => saleId)).toContain(id)
    expect(mended.refused).toContainEqual(expect.objectContaining({ key: `receipts/${id}`, reason: null }))
  })
})

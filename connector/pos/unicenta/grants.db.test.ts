import { readFileSync } from 'node:fs'
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, inject, test } from 'vitest'
import { systemClock } from '../../../contract/clock.ts'
import { ID, orderOf, readOn, TEA } from '../pos-under-test.ts'
import { committing, createMemory } from '../test-memory.ts'
import { openUnicenta } from './open-unicenta.ts'
import { dropDatabase, makeDatabase, openTestTill, TEST_ZONE, type TestTill, type TillAddress } from './test-till.ts'
import { UnicentaConfig } from './unicenta-config.ts'

const password = 'a password of the tests'

describe.each(['mysql', 'postgres'] as const)('with the grants of the script for %s', (dialect) => {
  let address: TillAddress
  let till: TestTill
  let user: string

  beforeEach(async () => {
    const id = randomBytes(6).toString('hex')
    user = `connector_${id}`
    address = { dialect, ...inject(dialect === 'mysql' ? 'mariadb' : 'postgres'), database: `unicenta_${id}` }
    await makeDatabase(address)
    till = await openTestTill(address)
    await till.addItem(TEA, 10)
  })
  afterEach(async () => {
    await till.run(dialect === 'mysql' ? `DROP USER IF EXISTS '${user}'@'%'` : `DROP OWNED BY ${user}`)
    if (dialect === 'postgres') await till.run(`DROP ROLE ${user}`)
    await till.close()
    await dropDatabase(address)
  })

  /** The script as an administrator runs it: the whole, or only its part for reading. */
  const grant = async (part: 'reading' | 'whole'): Promise<void> => {
    const script = readFileSync(join(import.meta.dirname, `grants-${dialect}.sql`), 'utf8')
    const wanted = part === 'whole' ? script : script.slice(0, script.indexOf('-- Orders'))
    const statements = wanted.split('\n').filter((line) => !line.startsWith('--')).join('\n').split(';').map((statement) => statement.trim()).filter(Boolean)
    for (const one of statements) await till.run(one.replace('ON DATABASE "DATABASE"', `ON DATABASE "${address.database}"`).replace('`DATABASE`', `\`${address.database}\``).replaceAll('CONNECTOR', user).replaceAll('HOST', '%').replace("'PASSWORD'", `'${password}'`))
  }
  const open = (more: object = {}) => {
    const memory = createMemory()
    const config = UnicentaConfig.parse({ type: 'unicenta', dialect, connection: { ...address, user, password }, currency: 'USD', timeZone: TEST_ZONE, ...more })
    return committing(openUnicenta(config, memory, systemClock, { everyMs: 0 }), memory)
  }

  test('it reads, writes an order and takes it back', async () => {
    await grant('whole')
    const pos = open()
    const { cursor } = await readOn(pos, null)
    expect(await pos.writeOrder(orderOf([TEA, 2]))).toMatchObject({ ok: true })
    expect(await pos.findOrder(ID)).toMatchObject({ state: 'open' })
    await till.ring([{ sku: TEA.sku, quantity: 1 }])
    expect((await readOn(pos, cursor)).sales).toHaveLength(2)
    expect(await pos.voidOrder(ID)).toBe('voided')
    expect(await pos.readLevels([TEA.sku])).toEqual([{ sku: TEA.sku, onHand: 9 }])
    await pos.close()
  })

  test('for reading it reads, and an order is a fault that says what is missing', async () => {
    await grant('reading')
    const reading = open({ orders: 'none' })
    const start = (await readOn(reading, await reading.currentCursor())).cursor
    await till.ring([{ sku: TEA.sku, quantity: 1 }])
    expect(await readOn(reading, start)).toMatchObject({ sales: [{ kind: 'sale' }], levels: [{ onHand: 9 }] })
    expect(reading.capabilities.takesOrders).toBe(false)
    expect(await reading.writeOrder(orderOf([TEA, 1]))).toMatchObject({ ok: false, reason: 'store_closed' })
    await reading.close()
    const wanting = open()
    await expect(wanting.writeOrder(orderOf([TEA, 1]))).rejects.toThrow(/may not|not allowed|grant/i)
    expect(await till.run('SELECT id FROM tickets WHERE tickettype = 0')).toHaveLength(1)
    await wanting.close()
  })
})

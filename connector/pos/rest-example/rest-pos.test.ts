import { expect, test } from 'vitest'
import { posSuite } from '../pos-suite.ts'
import { ID, orderOf, TEA } from '../pos-under-test.ts'
import { createMemory } from '../test-memory.ts'
import { openRestPos, RestPosFault } from './rest-pos.ts'
import { startRestTill } from './rest-till.ts'

const KEY = 'a-key-of-the-test'

posSuite('the REST example', async () => {
  const till = await startRestTill(KEY)
  const open = () => openRestPos({ url: till.url, key: KEY })
  return {
    pos: open(),
    reopen: open,
    memory: createMemory(),
    floor: {
      addItem: async (item, stock) => {
        till.put(item, stock)
        return item
      },
      sell: async (basket) => till.sell(basket),
      takeReturn: async (basket) => till.sell(basket.map(({ sku, quantity }) => ({ sku, quantity: -quantity }))),
      setPrice: async (sku, amountMinor) => till.change(sku, { price: { amountMinor, currency: 'USD' } }),
      rename: async (sku, name) => till.change(sku, { name }),
      retire: async (sku) => till.retire(sku),
      pick: async (id) => till.step(id, 'picking'),
      ready: async (id) => till.step(id, 'ready'),
      handOver: async (id) => {
        const order = till.order(id)
        if (!order) return
        if (order.status !== 'shipped') till.sell(order.lines.map(({ sku, quantity, unitPriceMinor }) => ({ sku, quantity, priceMinor: unitPriceMinor })), id)
        till.step(id, order.method === 'ship' && order.status !== 'shipped' ? 'shipped' : 'completed')
      },
      refuse: async (id, reason) => till.step(id, 'refused', reason),
      countOrders: async (id) => (till.order(id) ? 1 : 0),
      keepSelling: async (basket, times) => {
        for (let n = 0; n < times; n += 1) {
          till.sell(basket)
          await new Promise((resolve) => setTimeout(resolve, 1))
        }
      },
    },
    close: () => till.close(),
  }
}, { counted: 'its till keeps every count' })

test('a write whose answer is lost is found by its reference, and is one order', async () => {
  const till = await startRestTill(KEY)
  const pos = openRestPos({ url: till.url, key: KEY })
  till.put(TEA, 10)
  till.fail(503, 'after')
  await expect(pos.writeOrder(orderOf([TEA, 3]))).rejects.toThrow(RestPosFault)
  expect(await pos.findOrder(ID)).toMatchObject({ state: 'open' })
  expect(await pos.writeOrder(orderOf([TEA, 3]))).toMatchObject({ ok: true })
  expect(await pos.readLevels([TEA.sku])).toEqual([{ sku: TEA.sku, onHand: 7 }])
  await till.close()
})

test('a POS that is away or does not know the key is a fault with a hint, without the key', async () => {
  const till = await startRestTill(KEY)
  await expect(openRestPos({ url: till.url, key: 'another' }).currentCursor()).rejects.toThrow(/does not know this key.*keyFile/)
  await till.close()
  const fault = await openRestPos({ url: till.url, key: KEY }).currentCursor().catch((error: unknown) => error)
  expect(fault).toBeInstanceOf(RestPosFault)
  expect(String(fault)).not.toContain(KEY)
})

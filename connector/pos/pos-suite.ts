import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Item } from '../../contract/product.ts'
import type { Pos } from './port.ts'
import { APPLES, byKey, ID, orderOf, OTHER_ID, readOn, TEA, WRAPPING, type PosExceptions, type PosUnderTest, type ShopFloor } from './pos-under-test.ts'
import { committing } from './test-memory.ts'

/** Enough that reading and selling overlap many times, and still under a second. */
const CONCURRENT_SALES = 150
/** On a busy machine all of them may pass between two readings: then the cashier goes on. */
const CASHIER_ROUNDS_MAX = 10
/** Ten seconds, beyond the latest hint of any database. */
const LOOKS_UNTIL_CALM = 100

/** What every POS adapter must do. `make` gives an empty shop, new for each test; what its POS cannot show stands in `exceptions`, with the reason. */
export function posSuite(name: string, make: () => Promise<PosUnderTest>, exceptions: PosExceptions = {}): void {
  describe(`${name}, as every POS`, () => {
    let pos: Pos
    let uncommitted: Pos
    let floor: ShopFloor
    let close: () => Promise<void>
    let made: PosUnderTest
    let tea: Item
    let apples: Item
    let wrapping: Item

    beforeEach(async () => {
      made = await make()
      ;({ floor, close } = made)
      uncommitted = made.pos
      pos = committing(made.pos, made.memory)
      tea = await floor.addItem(TEA, 10)
      apples = await floor.addItem(APPLES, 5_000)
      wrapping = await floor.addItem(WRAPPING)
    })
    /** By SKU, so that no order of an adapter's counts. */
    const levelsNow = async (...items: Item[]) => byKey(await pos.readLevels(items.map(({ sku }) => sku)))
    const fallsAtOnce = () => pos.capabilities.stockFallsAt === 'accept'
    const reopened: Pos[] = []
    afterEach(async () => {
      for (const again of reopened.splice(0)) await again.close()
      await close()
    })

    /** Reads on until the POS says that nothing can have changed. A database that only hints at changes may do so once more, late; never for ever. */
    const calmAfter = async (cursor: string | null): Promise<string> => {
      let at = cursor
      for (let looks = 0; looks < LOOKS_UNTIL_CALM; looks += 1) {
        at = (await readOn(pos, at)).cursor
        if (!await pos.mayHaveChanged()) return at
        await new Promise((resolve) => setTimeout(resolve, 100))
      }
      throw new Error(`nothing is written, and the POS may have changed after ${LOOKS_UNTIL_CALM} readings`)
    }

    const levelOf = async (sku: string) => (await pos.readLevels([sku]))[0]?.onHand

    const ofOrders = (title: string, tests: () => void): void => {
      if (!exceptions.readOnly) describe(title, tests)
    }

    test('says truly whether it takes web orders', () => {
      expect(pos.capabilities.takesOrders).toBe(exceptions.readOnly === undefined)
    })

    if (exceptions.readOnly) test(`refuses a web order, so that another store may have it, and writes nothing (${exceptions.readOnly})`, async () => {
      expect(await pos.writeOrder(orderOf([tea, 3]))).toMatchObject({ ok: false, reason: 'store_closed' })
      expect(await pos.findOrder(ID)).toBeNull()
      expect(await pos.voidOrder(ID)).toBe('absent')
      expect(await floor.countOrders(ID)).toBe(0)
      expect(await levelOf(tea.sku)).toBe(10)
    })

    ofOrders('a web order', () => {
      test('is found by its reference once written, and not before', async () => {
        expect(await pos.findOrder(ID)).toBeNull()
        const written = await pos.writeOrder(orderOf([tea, 3]))
        if (!written.ok) throw new Error(written.detail)
        expect(await pos.findOrder(ID)).toEqual({ posReference: written.posReference, state: 'open', stockFell: written.stockFell })
      })

      test('written twice is one order and takes its goods once', async () => {
        const first = await pos.writeOrder(orderOf([tea, 3]))
        const second = await pos.writeOrder(orderOf([tea, 3]))
        expect(second).toEqual(first)
        expect(await floor.countOrders(ID)).toBe(1)
        expect(await levelOf(tea.sku)).toBe(fallsAtOnce() ? 7 : 10)
      })

      test('takes its goods off the shelf as it is written, when the POS says so', async () => {
        const written = await pos.writeOrder(orderOf([tea, 3], [apples, 1_250], [tea, 1]))
        const falls = fallsAtOnce()
        expect(written).toMatchObject({ ok: true, stockFell: falls })
        expect(await levelsNow(tea, apples)).toEqual(falls ? { [apples.sku]: 3_750, [tea.sku]: 6 } : { [apples.sku]: 5_000, [tea.sku]: 10 })
      })

      test('is refused whole when one line is short, with the demand of all its lines summed', async () => {
        expect(await pos.writeOrder(orderOf([apples, 100], [tea, 6], [tea, 5]))).toMatchObject({ ok: false, reason: 'out_of_stock' })
        expect(await pos.findOrder(ID)).toBeNull()
        expect(await levelsNow(tea, apples)).toEqual({ [apples.sku]: 5_000, [tea.sku]: 10 })
      })

      test('gets the last piece, and the next order does not', async () => {
        expect(await pos.writeOrder(orderOf([tea, 10]))).toMatchObject({ ok: true })
        expect(await pos.writeOrder({ ...orderOf([tea, 1]), assignmentId: OTHER_ID })).toMatchObject({ ok: false, reason: 'out_of_stock' })
      })

      test('for a SKU the POS does not sell, or no longer sells, or in another currency, is refused', async () => {
        expect(await pos.writeOrder(orderOf([{ ...tea, sku: 'NOT-THERE' }, 1]))).toMatchObject({ ok: false, reason: 'unknown_sku' })
        expect(await pos.writeOrder(orderOf([{ ...tea, price: { ...tea.price, currency: 'EUR' } }, 1]))).toMatchObject({ ok: false, reason: 'price_mismatch', detail: expect.stringMatching(/USD.*EUR/) as string })
        await floor.retire(tea.sku)
        expect(await pos.writeOrder(orderOf([tea, 1]))).toMatchObject({ ok: false, reason: 'unknown_sku' })
      })

      test('may hold a service, which has no stock', async () => {
        expect(await pos.writeOrder(orderOf([wrapping, 2]))).toMatchObject({ ok: true })
        expect(await pos.readLevels([wrapping.sku])).toEqual([])
      })

      test('is booked at the price the shopper was shown', async () => {
        const start = (await readOn(pos, await pos.currentCursor())).cursor
        await floor.setPrice(tea.sku, 999)
        await pos.writeOrder(orderOf([tea, 2]))
        await floor.handOver(ID)
        const [sale] = (await readOn(pos, start)).sales
        expect(sale).toMatchObject({ assignmentId: ID, lines: [{ sku: tea.sku, quantity: 2, unitPriceMinor: 499, lineTotalMinor: 998 }] })
      })
    })

    ofOrders('a web order taken back', () => {
      test('puts its goods on the shelf again, once', async () => {
        await pos.writeOrder(orderOf([tea, 3], [apples, 500], [tea, 1]))
        expect(await pos.voidOrder(ID)).toBe('voided')
        expect(await pos.voidOrder(ID)).toBe('voided')
        expect(await levelsNow(tea, apples)).toEqual({ [apples.sku]: 5_000, [tea.sku]: 10 })
        expect(await pos.findOrder(ID)).toMatchObject({ state: 'void', stockFell: false })
      })

      test('is never written again under its reference', async () => {
        await pos.writeOrder(orderOf([tea, 3]))
        await pos.voidOrder(ID)
        expect(await pos.writeOrder(orderOf([tea, 3]))).toMatchObject({ ok: false, reason: 'invalid' })
        expect(await levelOf(tea.sku)).toBe(10)
      })

      test('is absent when it was never written', async () => {
        expect(await pos.voidOrder(ID)).toBe('absent')
      })

      if (!exceptions.finishedAtOnce) test('is refused once the goods have left, and nothing moves', async () => {
        await pos.writeOrder(orderOf([tea, 3]))
        await floor.handOver(ID)
        expect(await pos.voidOrder(ID)).toBe('refused')
        expect(await levelOf(tea.sku)).toBe(7)
        expect(await pos.findOrder(ID)).toMatchObject({ state: 'done', stockFell: true })
      })
    })

    if (exceptions.finishedAtOnce) describe(`a web order that is a finished sale (${exceptions.finishedAtOnce})`, () => {
      test('is told as one sale that names it, once it is written', async () => {
        const start = (await readOn(pos, await pos.currentCursor())).cursor
        await pos.writeOrder(orderOf([tea, 2]))
        const told = await readOn(pos, start)
        expect(told.sales.map((sale) => [sale.kind, sale.assignmentId])).toEqual([['sale', ID]])
        expect(told.orders).toEqual([])
        expect(byKey(told.levels)).toEqual({ [tea.sku]: 8 })
        expect(await readOn(pos, told.cursor)).toMatchObject({ orders: [], sales: [] })
      })

      test('leaves its steps to the desk, and stays open however far it is there', async () => {
        await pos.writeOrder(orderOf([tea, 2]))
        for (const kind of ['picked', 'ready', 'handed-over'] as const) expect(await pos.staffStep(ID, { kind })).toBe('desk-only')
        expect(await pos.staffStep(ID, { kind: 'refuse', reason: 'store_closed' })).toBe('desk-only')
        expect(await pos.findOrder(ID)).toMatchObject({ state: 'open', stockFell: true })
      })

      test('is told as a return when it is taken back, which nobody at the till refused', async () => {
        await pos.writeOrder(orderOf([tea, 2]))
        const start = (await readOn(pos, await pos.currentCursor())).cursor
        await pos.voidOrder(ID)
        const told = await readOn(pos, start)
        expect(told.sales.map((sale) => [sale.kind, sale.assignmentId])).toEqual([['return', ID]])
        expect(told.orders).toEqual([])
      })
    })

    ofOrders('what the staff do with a web order', () => {
      if (!exceptions.finishedAtOnce) test(exceptions.steps ? `is told when it is completed (no steps before: ${exceptions.steps})` : 'is told step by step for pickup, and ends as a sale that names its order', async () => {
        await pos.writeOrder(orderOf([tea, 2]))
        const start = (await readOn(pos, await pos.currentCursor())).cursor
        await floor.pick?.(ID)
        if (floor.pick) expect(await pos.findOrder(ID)).toMatchObject({ state: 'picking' })
        await floor.ready?.(ID)
        if (floor.ready) expect(await pos.findOrder(ID)).toMatchObject({ state: 'ready' })
        await floor.handOver(ID)
        const told = await readOn(pos, start)
        expect(told.orders.flatMap((order) => (order.kind === 'progress' ? order.status : []))).toEqual(exceptions.steps ? ['completed'] : ['picking', 'ready_for_pickup', 'completed'])
        // Goods that fall later are told as fallen, before the order is told as completed.
        expect(told.orders.filter(({ kind }) => kind === 'stock-fell')).toHaveLength(fallsAtOnce() ? 0 : 1)
        if (!fallsAtOnce()) expect(told.orders[0]).toMatchObject({ kind: 'stock-fell', assignmentId: ID })
        expect(told.sales.map((sale) => [sale.kind, sale.assignmentId])).toEqual([['sale', ID]])
        expect(await levelOf(tea.sku)).toBe(8)
        expect(await readOn(pos, told.cursor)).toMatchObject({ orders: [], sales: [] })
      })

      if (!exceptions.finishedAtOnce) test(exceptions.shipping ? `is told as completed when it is sent (${exceptions.shipping}), and as one sale` : 'is told as shipped and then completed for an order that is sent, and as one sale', async () => {
        await pos.writeOrder({ ...orderOf([tea, 2]), fulfillment: { method: 'ship', address: { name: 'A', line1: 'B', city: 'C', postalCode: '1', country: 'US' } } })
        const start = (await readOn(pos, await pos.currentCursor())).cursor
        await floor.ready?.(ID)
        await floor.handOver(ID)
        const shipped = await readOn(pos, start)
        expect(shipped.orders.filter(({ kind }) => kind === 'progress')).toMatchObject([{ kind: 'progress', status: exceptions.shipping ? 'completed' : 'shipped', assignmentId: ID }])
        expect(shipped.sales).toHaveLength(1)
        if (exceptions.shipping) return
        await floor.handOver(ID)
        const arrived = await readOn(pos, shipped.cursor)
        expect(arrived.orders).toMatchObject([{ kind: 'progress', status: 'completed' }])
        expect(arrived.sales).toEqual([])
      })

      test(exceptions.reasons ? `is told as refused (no reason: ${exceptions.reasons}), and the goods are on the shelf again` : 'is told as refused with the reason, and the goods are on the shelf again', async () => {
        await pos.writeOrder(orderOf([tea, 2]))
        const start = (await readOn(pos, await pos.currentCursor())).cursor
        await floor.refuse(ID, 'store_closed')
        const told = await readOn(pos, start)
        expect(told.orders).toMatchObject([{ kind: 'refused', reason: exceptions.reasons ? 'out_of_stock' : 'store_closed', assignmentId: ID }])
        // Only what was told as sold is told as returned.
        expect(told.sales.map(({ kind, assignmentId }) => [kind, assignmentId])).toEqual(exceptions.finishedAtOnce ? [['return', ID]] : [])
        expect(await levelOf(tea.sku)).toBe(10)
        // Those whose stock had fallen rose again.
        if (fallsAtOnce()) expect(byKey(told.levels)).toEqual({ [tea.sku]: 10 })
        expect(await pos.findOrder(ID)).toMatchObject({ state: 'void', stockFell: false })
        expect(await pos.writeOrder(orderOf([tea, 2]))).toMatchObject({ ok: false, reason: 'invalid' })
      })
    })

    describe('reading changes', () => {
      test('from the beginning tells everything there is', async () => {
        const all = await readOn(pos, null)
        expect(all.items.map((item) => item.sku).sort()).toEqual([apples.sku, wrapping.sku, tea.sku].sort())
        expect(all.items.find((item) => item.sku === tea.sku)).toEqual(tea)
        expect(byKey(all.levels)).toEqual({ [tea.sku]: 10, [apples.sku]: 5_000 })
      })

      test('from where everything was read tells nothing', async () => {
        const { cursor } = await readOn(pos, await pos.currentCursor())
        const quiet = await pos.readChanges(cursor)
        expect(quiet).toMatchObject({ items: [], removed: [], levels: [], sales: [], orders: [] })
      })

      test('is told again, unchanged, when it was not committed', async () => {
        const { cursor } = await readOn(pos, await pos.currentCursor())
        await floor.sell([{ sku: tea.sku, quantity: 2 }])
        await floor.setPrice(apples.sku, 450)
        const lost = await readOn({ ...uncommitted, readChanges: async (from) => ({ ...await uncommitted.readChanges(from), cursor, more: false }) }, cursor)
        const told = await readOn(pos, cursor)
        expect(told.sales).toEqual(lost.sales)
        expect(told.items.map(({ sku }) => sku)).toEqual([apples.sku])
        expect(byKey(told.levels)).toMatchObject({ [tea.sku]: 8 })
        expect(await readOn(pos, told.cursor)).toMatchObject({ items: [], levels: [], sales: [] })
      })

      test('goes on where it was, also when the adapter is opened anew', async () => {
        const opened = (): Pos => committing(reopened[reopened.push(made.reopen()) - 1] ?? made.pos, made.memory)
        const { cursor } = await readOn(pos, await pos.currentCursor())
        await floor.sell([{ sku: tea.sku, quantity: 2 }])
        const again = opened()
        expect(await again.mayHaveChanged()).toBe(true)
        const told = await readOn(again, cursor)
        expect(told).toMatchObject({ items: [], removed: [], sales: [{ kind: 'sale' }] })
        expect(byKey(told.levels)).toEqual({ [tea.sku]: 8 })
        expect(await readOn(opened(), told.cursor)).toMatchObject({ items: [], removed: [], levels: [], sales: [] })
      })

      test('tells a sale and a return at the counter, with levels', async () => {
        const start = (await readOn(pos, await pos.currentCursor())).cursor
        await floor.sell([{ sku: tea.sku, quantity: 2 }, { sku: apples.sku, quantity: 333 }, { sku: wrapping.sku, quantity: 1 }])
        await floor.takeReturn([{ sku: tea.sku, quantity: 1 }])
        const told = await readOn(pos, start)
        expect(told.sales).toMatchObject([
          {
            kind: 'sale', assignmentId: null, currency: 'USD', totalMinor: 2_080,
            lines: [
              { sku: tea.sku, quantity: 2, unitPriceMinor: 499, lineTotalMinor: 998 },
              // 333 g of 3.99 a kilogram are 132.867 cents.
              { sku: apples.sku, quantity: 333, unitPriceMinor: 399, lineTotalMinor: 133 },
              { sku: wrapping.sku, quantity: 1, unitPriceMinor: 860, lineTotalMinor: 860 },
            ],
          },
          { kind: 'return', lines: [{ sku: tea.sku, quantity: -1, unitPriceMinor: 499, lineTotalMinor: -499 }] },
        ])
        expect(new Set(told.sales.map((sale) => sale.saleId)).size).toBe(2)
        expect(byKey(told.levels)).toEqual({ [tea.sku]: 9, [apples.sku]: 4_667 })
      })

      test('tells a level below zero as it is', async () => {
        await floor.sell([{ sku: tea.sku, quantity: 12 }])
        expect(await levelOf(tea.sku)).toBe(-2)
      })

      test('tells an item once, as it is now', async () => {
        const start = (await readOn(pos, await pos.currentCursor())).cursor
        await floor.rename(tea.sku, 'Other tea')
        await floor.setPrice(tea.sku, 550)
        await floor.rename(tea.sku, 'Best tea')
        const told = await readOn(pos, start)
        expect(told.items).toEqual([{ ...tea, name: 'Best tea', price: { ...tea.price, amountMinor: 550 } }])
        expect(told.removed).toEqual([])
      })

      test('tells that an item was retired, and its level when it comes back', async () => {
        const start = (await readOn(pos, await pos.currentCursor())).cursor
        await floor.retire(tea.sku)
        const gone = await readOn(pos, start)
        expect(gone).toMatchObject({ removed: pos.capabilities.seesDeletes ? [tea.sku] : [], items: [], levels: [] })
        tea = await floor.addItem(tea, 10)
        const back = await readOn(pos, gone.cursor)
        expect(back).toMatchObject({ removed: [], items: [tea], levels: [{ sku: tea.sku, onHand: 10 }] })
      })

      if (!exceptions.counted) test('tells goods that are no longer counted as none to sell, and sells none of them', async () => {
        const start = (await readOn(pos, await pos.currentCursor())).cursor
        await floor.uncount?.(tea.sku)
        const told = await readOn(pos, start)
        expect(told).toMatchObject({ items: [], removed: [], levels: [{ sku: tea.sku, onHand: 0 }] })
        expect((await readOn(pos, told.cursor)).levels).toEqual([])
        expect(await pos.writeOrder(orderOf([tea, 1]))).toMatchObject({ ok: false, reason: exceptions.readOnly ? 'store_closed' : 'out_of_stock' })
      })

      test('is announced by mayHaveChanged, also when the adapter itself wrote', async () => {
        const start = await calmAfter(null)
        await floor.sell([{ sku: tea.sku, quantity: 1 }])
        expect(await pos.mayHaveChanged()).toBe(true)
        const sold = await calmAfter(start)
        if (exceptions.readOnly) return
        await pos.writeOrder(orderOf([tea, 1]))
        expect(await pos.mayHaveChanged()).toBe(true)
        await calmAfter(sold)
      })

      test('misses nothing and tells no sale twice while another process sells, and sees one moment each time', async () => {
        let cursor = await pos.currentCursor()
        let selling = true
        let ended = false
        const basket = [{ sku: tea.sku, quantity: 1 }, { sku: apples.sku, quantity: 1 }]
        const seen = new Set<string>()
        let tickets = 0
        let reads = 0
        let rounds = 0
        const keepSelling = async (): Promise<void> => {
          do {
            rounds += 1
            await floor.keepSelling(basket, CONCURRENT_SALES)
          } while (reads < 2 && rounds < CASHIER_ROUNDS_MAX)
        }
        const cashier = keepSelling().finally(() => { selling = false })
        while (!ended) {
          // Read once more after the last sale.
          ended = !selling
          const told = await pos.readChanges(cursor)
          cursor = told.cursor
          tickets += told.sales.length
          reads += told.sales.length > 0 ? 1 : 0
          for (const sale of told.sales) seen.add(sale.saleId)
          // Each ticket takes one of both: of one moment, both have fallen by the tickets told so far.
          for (const level of told.levels) expect(level.onHand).toBe((level.sku === tea.sku ? 10 : 5_000) - tickets)
          const now = byKey(await pos.readLevels([tea.sku, apples.sku]))
          expect(now[tea.sku]).toBe((now[apples.sku] ?? 0) - 4_990)
          await new Promise((resolve) => setTimeout(resolve, 2))
        }
        await cashier
        expect(tickets).toBe(rounds * CONCURRENT_SALES)
        expect(seen.size).toBe(rounds * CONCURRENT_SALES)
        expect(reads).toBeGreaterThan(1)
      })
    })

    describe('reading everything', () => {
      test('comes in pages by SKU, each item once with its level, and says when it is done', async () => {
        const uncounted = await floor.addItem({ ...TEA, sku: 'A-1', identifiers: [] })
        await floor.retire(apples.sku)
        const first = await pos.readSnapshot(null, 2)
        const second = await pos.readSnapshot(first.items.at(-1)?.sku ?? null, 2)
        expect(first.done).toBe(false)
        expect(second.done).toBe(true)
        expect(first.items).toHaveLength(2)
        expect([...first.items, ...second.items].map((item) => item.sku).sort()).toEqual([uncounted.sku, wrapping.sku, tea.sku].sort())
        // Never counted and never to be counted (the wrapping) have no level; that is not zero.
        expect([...first.levels, ...second.levels]).toEqual([{ sku: tea.sku, onHand: 10 }])
      })

      test('is done at once when the page is exactly full', async () => {
        expect(await pos.readSnapshot(null, 3)).toMatchObject({ done: true })
      })
    })

    test('reads levels of unknown SKUs as absent, not as zero', async () => {
      expect(await pos.readLevels(['NOT-THERE', tea.sku])).toEqual([{ sku: tea.sku, onHand: 10 }])
    })
  })
}

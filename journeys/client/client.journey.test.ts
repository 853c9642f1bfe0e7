import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createClient, isProblem } from '../../client/index.ts'
import type { Availability } from '../../client/index.ts'
import type { Fate } from '../faults/faults.ts'
import { startFaultProxy } from '../faults/proxy.ts'
import type { FaultProxy } from '../faults/proxy.ts'
import { openStores } from '../local/stores.ts'
import type { Stores } from '../local/stores.ts'
import { openBrowser } from '../desk/browser.ts'
import { until } from '../local/until.ts'

const ADMIN_TOKEN = 'client-admin-token'
const SETTLED_WITHIN_MS = 20_000

let dir: string
let house: Stores
let line: FaultProxy
/** What becomes of the next calls; then they pass. */
let fates: Fate[] = []
/** As a page has it, behind a line that can be bad. */
const shop = () => createClient({ url: line.url, key: house.keys.publishable })
const basket = (quantity: number) => ({ lines: [{ sku: 'TEA', quantity }], fulfillment: { method: 'pickup' as const, storeId: 'main' }, customer: { name: 'Shopper', email: 'shopper@shop.example' } })
const till = () => {
  const store = house.stores.get('main')
  if (!store) throw new Error('there is no store')
  return store.till
}

beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'tillbridge-client-journey-'))
  house = await openStores(dir, ADMIN_TOKEN, { main: [{ sku: 'TEA', pieces: 20, priceMinor: 1250 }, { sku: 'CUP', pieces: 5, priceMinor: 400 }] })
  line = await startFaultProxy({ targetPort: Number(new URL(house.edge.ready.url).port), deal: () => fates.shift() ?? { kind: 'pass' } })
  line.trouble()
})
afterAll(async () => {
  await line.close()
  await house.close()
  await rm(dir, { recursive: true, force: true })
})

describe('a storefront with the client', () => {
  it('shows what the till has', async () => {
    const skus: string[] = []
    for await (const { sku } of shop().products.all({ limit: 1 })) skus.push(sku)
    expect(skus.toSorted()).toEqual(['CUP', 'TEA'])
    expect((await shop().products.get('TEA')).price).toEqual({ amountMinor: 1250, currency: 'USD' })
    expect((await shop().availability.many(['TEA', 'CUP'])).map(({ available }) => available)).toEqual([20, 5])
    expect((await shop().quote({ lines: [{ sku: 'TEA', quantity: 2 }], fulfillment: { method: 'pickup', storeId: 'main' } })).totals.total.amountMinor).toBe(2500)
    expect((await shop().stores.list()).items.map(({ storeId }) => storeId)).toEqual(['main'])
    expect((await shop().categories()).items).toEqual([])
  })

  it('places one order, though its answers are lost one after the other', async () => {
    fates = [{ kind: 'answer swallowed' }, { kind: 'cut', side: 'answer', afterBytes: 40 }, { kind: 'reset', side: 'call', afterBytes: 20 }]
    const { order, accessToken, repeated } = await shop().orders.place(basket(3))
    expect(repeated).toBe(true)
    expect(fates).toEqual([])
    // Asked of the till, not of ourselves: one ticket, and three pieces fewer.
    await until('the order in the till', SETTLED_WITHIN_MS, () => till().onHand('TEA') === 17)
    expect(till().ticketsOfOrder(order.number)).toHaveLength(1)
    expect(till().webTickets()).toHaveLength(1)
    expect((await shop().orders.get(order.id, { token: accessToken })).lines).toMatchObject([{ sku: 'TEA', quantity: 3 }])
  })

  it('brings a piece of it back, and hears that the till has it', async () => {
    const { order, accessToken } = await shop().orders.place(basket(1))
    await until('the order in the till', SETTLED_WITHIN_MS, () => till().ticketsOfOrder(order.number).length === 1)
    const early: unknown = await shop().orders.requestReturn(order.id, { token: accessToken, method: 'in_store', lines: [{ lineId: '1', quantity: 1 }] }).catch((reason: unknown) => reason)
    if (!isProblem(early, 'not-returnable')) throw early
    expect(early.problem.most).toBe(0)
    till().handOver(order.number)
    await until('it has left the shop', SETTLED_WITHIN_MS, async () => (await shop().orders.get(order.id, { token: accessToken })).status === 'completed')
    fates = [{ kind: 'answer swallowed' }]
    const { returns } = await shop().orders.requestReturn(order.id, { token: accessToken, method: 'in_store', lines: [{ lineId: '1', quantity: 1 }] })
    expect(returns).toMatchObject([{ status: 'announced', refund: 'till' }])
    await till().command('return', 'TEA', '1', '--order', order.number)
    await until('its return', SETTLED_WITHIN_MS, async () => (await shop().orders.get(order.id, { token: accessToken })).returns[0]?.status === 'received')
  })

  it('follows it to its end over a line that breaks, and hears each word once', async () => {
    const { order, accessToken } = await shop().orders.place(basket(1))
    fates = [{ kind: 'cut', side: 'answer', afterBytes: 300 }]
    const heard: string[] = []
    for await (const { type, status } of shop().orders.follow(order.id, { token: accessToken })) {
      heard.push(`${type} ${status ?? ''}`)
      if (status === 'accepted') await shop().orders.cancel(order.id, { token: accessToken })
    }
    expect(heard[0]).toBe('order.placed placed')
    expect(heard.at(-1)).toMatch(/ cancelled$/)
    const timeline = await shop().orders.timeline(order.id, { token: accessToken })
    expect(heard).toEqual(timeline.map(({ type, status }) => `${type} ${status ?? ''}`).slice(0, heard.length))
  })

  it('is told why it cannot be had', async () => {
    const error: unknown = await shop().orders.place(basket(500)).catch((reason: unknown) => reason)
    if (!isProblem(error, 'out-of-stock')) throw error
    expect(error.problem.shortages).toEqual([{ sku: 'TEA', requested: 500, available: 17 }])
  })

  it('watches the stock: each change once, also those while the line was away', async () => {
    const heard: Availability[] = []
    const states: string[] = []
    const live = shop().availability.live('CUP', (now) => void heard.push(now), { onState: (state) => void states.push(state) })
    try {
      await until('the first word', SETTLED_WITHIN_MS, () => heard.at(-1)?.available === 5)
      till().sell('CUP', 1)
      await until('the sale', SETTLED_WITHIN_MS, () => heard.at(-1)?.available === 4)
      // The line is gone for a while, and something is sold meanwhile.
      fates = [{ kind: 'outage', ms: 1_500 }]
      await shop().stores.list()
      till().sell('CUP', 2)
      await until('live again', SETTLED_WITHIN_MS, () => heard.at(-1)?.available === 2 && states.at(-1) === 'live')
      till().sell('CUP', 1)
      await until('the last sale', SETTLED_WITHIN_MS, () => heard.at(-1)?.available === 1)
    } finally {
      live.close()
    }
    expect(heard.map(({ available }) => available).filter((each, index, all) => each !== all[index - 1])).toEqual([5, 4, 2, 1])
    expect(states.filter((state) => state === 'live').length).toBeGreaterThanOrEqual(2)
  })
})

describe('the example page', () => {
  it('sells: goods with live stock, a basket with its price, an order that is followed to the till', async () => {
    const browser = await openBrowser(path.join(dir, 'browser'))
    try {
      const page = await browser.newPage()
      const wrong: string[] = []
      page.on('pageerror', (error) => wrong.push(error.message))
      page.on('console', (entry) => void (entry.type() === 'error' && wrong.push(entry.text())))
      await page.goto(`${house.edge.ready.url}/example#${house.keys.publishable}`)
      const tea = page.locator('button[data-sku="TEA"]')
      const left = till().onHand('TEA') ?? 0
      await tea.getByText(`${left} left`).waitFor()
      till().sell('TEA', 2)
      await tea.getByText(`${left - 2} left`).waitFor()

      await tea.click()
      await tea.click()
      await page.locator('#total').getByText('25.00').waitFor()
      await page.fill('input[name=name]', 'Shopper')
      await page.fill('input[name=email]', 'shopper@shop.example')
      await page.click('#checkout button')
      await page.locator('#timeline li').getByText('accepted').first().waitFor()
      await tea.getByText(`${left - 4} left`).waitFor()
      const number = /Order (\S+) is placed/.exec((await page.locator('#message').textContent()) ?? '')?.[1] ?? ''
      expect(till().ticketsOfOrder(number)).toHaveLength(1)
      expect(till().onHand('TEA')).toBe(left - 4)

      // What cannot be had is said in the shop's words.
      for (let pieces = 0; pieces < left; pieces++) await tea.click()
      await page.locator('#total').getByText('left').waitFor()
      await page.click('#checkout button')
      await page.locator('#message').getByText('Somebody was quicker').waitFor()
      expect(wrong.filter((text) => !text.includes('409'))).toEqual([])
    } finally {
      await browser.close()
    }
  })
})

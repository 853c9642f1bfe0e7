import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { EXIT } from '../../connector/cli/exit-codes.ts'
import type { Order } from '../../contract/order.ts'
import { basket } from '../local/demo.ts'
import { placed } from '../local/edge-api.ts'
import { freePort, writeConnectorConfig, type Shop } from '../local/house.ts'
import { openStores, type StoreOf, type Stores } from '../local/stores.ts'
import { until } from '../local/until.ts'
import { runConnector, type Ended } from './run-connector.ts'

const STORE_ID = 'harbour'
const SKU = 'LAMP-1'
const PIECES = 40
const ORDERS_BEFORE = 4
const ORDERS_MEANWHILE = 8
/** It is refused with its first call; a cold start on busy cores takes the rest. */
const REFUSED_WITHIN_MS = 30_000
const ACCEPTED_WITHIN_MS = 20_000

let dir: string
let house: Stores
let store: StoreOf
let orders: Order[] = []
let otherPlace: Ended
let sameJournal: Ended

const place = async (key: string): Promise<Order> => (await placed(await house.web.place(basket([{ sku: SKU, quantity: 1 }], STORE_ID), key))).order
const accepted = (order: Order) => until(`order ${order.number} accepted`, ACCEPTED_WITHIN_MS, async () => (await house.web.order(order.id)).status === 'accepted', 50)

/** A second installation for the same store and the same till: its own name and journal, the same secret. */
async function installedTwice(): Promise<Shop> {
  const shop = { ...store.shop, configFile: path.join(dir, 'second.yaml'), port: await freePort() }
  await writeConnectorConfig(house.edge.ready.url, shop, { connector: { id: 'back-office-pc' }, journal: { file: path.join(dir, 'second-journal.db') } })
  return shop
}

/** The same configuration started once more on another port, as from a second terminal. */
async function startedTwice(): Promise<Shop> {
  const shop = { ...store.shop, configFile: path.join(dir, 'again.yaml'), port: await freePort() }
  await writeConnectorConfig(house.edge.ready.url, shop)
  return shop
}

describe('a second connector on one store, by mistake', () => {
  beforeAll(async () => {
    dir = await mkdtemp(path.join(tmpdir(), 'tillbridge-second-'))
    house = await openStores(path.join(dir, 'house'), 'second-admin-token', { [STORE_ID]: [{ sku: SKU, pieces: PIECES, priceMinor: 1999 }] })
    const found = house.stores.get(STORE_ID)
    if (!found) throw new Error('the store is open')
    store = found
    for (let n = 0; n < ORDERS_BEFORE; n += 1) orders.push(await place(`before-${n}`))
    const seconds = [await installedTwice(), await startedTwice()].map(({ configFile }) => runConnector(configFile, REFUSED_WITHIN_MS))
    const meanwhile = (async () => {
      for (let n = 0; n < ORDERS_MEANWHILE; n += 1) orders.push(await place(`meanwhile-${n}`))
    })()
    ;[otherPlace, sameJournal] = await Promise.all([...seconds, meanwhile]) as [Ended, Ended, void]
    for (const order of orders) await accepted(order)
  }, 120_000)

  afterAll(async () => {
    await house?.close()
    await rm(dir, { recursive: true, force: true })
  }, 60_000)

  it('is refused by the edge and names who holds the store', () => {
    expect(otherPlace.exitCode, otherPlace.stderr).toBe(EXIT.storeHeld)
    const said = otherPlace.stderr.split('\n').find((line) => line.includes('"store.held-by"')) ?? '{}'
    expect(JSON.parse(said)).toMatchObject({ level: 60, holder: `${STORE_ID}-connector`, hint: expect.stringContaining('stop it') as string })
  })

  it('is refused by the journal when it would share that, and names the process', () => {
    expect(sameJournal.exitCode, sameJournal.stderr).toBe(EXIT.journal)
    expect(sameJournal.stderr).toContain('another connector process uses the journal')
    expect(sameJournal.stderr).toContain(`(process ${store.connector.pid})`)
    expect(sameJournal.stderr).toMatch(/stop|end/)
  })

  it('does not disturb the first', async () => {
    expect((await fetch(`${store.connector.ready.url}/ready`)).status).toBe(200)
    const later = await place('later')
    await accepted(later)
    orders = [...orders, later]
  })

  it('doubles nothing: one sale in the till for each order, and the stock is right on both sides', async () => {
    const tickets = store.till.webTickets()
    expect(new Set(tickets.map(({ reference }) => reference))).toEqual(new Set(orders.map((order) => order.fulfillments[0]?.id)))
    expect(tickets).toHaveLength(orders.length)
    expect(store.till.onHand(SKU)).toBe(PIECES - orders.length)
    await until('the web to show what the till has', ACCEPTED_WITHIN_MS, async () => (await house.web.availability(SKU)).available === PIECES - orders.length, 50)
  })
})

import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, test } from 'vitest'
import { Availability } from '../../contract/product.ts'
import { bandKey } from './band.ts'
import { createInventory } from './durable-inventory.ts'
import { home, homeName } from './home.ts'
import type { LevelCommand, ReserveRequest } from './port.ts'
import { versionOf } from './availability.ts'
import { createLive, SUBSCRIBERS_PER_SKU_MAX } from './live.ts'
import type { SkuCounters } from './sku-counters-object.ts'

/** How a change of a counter is told: to who listens, and to KV. */
const SHARDS = Number(env.INVENTORY_SHARDS)
/** Far ahead, so that no alarm of a test rings by itself. */
const NOW = 4_000_000_000_000
const DAY_MS = 24 * 60 * 60_000
const inventory = createInventory(env)
const homeOf = (sku: string) => {
  const namespace = env.SKU_COUNTERS as DurableObjectNamespace<SkuCounters>
  return namespace.get(namespace.idFromName(homeName(home(sku, SHARDS))))
}

/** Storage is the file's, not the test's: each test sells something else. */
let tests = 0
let soap = ''
let towel = ''
beforeEach(() => {
  tests++
  soap = `SOAP-${tests}`
  towel = `TOWEL-${tests}`
})

const level = (sku: string, onHand: number, seq = 1, asOf = 0, storeId = 'main'): LevelCommand =>
  ({ type: 'level', sku, storeId, onHand, epoch: 1, asOf, seq, at: NOW })
const basket = (attempt: string, demands: Record<string, number>): ReserveRequest => ({
  assignmentId: `o${tests}`, attempt: { id: attempt, bodyHash: 'h' }, storeId: 'main', now: NOW, dueAt: NOW + 60_000,
  demands: Object.entries(demands).map(([sku, quantity]) => ({ sku, quantity })),
})
const clockAt = (sku: string, now: number) => runInDurableObject(homeOf(sku), (counters) => {
  counters.clock = () => now
})
async function alarmAt(sku: string, now: number): Promise<void> {
  await clockAt(sku, now)
  await runInDurableObject(homeOf(sku), async (_, state) => {
    // Never the timer's own: the test says when.
    await state.storage.setAlarm(Date.now() + DAY_MS)
  })
  await runDurableObjectAlarm(homeOf(sku))
}
const armedFor = (sku: string) => runInDurableObject(homeOf(sku), (_, state) => state.storage.getAlarm())

describe('live', () => {
  const upgrade = () => new Request('https://shop/v1/availability/x/live', { headers: { Upgrade: 'websocket' } })
  async function listen(sku: string, version?: string) {
    const response = await inventory.live(sku, upgrade(), version)
    expect(response.status).toBe(101)
    const socket = response.webSocket
    if (!socket) throw new Error('no socket')
    const heard: string[] = []
    socket.accept()
    socket.addEventListener('message', ({ data }) => {
      heard.push(String(data))
    })
    const next = async () => {
      await expect.poll(() => heard.length, { timeout: 5_000 }).toBeGreaterThan(0)
      return heard.shift() ?? ''
    }
    return { socket, heard, next, availability: async () => Availability.parse(JSON.parse(await next())) }
  }

  test('tells the number at once and on every change, and only then', async () => {
    await inventory.apply([level(soap, 3)])
    const shopper = await listen(soap)
    expect(await shopper.availability()).toEqual({
      sku: soap, available: 3, asOf: new Date(NOW).toISOString(), stores: [{ storeId: 'main', available: 3, asOf: new Date(NOW).toISOString(), stale: true }], version: expect.any(String),
    })
    await inventory.apply([level(towel, 1), level(soap, 3, 2)])
    await inventory.reserve(basket('1', { [soap]: 1 }))
    expect(await shopper.availability()).toMatchObject({ available: 2 })
    await inventory.apply([level(soap, 9, 3), level(soap, 8, 4)])
    expect(await shopper.availability()).toMatchObject({ available: 7 })
    shopper.socket.send('ping')
    expect(await shopper.next()).toBe('pong')
    expect(shopper.heard).toEqual([])
    shopper.socket.close()
  })

  test('never sends an older number after a newer one while it waits to hear whether the store is there', async () => {
    await runInDurableObject(homeOf(soap), (counters) => {
      counters.lastHeartbeatAt = async () => {
        await scheduler.wait(100)
        return counters.clock() - 59_000
      }
    })
    const shopper = await listen(soap)
    const storeId = `slow-${tests}`
    for (let n = 1; n <= 10; n++) await inventory.apply([level(soap, n, n, 0, storeId)])
    await expect.poll(() => shopper.heard.length > 0 && JSON.parse(shopper.heard.at(-1) ?? '')).toMatchObject({ available: 10, stores: [{ stale: false }] })
    const numbers = shopper.heard.map((text) => Availability.parse(JSON.parse(text)).available ?? 0)
    expect(numbers).toEqual(numbers.toSorted((a, b) => a - b))
    await runInDurableObject(homeOf(soap), (counters) => {
      const now = counters.clock()
      counters.clock = () => now + 5_000
    })
    await inventory.reserve({ ...basket('1', { [soap]: 1 }), storeId })
    await expect.poll(() => JSON.parse(shopper.heard.at(-1) ?? '')).toMatchObject({ available: 9, stores: [{ stale: false }] })
    shopper.socket.close()
  })

  test('a SKU that nobody counted is unknown, and listening survives the object’s sleep', async () => {
    const shopper = await listen(soap)
    expect(await shopper.availability()).toMatchObject({ sku: soap, available: null, asOf: null, stores: [] })
    await evictDurableObject(homeOf(soap))
    await inventory.apply([level(soap, 2)])
    expect(await shopper.availability()).toMatchObject({ available: 2 })
    shopper.socket.close()
  })

  test('who connects again with the last version is told at once only if there is another', async () => {
    await inventory.apply([level(soap, 3)])
    const first = await listen(soap)
    const { version } = Availability.parse(JSON.parse(await first.next()))
    first.socket.close()
    const again = await listen(soap, version)
    again.socket.send('ping')
    expect(await again.next()).toBe('pong')
    await inventory.apply([level(soap, 2, 2)])
    const heard = Availability.parse(JSON.parse(await again.next()))
    expect(heard).toMatchObject({ available: 2 })
    expect(heard.version).not.toBe(version)
    again.socket.close()
    // Something happened while nobody listened.
    const late = await listen(soap, version)
    expect(Availability.parse(JSON.parse(await late.next()))).toEqual(heard)
    late.socket.close()
  })

  test('a version names what is told: the same for the same, another for another', () => {
    const found = { sku: 'A', available: 1, asOf: null, stores: [] }
    expect(versionOf({ ...found })).toBe(versionOf(found))
    expect(new Set([found, { ...found, available: 2 }, { ...found, available: null }, { ...found, sku: 'B' }].map(versionOf)).size).toBe(4)
  })

  test('a home that is full takes nobody, whatever they watch', async () => {
    await runInDurableObject(homeOf(soap), async (_, state) => {
      const watched = state.getWebSockets().length
      const live = createLive(state, { prepare: async () => undefined, now: (sku) => ({ sku, available: null, asOf: null, stores: [], version: '' }) }, watched + 1)
      expect([live.open('one').status, live.open('another').status]).toEqual([101, 503])
    })
  })

  test('what a listener sends that is no ping ends it', async () => {
    const talker = await listen(soap)
    const closed = new Promise<number>((resolve) => talker.socket.addEventListener('close', ({ code }) => resolve(code)))
    talker.socket.send('tell me more')
    expect(await closed).toBe(1008)
  })

  test('anything but an upgrade is 426, and one listener too many is 503', async () => {
    expect((await inventory.live(soap, new Request('https://shop/'))).status).toBe(426)
    const sockets: WebSocket[] = []
    for (let n = 0; n < SUBSCRIBERS_PER_SKU_MAX; n++) {
      const { webSocket } = await inventory.live(soap, upgrade())
      webSocket?.accept()
      if (webSocket) sockets.push(webSocket)
    }
    const full = await inventory.live(soap, upgrade())
    expect([full.status, full.headers.get('Retry-After')]).toEqual([503, '30'])
    expect((await inventory.live('🧼'.repeat(64), upgrade())).status).toBe(101)
    for (const socket of sockets) socket.close()
    await expect.poll(async () => (await inventory.live(soap, upgrade())).status).toBe(101)
  })
})

describe('the band in KV', () => {
  const band = () => env.CATALOG.get(bandKey(soap))

  test('is written within about a second of a change', async () => {
    await inventory.apply([level(soap, 3)])
    await expect.poll(band, { timeout: 3_000 }).toBe('low_stock')
  })

  test('is written only when it changed, and once a second at most', async () => {
    const told = async (now: number) => {
      await alarmAt(soap, now)
      return band()
    }
    const counted = async (now: number, onHand: number, seq: number) => {
      await clockAt(soap, now)
      await inventory.apply([level(soap, onHand, seq)])
    }
    await counted(NOW, 10, 1)
    expect(await told(NOW + 249)).toBeNull()
    expect(await told(NOW + 250)).toBe('in_stock')

    await env.CATALOG.delete(bandKey(soap))
    await counted(NOW + 400, 9, 2)
    expect(await told(NOW + 3_000)).toBeNull()

    await counted(NOW + 3_000, 0, 3)
    expect(await told(NOW + 3_250)).toBe('out_of_stock')
    await counted(NOW + 3_300, 2, 4)
    expect(await armedFor(soap)).toBe(NOW + 4_250)
    expect(await told(NOW + 4_249)).toBe('out_of_stock')
    expect(await told(NOW + 4_250)).toBe('low_stock')
  })

  test('is not forgotten when the object sleeps before it has told', async () => {
    await clockAt(soap, NOW)
    await inventory.apply([level(soap, 1)])
    await evictDurableObject(homeOf(soap))
    await alarmAt(soap, NOW + 10_000)
    expect(await band()).toBe('low_stock')
  })
})

import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, test } from 'vitest'
import { applyLevel, decideReserve } from './counter.ts'
import type { Counter } from './counter.ts'
import { openHome } from './db.ts'
import { createInventory } from './durable-inventory.ts'
import { home, homeName } from './home.ts'
import type { Arbiter, DueReservation, LevelCommand, ReserveRequest } from './port.ts'
import { TOMBSTONE_MS } from './sku-counters-object.ts'
import type { SkuCounters } from './sku-counters-object.ts'

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
const basket = (attempt: string, demands: Record<string, number>, assignmentId = `o${tests}`): ReserveRequest => ({
  assignmentId, attempt: { id: attempt, bodyHash: 'h' }, storeId: 'main', now: NOW, dueAt: NOW + 60_000,
  demands: Object.entries(demands).map(([sku, quantity]) => ({ sku, quantity })),
})
const free = async (sku: string) => (await inventory.availability([sku]))[0]?.stores[0]?.available

const clockAt = (sku: string, now: number) => runInDurableObject(homeOf(sku), (counters) => {
  counters.clock = () => now
})
async function alarmAt(sku: string, now: number, arbiter?: Arbiter): Promise<void> {
  await clockAt(sku, now)
  await runInDurableObject(homeOf(sku), async (counters, state) => {
    if (arbiter) counters.arbiter = arbiter
    // Never the timer's own: the test says when.
    await state.storage.setAlarm(Date.now() + DAY_MS)
  })
  await runDurableObjectAlarm(homeOf(sku))
}
const armedFor = (sku: string) => runInDurableObject(homeOf(sku), (_, state) => state.storage.getAlarm())

describe('levels', () => {
  test('come many in one call', async () => {
    const skus = Array.from({ length: 500 }, (_, n) => `MANY-${n}`)
    expect(await inventory.apply(skus.map((sku, n) => level(sku, n)))).toEqual(skus.map(() => 'applied'))
    const found = await inventory.availability(skus)
    expect(found.map(({ stores }) => stores[0]?.available)).toEqual(skus.map((_, n) => n))
  })

  test('and reservations cost one row each', async () => {
    const rowsWritten = await runInDurableObject(homeOf(soap), (_, state) => {
      const cursors: { rowsWritten: number }[] = []
      const db = openHome({
        exec<T extends Record<string, SqlStorageValue>>(query: string, ...bindings: unknown[]) {
          const cursor = state.storage.sql.exec<T>(query, ...bindings)
          cursors.push(cursor)
          return cursor
        },
      })
      const costOf = (counter: Counter) => {
        cursors.length = 0
        db.save(counter)
        return cursors.reduce((sum, cursor) => sum + cursor.rowsWritten, 0)
      }
      const counted = applyLevel(db.counter(soap, 'main'), level(soap, 5)).counter
      const granted = decideReserve([counted], basket('1', { [soap]: 1 }), false)
      return [costOf(counted), costOf(applyLevel(counted, level(soap, 4, 2)).counter), ...(granted.ok ? granted.value.map(costOf) : [])]
    })
    expect(rowsWritten).toEqual([1, 1, 1])
  })

  test('older than the one held are superseded, also over RPC and after the object slept', async () => {
    await inventory.apply([level(soap, 7, 5, 4)])
    await evictDurableObject(homeOf(soap))
    expect(await inventory.apply([level(soap, 9, 9, 3), level(soap, 6, 6, 5)])).toEqual(['superseded', 'applied'])
    expect(await inventory.statesOf('main', [soap, 'never'])).toEqual([{ sku: soap, onHand: 6, epoch: 1, seq: 6, asOf: 5 }])
    expect(await free(soap)).toBe(6)
  })

  test('are listed for reconcile, store by store', async () => {
    await inventory.apply(Array.from({ length: 30 }, (_, n) => level(`LIST-${n}`, n, 1, 0, 'other')))
    const first = await inventory.listStates('other', null, 20)
    const second = await inventory.listStates('other', first.nextCursor, 20)
    expect(second.nextCursor).toBeNull()
    expect(new Set([...first.states, ...second.states].map(({ sku }) => sku)).size).toBe(30)
  })
})

test('a call with another number of homes is refused, and so is a changed configuration', async () => {
  await expect((async () => homeOf(soap).availability(SHARDS + 1, [soap]))()).rejects.toThrow(/INVENTORY_SHARDS is fixed at install/)
  await inventory.apply([level(soap, 1)])
  await expect((async () => homeOf(soap).apply(32, [level(soap, 9, 9)]))()).rejects.toThrow(/one of 64 and was called as one of 32/)
  expect(await free(soap)).toBe(1)
  await runInDurableObject(homeOf(soap), (_, state) => state.storage.kv.put('shards', 128))
  await evictDurableObject(homeOf(soap))
  await expect(inventory.availability([soap])).rejects.toThrow(/one of 128 and was called as one of 64/)
  await runInDurableObject(homeOf(soap), (_, state) => state.storage.kv.put('shards', SHARDS))
  await evictDurableObject(homeOf(soap))
  expect(() => createInventory({ ...env, INVENTORY_SHARDS: 'many' })).toThrow(/INVENTORY_SHARDS/)
})

test('internals cannot be called from outside', async () => {
  const stub = homeOf(soap) as unknown
  for (const name of ['arbiter', 'clock', '#sweep', 'ctx']) {
    await expect((async () => (stub as Record<string, () => Promise<unknown>>)[name]?.())()).rejects.toThrow()
  }
})

describe('baskets', () => {
  test('are reserved whole over several homes or not at all', async () => {
    await inventory.apply([level(soap, 3), level(towel, 1)])
    expect(home(soap, SHARDS)).not.toBe(home(towel, SHARDS))
    expect(await inventory.reserve(basket('1', { [soap]: 2, [towel]: 2 }))).toMatchObject({ ok: false, refusal: { shortages: [{ sku: towel, available: 1 }] } })
    expect(await free(soap)).toBe(3)
    expect(await inventory.reserve(basket('2', { [soap]: 2, [towel]: 1 }))).toEqual({ ok: true })
    expect([await free(soap), await free(towel)]).toEqual([1, 0])
  })

  test('released leave a tombstone: that attempt, or the whole assignment', async () => {
    await inventory.apply([level(soap, 3)])
    const release = (attempt?: string) => inventory.apply([{
      type: 'release', sku: soap, storeId: 'main', assignmentId: `o${tests}`, at: NOW, ...(attempt ? { attempt: { id: attempt, bodyHash: 'h' } } : {}),
    }])
    expect(await release('1')).toEqual(['applied'])
    expect(await release('1')).toEqual(['superseded'])
    expect(await inventory.reserve(basket('1', { [soap]: 1 }))).toEqual({ ok: false, refusal: { reason: 'released-before' } })
    expect(await inventory.reserve(basket('2', { [soap]: 1 }))).toEqual({ ok: true })
    expect(await release()).toEqual(['applied'])
    expect(await inventory.reserve(basket('3', { [soap]: 1 }))).toEqual({ ok: false, refusal: { reason: 'released-before' } })
    expect(await free(soap)).toBe(3)
  })

  test('the last five pieces go to five of twenty shoppers', async () => {
    await inventory.apply([level(soap, 5)])
    const answers = await Promise.all(Array.from({ length: 20 }, (_, n) => inventory.reserve(basket('1', { [soap]: 1 }, `shopper${n}-${tests}`))))
    expect(answers.filter(({ ok }) => ok)).toHaveLength(5)
    expect(await free(soap)).toBe(0)
  })

  test('explain themselves, with the safety stock of the store or of the SKU', async () => {
    await inventory.setSafetyStock('main', null, 2)
    await inventory.apply([level(soap, 9)])
    await inventory.reserve(basket('1', { [soap]: 3 }))
    await inventory.apply([{ type: 'fell', sku: soap, storeId: 'main', assignmentId: `o${tests}`, position: { epoch: 1, seq: 8 } }])
    expect(await inventory.explain(soap)).toEqual({
      sku: soap,
      stores: [{
        storeId: 'main', onHand: 9, epoch: 1, asOf: 0, seenAt: new Date(NOW).toISOString(), safetyStock: 2, sold: true, stopped: false, available: 4,
        reservations: [{ assignmentId: `o${tests}`, quantity: 3, state: 'accepted', seq: { epoch: 1, seq: 8 }, weighs: true }],
      }],
    })
    await inventory.setSafetyStock('main', soap, 0)
    expect(await free(soap)).toBe(6)
    await inventory.setSafetyStock('main', null, 0)
  })
})

describe('the broom', () => {
  test('asks D1 about what is due, once for a basket, and does what it says', async () => {
    const asked: DueReservation[] = []
    await inventory.apply([level(soap, 5)])
    await inventory.reserve(basket('placed', { [soap]: 1 }, `a${tests}`))
    await inventory.reserve(basket('left', { [soap]: 1 }, `b${tests}`))
    expect(await armedFor(soap)).toBeLessThanOrEqual(NOW + 60_000)
    await alarmAt(soap, NOW + 59_999, () => { throw new Error('asked too early') })
    await alarmAt(soap, NOW + 60_000, async (due) => {
      asked.push(...due)
      return due.map(({ attempt }) => (attempt.id === 'placed' ? 'confirm' : 'release'))
    })
    expect(asked.map(({ attempt, state }) => [attempt.id, state])).toEqual([['placed', 'reserved'], ['left', 'reserved']])
    expect(await free(soap)).toBe(4)
    expect((await inventory.explain(soap)).stores[0]?.reservations).toMatchObject([{ assignmentId: `a${tests}`, state: 'confirmed' }])
    expect(await inventory.reserve(basket('left', { [soap]: 1 }, `b${tests}`))).toEqual({ ok: false, refusal: { reason: 'released-before' } })
    expect(await armedFor(soap)).toBeLessThanOrEqual(NOW + 60_000 + DAY_MS)
  })

  test.each([
    ['D1 cannot say', async (due) => due.map(() => 'wait')],
    ['D1 is away', () => Promise.reject(new Error('D1 is away'))],
  ] satisfies [string, Arbiter][])('when %s nobody releases, and it asks again in half a minute', async (_, arbiter) => {
    await inventory.apply([level(soap, 5)])
    await inventory.reserve(basket('1', { [soap]: 1 }))
    await alarmAt(soap, NOW + 60_000, arbiter)
    expect(await free(soap)).toBe(4)
    expect(await armedFor(soap)).toBe(NOW + 90_000)
    await alarmAt(soap, NOW + 89_999, () => { throw new Error('asked too early') })
    await evictDurableObject(homeOf(soap))
    await alarmAt(soap, NOW + 90_000, async (due) => due.map(() => 'release'))
    expect(await free(soap)).toBe(5)
  })

  test('an answer that was overtaken by an acceptance releases nothing', async () => {
    await inventory.apply([level(soap, 5)])
    await inventory.reserve(basket('1', { [soap]: 1 }))
    await alarmAt(soap, NOW + 60_000, async (due) => {
      await inventory.apply([{ type: 'confirm', sku: soap, storeId: 'main', assignmentId: `o${tests}` }])
      return due.map(() => 'release')
    })
    expect(await free(soap)).toBe(4)
  })

  test('asks about fifty at a time and comes back at once for the rest', async () => {
    const sizes: number[] = []
    const arbiter: Arbiter = async (due) => {
      sizes.push(due.length)
      return due.map(() => 'release')
    }
    await inventory.apply([level(soap, 100)])
    for (let n = 0; n < 60; n++) await inventory.reserve(basket('1', { [soap]: 1 }, `o${tests}-${n}`))
    await alarmAt(soap, NOW + 60_000, arbiter)
    expect(await armedFor(soap)).toBe(NOW + 60_000)
    await alarmAt(soap, NOW + 60_000, arbiter)
    expect(sizes).toEqual([50, 10])
    expect(await free(soap)).toBe(100)
  })

  test('forgets a tombstone only when nothing can bring its reserve any more', async () => {
    await inventory.apply([{ type: 'release', sku: soap, storeId: 'main', assignmentId: `o${tests}`, at: NOW }])
    const graves = () => runInDurableObject(homeOf(soap), (_, state) =>
      state.storage.sql.exec('SELECT 1 FROM tombstones WHERE assignment_id = ?', `o${tests}`).toArray().length)
    await alarmAt(soap, NOW + TOMBSTONE_MS)
    expect(await graves()).toBe(1)
    await alarmAt(soap, NOW + TOMBSTONE_MS + DAY_MS)
    expect(await graves()).toBe(0)
  })
})

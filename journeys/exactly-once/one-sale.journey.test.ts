import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { Order } from '../../contract/order.ts'
import { until } from '../local/until.ts'
import { seeded } from '../simulation/random.ts'
import { openDatabaseHouse, type DatabaseHouse } from './database-house.ts'
import type { CommitFate } from './database-line.ts'
import { offered, push } from './deliver.ts'
import { allAccepted, findings, order, referenceOf } from './judge.ts'
import { osposTables } from './ospos-tables.ts'
import { unicentaTables } from './unicenta-tables.ts'

const SEED = 20261125
const SHELF = { LAMP: 200, VASE: 200 }
const KILLED_AT: [CommitFate, string][] = [
  ['cut-before', 'before the POS has committed'],
  ['answer-held', 'after the POS has committed and before the connector hears of it'],
  ['held-after', 'after the connector has heard of it and before its own DONE'],
]
const BATCH = 20
const BATCH_KILLED_AT = 5
const RANDOM_ORDERS = 30
const OFFERED_TWICE = 8
/** Long enough for a write or two, short enough to meet many places. */
const NEXT_KILL_MS_MIN = 250
const NEXT_KILL_MS_MORE = 650

describe.each([
  { pos: 'ospos over MariaDB', openTill: osposTables, config: { orders: 'completed' } },
  { pos: 'unicenta over PostgreSQL', openTill: unicentaTables, config: {} },
])('one sale for each order: $pos', ({ openTill, config }) => {
  let house: DatabaseHouse
  let failed = true
  const orders: Order[] = []

  /** The same request again until it is answered; the edge is never away here. */
  const place = async (name: keyof typeof SHELF, quantity: number, key: string): Promise<Order> => {
    const placed = await order(house, name, quantity, key)
    orders.push(placed)
    return placed
  }
  const salesOf = async (placed: Order) => (await house.till.webSales()).filter(({ assignmentId }) => assignmentId === referenceOf(placed)).length

  beforeAll(async () => {
    house = await openDatabaseHouse({ openTill, pos: config, shelf: SHELF })
    failed = false
  }, 120_000)
  afterEach(({ task }) => {
    if (task.result?.state === 'fail') failed = true
  })
  afterAll(() => house?.close(failed), 60_000)

  it.each(KILLED_AT)('the connector is killed at %s: %s', async (fate) => {
    const met = house.line.onCommit(fate)
    const placed = await place('LAMP', 2, `killed-${fate}`)
    await met
    await house.connector.kill()
    house.line.drop()
    // The kill met what it was meant to meet.
    expect(await salesOf(placed)).toBe(fate === 'cut-before' ? 0 : 1)
    expect((await house.web.order(placed.id)).status).not.toBe('accepted')
    await house.restartConnector()
    await allAccepted(house, [placed])
    expect(await findings(house, { orders, shelf: SHELF, stock: 'fallen' })).toEqual([])
  })

  it.each(['cut-before', 'answer-cut'] as const)('the line to the database breaks at COMMIT (%s) and the connector lives on', async (fate) => {
    const met = house.line.onCommit(fate)
    const placed = await place('VASE', 1, `broken-${fate}`)
    await met
    await allAccepted(house, [placed])
    expect(await findings(house, { orders, shelf: SHELF, stock: 'fallen' })).toEqual([])
  })

  it(`the database server is killed in the middle of ${BATCH} orders`, async () => {
    const before = await house.till.countSales()
    const batch = Promise.all(Array.from({ length: BATCH }, (_, n) => place(n % 2 ? 'LAMP' : 'VASE', 1, `batch-${n}`)))
    await until(`${BATCH_KILLED_AT} of them in the till`, 30_000, async () => await house.till.countSales() >= before + BATCH_KILLED_AT, 5)
    await house.server.kill()
    const placed = await batch
    await house.server.start()
    expect(await house.till.countSales()).toBeLessThan(before + BATCH)
    await allAccepted(house, placed)
    expect(await findings(house, { orders, shelf: SHELF, stock: 'fallen' })).toEqual([])
  })

  it('the same order comes by push, by push again, and is fetched, all at once', async () => {
    await house.connector.kill()
    const placed = await Promise.all(Array.from({ length: OFFERED_TWICE }, (_, n) => place('VASE', 1, `twice-${n}`)))
    const wanted = new Set(placed.map(referenceOf))
    const waiting = await until('the edge to offer them', 20_000, async () => {
      const found = (await offered(house)).filter(({ assignmentId }) => wanted.has(assignmentId))
      return found.length === OFFERED_TWICE ? found : null
    }, 50)
    const restarted = house.restartConnector()
    const answers = await Promise.all(waiting.flatMap((assignment) => [1, 2, 3].map(() =>
      until('the connector to answer', 30_000, async () => (await push(house, assignment)).status, 5))))
    await restarted
    // Of one order at most one delivery is the first, whichever way it came.
    expect(answers.every((status) => status === 202 || status === 200), answers.join(' ')).toBe(true)
    expect(answers.filter((status) => status === 200).length).toBeGreaterThanOrEqual(2 * OFFERED_TWICE)
    await allAccepted(house, placed)
    expect(await findings(house, { orders, shelf: SHELF, stock: 'fallen' })).toEqual([])
  })

  it(`connector and database are killed at random during ${RANDOM_ORDERS} orders that come by push and are fetched`, async () => {
    const random = seeded(SEED)
    const kills = { connector: 0, database: 0, both: 0 }
    let through = false
    const breakThings = async (): Promise<void> => {
      const kinds = ['connector', 'database', 'both'] as const
      for (let n = 0; !through || n < kinds.length; n += 1) {
        await sleep(NEXT_KILL_MS_MIN + random.int(NEXT_KILL_MS_MORE))
        // Each kind in its turn, at any moment.
        const kind = kinds[n % kinds.length] ?? 'both'
        kills[kind] += 1
        if (kind !== 'database') await house.connector.kill()
        if (kind !== 'connector') await house.server.kill()
        await sleep(random.int(300))
        await Promise.all([...(kind === 'database' ? [] : [house.restartConnector()]), ...(kind === 'connector' ? [] : [house.server.start()])])
      }
    }
    /** A second messenger beside the edge's own: whatever waits to be fetched is pushed as well. */
    const messenger = async (): Promise<void> => {
      while (!through) {
        await Promise.allSettled((await offered(house).catch(() => [])).map((assignment) => push(house, assignment)))
        await sleep(50)
      }
    }
    const shoppers = async (): Promise<Order[]> => {
      const placed: Order[] = []
      for (let n = 0; n < RANDOM_ORDERS; n += 1) {
        placed.push(await place(n % 3 ? 'LAMP' : 'VASE', 1 + (n % 2), `random-${n}`))
        await sleep(random.int(250))
      }
      through = true
      return placed
    }
    const [placed] = await Promise.all([shoppers(), breakThings(), messenger()])
    expect(Math.min(...Object.values(kills))).toBeGreaterThan(0)
    await allAccepted(house, placed)
    expect(await findings(house, { orders, shelf: SHELF, stock: 'fallen' })).toEqual([])
  })
})

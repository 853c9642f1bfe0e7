import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Store } from '../../workers/stores/port.ts'
import { itemOf } from '../../connector/test-shop.ts'
import { createFaults } from './faults.ts'
import type { FaultKind } from './faults.ts'
import { seeded } from './random.ts'
import { createShoppers } from './shoppers.ts'
import { createSimulatedEdge } from './simulated-edge.ts'
import type { SimulatedEdge } from './simulated-edge.ts'
import { createSimulatedShop } from './simulated-shop.ts'
import { createStage } from './stage.ts'
import { atEveryStep, atRest } from './truths.ts'
import { withSyncCrypto } from './sync-crypto.ts'

export type SeedReport = { seed: number; steps: number; orders: number; faults: Map<FaultKind, number>; violations: string[]; trace: string[] }

export const SKUS = ['TEA', 'SOAP', 'BREAD']
const STORE_IDS = ['north', 'south']
const START = Date.UTC(2026, 0, 5, 9)
/** What is kept of a run to show where it went wrong. */
const TRACE_LINES_MAX = 400

/** One run of the whole house under one seed: trouble for `steps` steps, then calm until everything rests. */
export async function runSeed(seed: number, steps: number): Promise<SeedReport> {
  const restoreCrypto = withSyncCrypto()
  const folder = mkdtempSync(join(tmpdir(), 'tillbridge-simulation-'))
  const random = seeded(seed)
  const lines: string[] = []
  const violations: string[] = []
  let now = START
  let taken = 0
  const trace = (line: string): void => {
    lines.push(`${taken} ${line}`)
    if (lines.length > TRACE_LINES_MAX) lines.shift()
  }
  const violation = (what: string): void => {
    if (!violations.includes(what)) violations.push(what)
    trace(`✗ ${what}`)
  }
  const stage = createStage(random, trace)
  const faults = createFaults(random, trace)
  const world = { stage, random, faults, now: () => now, trace, violation }
  const store = (storeId: string): Store => ({
    storeId, name: storeId, timeZone: 'UTC', transport: { kind: 'tunnel', url: `http://${storeId}.example` }, secrets: [], safetyStock: 0, catalogSource: false,
    paused: false, priority: 100, openingHours: null, sellStaleForMs: 10 * 24 * 3_600_000, createdAt: START,
  })
  const stores = STORE_IDS.map(store)
  // With a till that sells nothing by itself the edge can know everything, so nothing may be refused for want of goods.
  const quietTill = random.chance(0.4)
  let edge: SimulatedEdge | null = null
  const theEdge = (): SimulatedEdge => {
    if (!edge) throw new Error('not yet')
    return edge
  }
  const shops = STORE_IDS.map((storeId) => createSimulatedShop(world, theEdge, storeId, folder, Object.fromEntries(SKUS.map((sku) => [sku, 3 + random.int(8)]))))
  const shopOf = (storeId: string) => {
    const shop = shops.find((each) => each.storeId === storeId)
    if (!shop) throw new Error(`no shop ${storeId}`)
    return shop
  }
  edge = createSimulatedEdge(world, stores, (actor, storeId) => shopOf(storeId).transport(actor))
  const shoppers = createShoppers(world, edge, SKUS, STORE_IDS)
  for (const shop of shops) shop.start()

  const house = { edge, shops, shoppers, quietTill }
  const actions: [weight: number, act: () => unknown][] = [
    [4, () => shoppers.order()],
    [1, () => shoppers.again()],
    [1, () => shoppers.cancel()],
    [14, () => edge.queue.length > 0 && void edge.consumeOne()],
    [2, () => void edge.sweep().catch(() => undefined)],
    [2, () => void edge.broom().catch(() => undefined)],
    [24, () => void random.pick(shops).turn(random.pick(shops[0]?.steps ?? []))],
    [4, () => (now += random.int(20_000))],
    [0.2, () => (now += random.int(26 * 3_600_000))],
    [0.5, () => {
      const shop = random.pick(shops)
      if (shop.tunnelUp) faults.note('tunnel down')
      shop.setTunnel(!shop.tunnelUp)
    }],
    [0.4, () => {
      faults.note('edge crash')
      edge.crash()
    }],
    [0.6, () => {
      const shop = random.pick(shops)
      faults.note('connector crash')
      shop.stop()
      if (random.chance(0.3)) shop.backUp()
    }],
    [1.5, () => random.pick(shops).start()],
    [0.15, () => {
      const shop = random.pick(shops)
      if (!shop.hasBackup()) return
      faults.note('disk restored')
      shop.restore()
    }],
    ...(quietTill ? [] : [
      [1.5, () => {
        faults.note('till sale')
        const { till } = random.pick(shops)
        const sku = random.pick(SKUS)
        if ((till.stock.get(sku) ?? 0) > 0) till.sell(sku, 1)
      }],
      [0.7, () => {
        faults.note('till return')
        random.pick(shops).till.sell(random.pick(SKUS), -1)
      }],
      [0.5, () => {
        faults.note('item renamed')
        const sku = random.pick(SKUS)
        random.pick(shops).till.put(itemOf(sku, `Item ${sku} ${random.int(99)}`))
      }],
    ] satisfies [number, () => unknown][]),
  ]
  const total = actions.reduce((sum, [weight]) => sum + weight, 0)
  const act = (): void => {
    let at = random.next() * total
    for (const [weight, work] of actions) if ((at -= weight) < 0) return void work()
  }

  const check = (): void => atEveryStep(house, violation)
  const finish = async (work: Promise<unknown> | null): Promise<void> => {
    let done = work === null
    void work?.then(() => (done = true), () => (done = true))
    for (let idle = 0; !done && idle < 50;) {
      if (await stage.step()) idle = 0
      else {
        idle += 1
        await new Promise((resolve) => setImmediate(resolve))
      }
      taken += 1
      check()
    }
    if (!done) violation('something waits for ever')
  }

  const round = async (): Promise<void> => {
    for (const shop of shops) for (const step of shop.steps) for (let times = step === 'sender' ? 4 : 1; times > 0; times--) await finish(shop.turn(step))
    while (edge.queue.length > 0) await finish(edge.consumeOne())
    await finish(edge.sweep())
    await finish(edge.broom())
    now += 31_000
  }

  try {
    // Trouble begins in a shop that is open: everything told once, everything known at the edge.
    for (let rounds = 0; rounds < 3; rounds += 1) await round()
    faults.calm(false)
    const troubleEnds = taken + steps
    for (; taken < troubleEnds && violations.length === 0; taken += 1) {
      if (stage.waiting().length > 0 && random.chance(0.8)) await stage.step()
      else act()
      check()
    }
    faults.calm(true)
    for (const shop of shops) {
      shop.setTunnel(true)
      shop.start()
    }
    while (await stage.step()) check()
    for (let rounds = 0; rounds < 25 && violations.length === 0; rounds += 1) await round()
    await finish(shoppers.learnAll())
    for (let days = 0; days < 3 && violations.length === 0; days += 1) {
      now += 25 * 3_600_000
      for (let rounds = 0; rounds < 12 && violations.length === 0; rounds += 1) await round()
    }
    if (violations.length === 0) atRest(house, violation)
  } finally {
    for (const shop of shops) shop.stop()
    rmSync(folder, { recursive: true, force: true })
    restoreCrypto()
  }
  return { seed, steps: taken, orders: shoppers.placed().length, faults: faults.counts, violations, trace: lines }
}

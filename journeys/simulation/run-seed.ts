import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Store } from '../../workers/stores/port.ts'
import { createFaults } from './faults.ts'
import type { FaultKind } from './faults.ts'
import { seeded } from './random.ts'
import { createShoppers } from './shoppers.ts'
import { createSimulatedEdge } from './simulated-edge.ts'
import type { SimulatedEdge, Wrong } from './simulated-edge.ts'
import { createSimulatedShop } from './simulated-shop.ts'
import { createStage } from './stage.ts'
import { withSyncCrypto } from './sync-crypto.ts'
import { troublesOf } from './troubles.ts'
import { createTruths } from './truths.ts'

export type SeedReport = { seed: number; steps: number; orders: number; atDesk: number; drift: number; faults: Map<FaultKind, number>; violations: string[]; trace: string[] }

export const SKUS = ['TEA', 'SOAP', 'BREAD']
const STORE_IDS = ['north', 'south']
/** Journals commit with an fsync each; where a disk in memory is at hand, it costs nothing. */
const MEMORY_DISK = '/dev/shm'
const START = Date.UTC(2026, 0, 5, 9)
/** How much of a run goes on with what has begun; the rest is something new. More would leave little to race with. */
const STEPS_SHARE = 0.72
/** What is kept of a run to show where it went wrong. */
const TRACE_LINES_MAX = 400

/** One run of the whole house under one seed: trouble for `steps` steps, then calm until everything rests. */
export async function runSeed(seed: number, steps: number): Promise<SeedReport> {
  const restoreCrypto = withSyncCrypto()
  const folder = mkdtempSync(join(existsSync(MEMORY_DISK) ? MEMORY_DISK : tmpdir(), 'tillbridge-simulation-'))
  const random = seeded(seed)
  const lines: string[] = []
  const violations: string[] = []
  let now = START
  let taken = 0
  const trace = (line: string): void => {
    lines.push(`${taken} ${line}`)
    if (lines.length > TRACE_LINES_MAX) lines.shift()
  }
  const violation = (kind: Wrong, what: string): void => {
    const sentence = `${kind}: ${what}`
    if (!violations.includes(sentence)) violations.push(sentence)
    trace(`✗ ${sentence}`)
  }
  const stage = createStage(random, trace)
  const faults = createFaults(random, trace)
  const network = stage.actor('network')
  const later = (what: string, work: () => unknown): void => void stage.pass(network, what).then(work).catch((error: unknown) => trace(`${what}: ${error instanceof Error ? error.message : 'fault'}`))
  const world = { stage, random, faults, later, now: () => now, trace, violation }
  const store = (storeId: string): Store => ({
    storeId, name: storeId, timeZone: 'UTC', transport: { kind: 'tunnel', url: `http://${storeId}.example` }, secrets: [], safetyStock: 0, catalogSource: false,
    paused: false, priority: 100, openingHours: null, sellStaleForMs: 10 * 24 * 3_600_000, rounding: { tax: 'line', mode: 'half_up' }, specialDays: [], pickupLeadMinutes: null, createdAt: START,
  })
  const stores = STORE_IDS.map(store)
  // With a till that sells nothing by itself the edge can know everything, so nothing may be refused for want of goods.
  const quietTill = random.chance(0.4)
  let edge: SimulatedEdge | null = null
  const theEdge = (): SimulatedEdge => {
    if (!edge) throw new Error('not yet')
    return edge
  }
  const shops = STORE_IDS.map((storeId) => createSimulatedShop(world, theEdge, storeId, folder, Object.fromEntries(SKUS.map((sku) => [sku, 3 + random.int(16)]))))
  const shopOf = (storeId: string) => {
    const shop = shops.find((each) => each.storeId === storeId)
    if (!shop) throw new Error(`no shop ${storeId}`)
    return shop
  }
  edge = createSimulatedEdge(world, stores, (actor, storeId) => shopOf(storeId).transport(actor))
  const shoppers = createShoppers(world, edge, SKUS, STORE_IDS)
  for (const shop of shops) shop.start()

  const truths = createTruths({ edge, shops, shoppers, quietTill }, world)
  const troubles = troublesOf({ world, edge, shops, shoppers, quietTill, passes: (ms) => (now += ms) })
  const total = troubles.reduce((sum, [weight]) => sum + weight, 0)
  const act = (): void => {
    let at = random.next() * total
    for (const [weight, happens] of troubles) if ((at -= weight) < 0) return void happens()
  }

  const check = (): void => void (violations.length === 0 && truths.atEveryStep())
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
    if (!done) violation('unsettled', 'something waits for ever')
  }

  const round = async (): Promise<void> => {
    // A connector that stopped because another one held the store is started again by its service manager.
    for (const shop of shops) shop.start()
    for (const shop of shops) for (const step of shop.steps) for (let times = step === 'sender' ? 4 : 1; times > 0; times--) await finish(shop.turn(step))
    while (edge.queue.length > 0) await finish(edge.consumeOne())
    await finish(edge.sweep())
    await finish(edge.broom())
    now += 31_000
  }
  const rounds = async (times: number): Promise<void> => {
    for (; times > 0 && violations.length === 0; times -= 1) await round()
  }

  try {
    // Trouble begins in a shop that is open: everything told once, everything known at the edge.
    await rounds(3)
    faults.calm(false)
    const troubleEnds = taken + steps
    for (; taken < troubleEnds && violations.length === 0; taken += 1) {
      if (stage.waiting().length > 0 && random.chance(STEPS_SHARE)) await stage.step()
      else act()
      check()
    }
    faults.calm(true)
    for (const shop of shops) {
      shop.endClone()
      shop.setTunnel(true)
    }
    while (await stage.step()) check()
    await rounds(25)
    await finish(shoppers.learnAll())
    await rounds(6)
    for (const { till } of shops) till.settles()
    for (let days = 0; days < 3; days += 1) {
      now += 25 * 3_600_000
      await rounds(9)
    }
    // Between two comparisons the reading of changes alone must tell it.
    for (const { till } of shops) till.findsOne()
    await rounds(2)
    if (violations.length === 0) truths.atRest()
  } finally {
    for (const shop of shops) {
      shop.stop()
      shop.endClone()
    }
    rmSync(folder, { recursive: true, force: true })
    restoreCrypto()
  }
  return { seed, steps: taken, orders: shoppers.placed().length, atDesk: truths.atDesk(), drift: truths.drift(), faults: faults.counts, violations, trace: lines }
}

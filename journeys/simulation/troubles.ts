import type { SimulatedShop } from './simulated-shop.ts'
import type { Shoppers } from './shoppers.ts'
import type { SimulatedEdge, World } from './simulated-edge.ts'

export type Trouble = [weight: number, happens: () => unknown]
type Scene = { world: World; edge: SimulatedEdge; shops: SimulatedShop[]; shoppers: Shoppers; passes: (ms: number) => void; quietTill: boolean }

/** Some days are full of orders, some full of crashes. */
const TEMPERS = [0.3, 1, 1, 3]
const HOUR_MS = 3_600_000

/** Everything that can happen next, and how often it does. */
export function troublesOf({ world, edge, shops, shoppers, passes, quietTill }: Scene): Trouble[] {
  const { random, faults } = world
  const shop = (): SimulatedShop => random.pick(shops)
  // A write that hangs for longer than the lease is the one thing a lease cannot guard; the till's own key is there for it.
  const leaps = (ms: number): void => {
    if (!shops.some(({ till }) => till.isWriting())) passes(ms)
  }
  const all: Trouble[] = [
    [8, () => shoppers.order()],
    [1, () => shoppers.again()],
    [1, () => shoppers.cancel()],
    [14, () => edge.queue.length > 0 && void edge.consumeOne()],
    [2, () => void edge.sweep().catch(() => undefined)],
    [2, () => void edge.broom().catch(() => undefined)],
    [26, () => {
      const one = shop()
      void one.turnOfAny(random.pick(one.steps))
    }],
    [3, () => passes(random.int(400))],
    [2, () => leaps(random.int(20_000))],
    [0.2, () => leaps(random.int(3 * HOUR_MS))],
    [0.5, () => {
      const one = shop()
      if (one.tunnelUp) faults.note('tunnel down')
      one.setTunnel(!one.tunnelUp)
    }],
    [0.1, () => {
      faults.note('tunnel down for days')
      shop().setTunnel(false)
      leaps((24 + random.int(72)) * HOUR_MS)
    }],
    [0.4, () => {
      faults.note('edge crash')
      edge.crash()
    }],
    [0.6, () => {
      faults.note('connector crash')
      shop().stop()
    }],
    [1.5, () => shop().start()],
    [0.3, () => shop().backUp()],
    [0.4, () => {
      const one = shop()
      if (!one.hasBackup()) return
      faults.note('disk restored')
      one.restore()
    }],
    [0.25, () => shop().clone()],
    [0.15, () => shop().endClone()],
    [2, () => shop().till.completesLate()],
    [0.8, () => shop().till.handsOut()],
    [0.5, () => shop().till.refuses()],
    [0.4, () => shop().till.describesAnew()],
    ...(quietTill ? [] : [
      [1.5, () => shop().till.sells()],
      [0.7, () => shop().till.takesBack()],
      [0.2, () => shop().till.renames()],
      [0.2, () => shop().till.retires()],
    ] satisfies Trouble[]),
  ]
  return all.map(([weight, happens]) => [weight * random.pick(TEMPERS), happens])
}

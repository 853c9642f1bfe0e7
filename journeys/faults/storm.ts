import { setTimeout as sleep } from 'node:timers/promises'
import { seeded, type Random } from '../simulation/random.ts'
import { FAULT_KINDS, shuffled, type FaultKind } from './faults.ts'
import { shop, shopperOf, type ShopperCounts, type Told } from './shoppers.ts'
import type { Store, Town } from './town.ts'
import { findings, type Finding } from './truths.ts'

export const KILL_KINDS = ['edge killed', 'connector killed'] as const
export type KillKind = (typeof KILL_KINDS)[number]

export type StormPlan = {
  seed: number
  /** How long there is trouble. */
  troubleMs: number
  /** A slow machine has it longer, at most so long, until every kind of trouble has come. */
  troubleMsMax?: number
  /** Between two kills, the least and the most. */
  killEveryMs: readonly [number, number]
  /** In the calm after it everything must be as it should within this. */
  restWithinMs: number
  /** Orders of earlier storms in the same town: they still have to be right. */
  told: Told[]
  onTick?: (now: StormTick) => void
  /** Ends the trouble early, and the wait for rest. */
  signal?: AbortSignal
}
export type StormTick = { phase: 'trouble' | 'calm'; elapsedMs: number; placed: number; refused: number; faults: number; kills: number; findings: number | null }
export type StormReport = ShopperCounts & {
  faults: Record<FaultKind, number>
  kills: Record<KillKind, number>
  till: { sales: number; returns: number; handedOver: number }
  /** From the first calm moment to the one at which all held; `null`: it never did. */
  restMs: number | null
  findings: Finding[]
}

const SHOPPERS_AT_ONCE = 4
const SHOPPER_PAUSE_MS_MAX = 500
const CASHIER_PAUSE_MS_MIN = 200
const CASHIER_PAUSE_MS_MAX = 800
const DOWN_MS_MAX = 1_500
const TICK_MS = 1_000
const LOOK_EVERY_MS = 1_000
const LOOK_FOR_CALM_MS = 100
/** So few that shoppers want more than there is, so many that some are served. */
const WEB_ONLY_SKUS = 4
const COUNTER_SKUS = 6

/** Which SKUs people want: some are sold on the web alone, so that whatever is missing of them was promised twice. */
export function wantedSkus({ stores: [first] }: Town): { webOnly: string[]; counter: string[] } {
  const items = first?.till.items().filter((item) => item.unit === 'each' && item.tracked === 1 && (first.startStock.get(item.sku) ?? 0) > 0) ?? []
  const byStock = items.map(({ sku }) => sku).sort((a, b) => (first?.startStock.get(a) ?? 0) - (first?.startStock.get(b) ?? 0))
  return { webOnly: byStock.slice(0, WEB_ONLY_SKUS), counter: byStock.slice(-COUNTER_SKUS) }
}

/**
 * Trouble on every line, kills at random, shoppers and cashiers in the middle of it; then calm, and a look at what is true. Shoppers who are not
 * answered by then are answered in the calm. Throws when a process does not start again or a shopper is never answered.
 */
export async function runStorm(town: Town, plan: StormPlan): Promise<StormReport> {
  const { told, signal } = plan
  const random = seeded(plan.seed)
  // Each has chance of its own: what one does, and how fast, does not change what the next will do.
  const ownChance = (): Random => seeded(random.int(2 ** 31))
  const { webOnly, counter } = wantedSkus(town)
  const before = town.faults()
  const counts: ShopperCounts = { placed: 0, refused: 0, calls: 0, unanswered: 0, atOnce: 0, cancels: 0 }
  const kills: Record<KillKind, number> = { 'edge killed': 0, 'connector killed': 0 }
  const till = { sales: 0, returns: 0, handedOver: 0 }
  let last: Finding[] | null = null
  const began = performance.now()
  const isTrouble = (): boolean => {
    const elapsedMs = performance.now() - began
    const longer = elapsedMs < (plan.troubleMsMax ?? 0) && Object.values({ ...faults(), ...kills }).includes(0)
    return !signal?.aborted && (elapsedMs < plan.troubleMs || longer)
  }
  const pause = (ms: number): Promise<unknown> => sleep(ms, undefined, signal ? { signal } : {}).catch(() => undefined)
  const faults = (): Record<FaultKind, number> => {
    const now = town.faults()
    return Object.fromEntries(FAULT_KINDS.map((kind) => [kind, now[kind] - before[kind]])) as Record<FaultKind, number>
  }
  const tick = () => plan.onTick?.({
    phase: isTrouble() ? 'trouble' : 'calm', elapsedMs: performance.now() - began, placed: counts.placed, refused: counts.refused,
    faults: sum(faults()), kills: sum(kills), findings: last?.length ?? null,
  })
  const ticking = setInterval(tick, TICK_MS)

  const shopping = async (lane: number): Promise<void> => {
    const chance = ownChance()
    for (let n = 0; isTrouble(); n += 1) {
      const skus = chance.chance(0.5) ? webOnly : counter
      told.push(await shop(town, shopperOf(chance, `storm-${plan.seed}-${lane}-${n}`, skus), chance, counts))
      await pause(chance.int(SHOPPER_PAUSE_MS_MAX))
    }
  }

  const cashier = async (store: Store): Promise<void> => {
    const chance = ownChance()
    while (isTrouble()) {
      await pause(CASHIER_PAUSE_MS_MIN + chance.int(CASHIER_PAUSE_MS_MAX - CASHIER_PAUSE_MS_MIN))
      const deed = chance.next()
      if (deed < 0.5) {
        store.till.sell(chance.pick(counter), 1)
        till.sales += 1
      } else if (deed < 0.75) {
        await store.till.command('return', chance.pick([...webOnly, ...counter]), String(1 + chance.int(3)))
        till.returns += 1
      } else {
        const open = store.till.webTickets().find((ticket) => ticket.state === 'open')
        if (open?.reference && handOver(store, open.reference)) till.handedOver += 1
      }
    }
  }

  const killing = async (): Promise<void> => {
    const chance = ownChance()
    const [least, most] = plan.killEveryMs
    let targets: ('edge' | Store)[] = []
    for (;;) {
      await pause(least + chance.int(most - least))
      if (!isTrouble()) return
      if (targets.length === 0) targets = shuffled(chance, ['edge', ...town.stores])
      const target = targets.pop() ?? 'edge'
      const running = target === 'edge' ? town.edge : target.connector
      await running.kill()
      kills[target === 'edge' ? 'edge killed' : 'connector killed'] += 1
      await pause(chance.int(DOWN_MS_MAX))
      await (target === 'edge' ? town.restartEdge() : town.restartConnector(target))
    }
  }

  try {
    town.trouble()
    // Calm comes at its time also while somebody still waits for an answer: they get it then.
    const calming = async (): Promise<void> => {
      while (isTrouble()) await pause(LOOK_FOR_CALM_MS)
      await town.calm()
    }
    await Promise.all([calming(), killing(), ...town.stores.map(cashier), ...Array.from({ length: SHOPPERS_AT_ONCE }, (_, lane) => shopping(lane))])
    const calmAt = performance.now()
    let restMs: number | null = null
    const wanted = new Set(webOnly)
    while (!signal?.aborted) {
      last = await findings(town, told, wanted)
      if (last.length === 0) restMs = performance.now() - calmAt
      if (last.length === 0 || performance.now() - calmAt > plan.restWithinMs) break
      await pause(LOOK_EVERY_MS)
    }
    return { ...counts, faults: faults(), kills, till, restMs, findings: last ?? [] }
  } finally {
    clearInterval(ticking)
  }
}

/** Whether the shopper has it now: the web may have taken the order back a moment before. */
function handOver({ till }: Store, reference: string): boolean {
  try {
    till.handOver(reference)
    return true
  } catch {
    return false
  }
}

const sum = (counts: Record<string, number>): number => Object.values(counts).reduce((total, count) => total + count, 0)

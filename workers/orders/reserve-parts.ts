import type { Shortage } from '../../contract/order.ts'
import type { Inventory } from '../inventory/port.ts'

/** What is to be reserved at one store. `demands` are summed per SKU, of counted goods only. */
export type PartDemand = { assignmentId: string; storeId: string; demands: { sku: string; quantity: number }[] }
export type ReservePorts = {
  inventory: Pick<Inventory, 'reserve' | 'apply'>
  clock: () => number
  newId: () => string
  sleep: (ms: number) => Promise<void>
  log: (event: string, fields: Record<string, string>) => void
}
/** `attempt` is the one all parts carry. `short` names the stores that said no, and what they have. */
export type PartsAnswer = { ok: true; attempt: string } | { ok: false; short: { storeId: string; shortages: Shortage[] }[] }

/** A shortage that is only due to others' unfinished placements is tried this often, a moment apart (rules.md 5). */
const RESERVE_TRIES_MAX = 3
const RETRY_AFTER_MS = 60
const RETRY_JITTER_MS = 120

/**
 * Reserves every part or none: all stores are asked at once, and on one refusal the others are released. Each try is an attempt
 * of its own: what one released stays released. Throws when counters cannot be reached.
 */
export async function reserveParts(ports: ReservePorts, parts: readonly PartDemand[], bodyHash: string, dueInMs: number): Promise<PartsAnswer> {
  const counted = parts.filter(({ demands }) => demands.length > 0)
  for (let tries = 1; ; tries++) {
    const now = ports.clock()
    const attempt = { id: ports.newId(), bodyHash }
    const answers = await Promise.allSettled(counted.map(({ assignmentId, storeId, demands }) =>
      ports.inventory.reserve({ assignmentId, attempt, storeId, demands, now, dueAt: now + dueInMs })))
    const refusals = answers.flatMap((answer, place) => (answer.status === 'fulfilled' && !answer.value.ok ? [{ refusal: answer.value.refusal, part: counted[place] }] : []))
    const fault = answers.find((answer) => answer.status === 'rejected')
    if (!fault && refusals.length === 0) return { ok: true, attempt: attempt.id }

    const granted = counted.filter((_, place) => answers[place]?.status === 'fulfilled' && answers[place].value.ok)
    await releaseParts(ports, granted, attempt).catch(() => {
      // The broom asks D1 about them in a minute, and D1 will know of no such order.
      ports.log('order.release_failed', { assignmentId: granted[0]?.assignmentId ?? '' })
    })
    if (fault) throw fault.reason
    const contended = refusals.every(({ refusal }) => 'contended' in refusal && refusal.contended)
    if (!contended || tries >= RESERVE_TRIES_MAX) {
      return { ok: false, short: refusals.map(({ refusal, part }) => ({ storeId: part?.storeId ?? '', shortages: 'shortages' in refusal ? refusal.shortages : [] })) }
    }
    await ports.sleep(RETRY_AFTER_MS + Math.random() * RETRY_JITTER_MS)
  }
}

/** Gives back what one attempt holds, and nobody else's. */
export async function releaseParts(ports: Pick<ReservePorts, 'inventory' | 'clock'>, parts: readonly PartDemand[], attempt: { id: string; bodyHash: string }): Promise<void> {
  const at = ports.clock()
  const commands = parts.flatMap(({ assignmentId, storeId, demands }) => demands.map(({ sku }) => ({ type: 'release' as const, storeId, sku, assignmentId, attempt, at })))
  if (commands.length > 0) await ports.inventory.apply(commands)
}

import { faultName, log } from '../log.ts'
import { groupByHome, home, homeCount, homeName } from './home.ts'
import type { CommandOutcome, CounterCommand, CounterState, Inventory, ReserveAnswer, ReserveRequest, SkuAvailability } from './port.ts'
import type { SkuCounters } from './sku-counters-object.ts'

/** What a home is asked over RPC; each call carries the number of homes. A method's promise rejects when the home cannot be reached. */
export type HomeRpc = Pick<SkuCounters, 'reserve' | 'apply' | 'availability' | 'explain' | 'statesOf' | 'listStates' | 'reservations' | 'setSafetyStock' | 'setTelling' | 'setStop'>
  & { fetch(request: Request): Promise<Response> }

/** A call to a home stays one transaction of some tens of milliseconds, and far below what RPC carries. */
const COMMANDS_PER_CALL_MAX = 1_000
/** Homes asked at a time while listing: a page of 500 rows is a few of them. */
const HOMES_LISTED_AT_ONCE = 8

export function createInventory(env: Pick<Env, 'SKU_COUNTERS' | 'INVENTORY_SHARDS'>): Inventory {
  const shards = Number(env.INVENTORY_SHARDS)
  if (!Number.isInteger(shards) || shards < 1) throw new TypeError('INVENTORY_SHARDS must be a whole number of 1 or more, as it was at install')
  const namespace = env.SKU_COUNTERS as DurableObjectNamespace<SkuCounters>
  // A stub is dead after an exception, so each call takes a new one.
  return inventoryOver((number) => namespace.get(namespace.idFromName(homeName(number))), shards)
}

/** The same over any homes: `homeOf` answers the RPC of a home by its number. */
export function inventoryOver(homeOf: (number: number) => HomeRpc, shards: number): Inventory {
  return {
    reserve: (request) => reserve(homeOf, shards, request),

    async apply(commands) {
      const outcomes: CommandOutcome[] = []
      await Promise.all([...groupByHome(commands, shards)].map(async ([number, group]) => {
        for (const chunk of chunked(group)) {
          const answered = await homeOf(number).apply(shards, chunk.map(({ item }) => item))
          chunk.forEach(({ place }, index) => (outcomes[place] = answered[index] ?? 'superseded'))
        }
      }))
      return outcomes
    },

    async applyWhatGoes(commands) {
      const failed: CounterCommand[] = []
      await Promise.all([...groupByHome(commands, shards)].map(async ([number, group]) => {
        let done = 0
        try {
          for (const chunk of chunked(group)) {
            await homeOf(number).apply(shards, chunk.map(({ item }) => item))
            done += chunk.length
          }
        } catch (error) {
          logFault('inventory.home_failed', number, error)
          failed.push(...group.slice(done).map(({ item }) => item))
        }
      }))
      return { failed }
    },

    async availability(skus, orderId) {
      const answers: SkuAvailability[] = []
      await Promise.all([...groupByHome(skus.map((sku) => ({ sku })), shards)].map(async ([number, group]) => {
        const found = await homeOf(number).availability(shards, group.map(({ item }) => item.sku), orderId)
        group.forEach(({ item, place }, index) => (answers[place] = found[index] ?? { sku: item.sku, stores: [] }))
      }))
      return answers
    },

    explain: (sku) => homeOf(home(sku, shards)).explain(shards, sku),

    async statesOf(storeId, skus) {
      const found = await Promise.all([...groupByHome(skus.map((sku) => ({ sku })), shards)].map(([number, group]) =>
        homeOf(number).statesOf(shards, storeId, group.map(({ item }) => item.sku))))
      return found.flat()
    },

    listStates: (storeId, cursor, limit) => listStates(homeOf, shards, storeId, cursor, limit),

    async reservations(storeIds) {
      const kept = []
      for (let first = 0; first < homeCount(shards); first += HOMES_LISTED_AT_ONCE) {
        const numbers = Array.from({ length: Math.min(HOMES_LISTED_AT_ONCE, homeCount(shards) - first) }, (_, step) => first + step)
        kept.push(...(await Promise.all(numbers.map((number) => homeOf(number).reservations(shards, storeIds)))).flat())
      }
      return kept
    },

    async setSafetyStock(storeId, sku, quantity) {
      if (sku !== null) return homeOf(home(sku, shards)).setSafetyStock(shards, storeId, sku, quantity)
      await Promise.all(Array.from({ length: homeCount(shards) }, (_, number) => homeOf(number).setSafetyStock(shards, storeId, null, quantity)))
    },

    setStop: (sku, storeId, until) => homeOf(home(sku, shards)).setStop(shards, sku, storeId, until),

    async setTelling(isTelling) {
      await Promise.all(Array.from({ length: homeCount(shards) }, (_, number) => homeOf(number).setTelling(shards, isTelling)))
    },

    /** Only the wish to upgrade goes on: what else a browser sends (its key, its cookies) is not the home's business. */
    live(sku, request, version) {
      const upgrade = request.headers.get('Upgrade')
      const query = new URLSearchParams({ shards: String(shards), sku, ...(version === undefined ? {} : { version }) })
      return homeOf(home(sku, shards)).fetch(new Request(`https://counters/live?${query}`, { headers: upgrade ? { Upgrade: upgrade } : {} }))
    },
  }
}

/**
 * All homes at once. When one refuses, or cannot be reached, what the others granted is given back by attempt; a home that
 * threw is told too, for it may have granted. What cannot be given back now stays until the broom has asked D1.
 */
async function reserve(homeOf: (number: number) => HomeRpc, shards: number, request: ReserveRequest): Promise<ReserveAnswer> {
  const groups = [...groupByHome(request.demands, shards)]
  const asked = await Promise.allSettled(groups.map(([number, group]) =>
    homeOf(number).reserve(shards, { ...request, demands: group.map(({ item }) => item) })))

  const toRelease: number[] = []
  const refusals: Extract<ReserveAnswer, { ok: false }>['refusal'][] = []
  let fault: unknown
  for (const [place, answer] of asked.entries()) {
    if (answer.status === 'rejected') fault ??= answer.reason
    else if (!answer.value.ok) refusals.push(answer.value.refusal)
    if (answer.status === 'rejected' || answer.value.ok) toRelease.push(place)
  }
  if (fault === undefined && refusals.length === 0) return { ok: true }
  if (request.keepsWhatItHas) toRelease.length = 0

  const { assignmentId, attempt, storeId, now: at } = request
  await Promise.all(toRelease.map(async (place) => {
    const [number, group] = groups[place] ?? [0, []]
    try {
      await homeOf(number).apply(shards, group.map(({ item }) => ({ type: 'release', storeId, sku: item.sku, assignmentId, attempt, at })))
    } catch (error) {
      logFault('inventory.release_failed', number, error, assignmentId)
    }
  }))
  if (fault !== undefined) throw fault

  const shortages = refusals.flatMap((refusal) => (refusal.reason === 'out-of-stock' ? refusal.shortages : []))
  if (shortages.length === 0) return { ok: false, refusal: { reason: 'released-before' } }
  const inOrder = request.demands.flatMap(({ sku }) => shortages.filter((shortage) => shortage.sku === sku))
  const contended = refusals.every((refusal) => refusal.reason === 'out-of-stock' && refusal.contended)
  return { ok: false, refusal: { reason: 'out-of-stock', shortages: inOrder, contended } }
}

/** Home by home, by SKU within a home. The cursor is `{home}:{last sku}`; one that is not ours starts from the beginning. */
async function listStates(homeOf: (number: number) => HomeRpc, shards: number, storeId: string, cursor: string | null, limit: number) {
  const [, first = '0', skipTo = ''] = /^(\d{1,5}):(.*)$/u.exec(cursor ?? '') ?? []
  const states: CounterState[] = []
  for (let number = Number(first); number < homeCount(shards); number += HOMES_LISTED_AT_ONCE) {
    const numbers = Array.from({ length: Math.min(HOMES_LISTED_AT_ONCE, homeCount(shards) - number) }, (_, step) => number + step)
    const pages = await Promise.all(numbers.map((asked) =>
      homeOf(asked).listStates(shards, storeId, asked === Number(first) ? skipTo : '', limit - states.length)))
    for (const [place, page] of pages.entries()) {
      for (const state of page) {
        states.push(state)
        if (states.length === limit) return { states, nextCursor: `${numbers[place]}:${state.sku}` }
      }
    }
  }
  return { states, nextCursor: null }
}

function chunked<T>(items: readonly T[]): T[][] {
  const chunks: T[][] = []
  for (let start = 0; start < items.length; start += COMMANDS_PER_CALL_MAX) chunks.push(items.slice(start, start + COMMANDS_PER_CALL_MAX))
  return chunks
}

function logFault(event: string, homeNumber: number, error: unknown, assignmentId?: string): void {
  log(event, { home: homeNumber, assignmentId, error: faultName(error) })
}

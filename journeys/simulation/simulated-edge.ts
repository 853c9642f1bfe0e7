import { readdirSync, readFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { LIMITS_DEFAULT } from '../../contract/operator.ts'
import type { EventsAnswer, EventsRequest, HeartbeatRequest, StateAnswer } from '../../contract/connect.ts'
import { createCatalog } from '../../workers/catalog/d1-catalog.ts'
import type { Letter } from '../../workers/dead-letters/port.ts'
import { handleCatalogEvents } from '../../workers/catalog/handle-events.ts'
import { inventoryOver } from '../../workers/inventory/durable-inventory.ts'
import { handleStock } from '../../workers/inventory/handle-stock.ts'
import { memoryLimits } from '../../workers/limits/test-limits.ts'
import { createArbiter } from '../../workers/orders/arbiter.ts'
import { createOrderBook } from '../../workers/orders/d1-orders.ts'
import { cancelOrder } from '../../workers/orders/cancel-order.ts'
import { handleOrderMessage } from '../../workers/orders/deliver.ts'
import { placeOrder } from '../../workers/orders/place-order.ts'
import type { PlacementCall } from '../../workers/orders/place-order.ts'
import { sweepOrders } from '../../workers/orders/sweep.ts'
import type { OrderMessage, StockMessage, StoreEventsMessage } from '../../workers/queue-messages.ts'
import { handleStatusEvents } from '../../workers/status/handle-events.ts'
import { createSales } from '../../workers/status/d1-sales.ts'
import { readState } from '../../workers/stores/read-state.ts'
import { createLink } from '../../workers/stores/run-link.ts'
import { takeEvents } from '../../workers/stores/take-events.ts'
import { memoryBook } from '../../workers/stores/test-link-book.ts'
import type { Store, StoreTransport } from '../../workers/stores/port.ts'
import type { Faults } from './faults.ts'
import type { Random } from './random.ts'
import { createHomes, SHARDS } from './simulated-homes.ts'
import { openD1 } from './sqlite-d1.ts'
import type { Actor, Stage } from './stage.ts'

/** What a retailer would call it; `unsettled`: something is left that nobody will ever finish or explain. */
export const WRONGS = ['lost', 'doubled', 'oversold', 'drift', 'untold', 'unsettled'] as const
export type Wrong = (typeof WRONGS)[number]

export type World = {
  stage: Stage
  random: Random
  faults: Faults
  now: () => number
  /** Done some time after whoever wanted it was told that it failed, and even if they are dead by then. */
  later(what: string, work: () => unknown): void
  trace: (line: string) => void
  violation: (kind: Wrong, what: string) => void
}

/** A message in a queue, and how often it has been tried. */
export type Waiting = { tries: number; doubled: boolean } & (
  | { queue: 'orders'; body: OrderMessage } | { queue: 'catalog' | 'status'; body: StoreEventsMessage } | { queue: 'stock'; body: StockMessage })

const TRIES_MAX = 6
export const CHANNEL = { channelId: 'web', name: 'Web', allowedOrigins: [], payInStore: true, paymentProviders: [], limits: LIMITS_DEFAULT, createdAt: 0 }

/** The edge: its real decisions and its real SQL over tables in memory, its queues and its objects simulated. */
export function createSimulatedEdge(world: World, stores: Store[], transportOf: (actor: Actor, storeId: string) => StoreTransport) {
  const { stage, random, faults, later, now } = world
  const sqlite = new DatabaseSync(':memory:')
  for (const file of readdirSync('migrations').sort()) sqlite.exec(readFileSync(`migrations/${file}`, 'utf8'))
  const d1Over = openD1(sqlite)
  const homes = createHomes(world)
  const links = new Map(stores.map(({ storeId }) => [storeId, createLink(memoryBook())]))
  const kv = new Map<string, string>()
  const queue: Waiting[] = []
  const letters = new Map<string, Letter>()
  const running = new Set<Actor>()
  let ids = 0

  function portsOf(actor: Actor) {
    const d1 = d1Over(async (what) => {
      await stage.pass(actor, `D1 ${what.slice(0, 40)}`)
      if (faults.strikes('D1 write unknown, not done', 0.01)) return 'before'
      if (!/^(select|look)/i.test(what.trim()) && faults.strikes('D1 write unknown, done late', 0.02)) return { later: (work) => later(`D1 ${what.slice(0, 40)}, late`, work) }
      return faults.strikes('D1 write unknown, done', 0.01) ? 'after' : null
    })
    const send = (kind: Waiting['queue']) => async (body: object): Promise<void> => {
      await stage.pass(actor, `send ${kind}`)
      if (faults.strikes('send failed', 0.02)) throw new Error('the queue does not answer')
      if (faults.strikes('message lost', 0.02)) return
      const doubled = faults.strikes('message doubled', 0.03)
      for (let copies = doubled ? 2 : 1; copies > 0; copies--) queue.push({ queue: kind, body: structuredClone(body), tries: 0, doubled } as Waiting)
    }
    const link = (storeId: string) => {
      const sync = links.get(storeId)
      if (!sync) throw new Error(`no link of ${storeId}`)
      const call = async <T>(name: string, work: () => T): Promise<T> => {
        await stage.pass(actor, `link ${name}`)
        return work()
      }
      return {
        takeEpoch: (...args: Parameters<typeof sync.takeEpoch>) => call('takeEpoch', () => sync.takeEpoch(...args)),
        heartbeat: (...args: Parameters<typeof sync.heartbeat>) => call('heartbeat', () => sync.heartbeat(...args)),
        admitEvents: (...args: Parameters<typeof sync.admitEvents>) => call('admitEvents', () => sync.admitEvents(...args)),
        markDurable: (...args: Parameters<typeof sync.markDurable>) => call('markDurable', () => sync.markDurable(...args)),
        offer: (...args: Parameters<typeof sync.offer>) => call('offer', () => sync.offer(...args)),
        pushed: (...args: Parameters<typeof sync.pushed>) => call('pushed', () => sync.pushed(...args)),
        pull: (...args: Parameters<typeof sync.pull>) => call('pull', () => sync.pull(...args)),
        takeBack: (...args: Parameters<typeof sync.takeBack>) => call('takeBack', () => sync.takeBack(...args)),
        giveUp: (...args: Parameters<typeof sync.giveUp>) => call('giveUp', () => sync.giveUp(...args)),
        undo: (...args: Parameters<typeof sync.undo>) => call('undo', () => sync.undo(...args)),
        progress: (...args: Parameters<typeof sync.progress>) => call('progress', () => sync.progress(...args)),
        request: (...args: Parameters<typeof sync.request>) => call('request', () => sync.request(...args)),
        erasedAfter: (...args: Parameters<typeof sync.erasedAfter>) => call('erasedAfter', () => sync.erasedAfter(...args)),
        erase: (...args: Parameters<typeof sync.erase>) => call('erase', () => sync.erase(...args)),
        facts: (...args: Parameters<typeof sync.facts>) => call('facts', () => sync.facts(...args)),
        assignmentState: (...args: Parameters<typeof sync.assignmentState>) => call('assignmentState', () => sync.assignmentState(...args)),
        works: () => call('works', () => sync.works()),
        recall: (...args: Parameters<typeof sync.recall>) => call('recall', () => sync.recall(...args)),
      }
    }
    return {
      clock: now,
      inventory: inventoryOver(homes.homeOf(actor), SHARDS),
      stops: { set: async () => undefined, standing: async () => null, of: async () => [] },
      prices: { carryOver: async () => undefined },
      orders: createOrderBook(d1),
      catalog: createCatalog(d1, {
        get: async (key: string) => kv.get(key) ?? null,
        put: async (key: string, value: string) => void kv.set(key, value),
        getWithMetadata: async (key: string) => ({ value: kv.get(key) ?? null, metadata: null }),
        delete: async (key: string) => void kv.delete(key),
      } as unknown as KVNamespace),
      sales: createSales(d1),
      stores: { find: async (storeId: string) => stores.find((store) => store.storeId === storeId) ?? null, list: async () => stores },
      links: {
        link,
        breaker: () => ({ state: async () => 'closed' as const, view: async () => ({ phase: 'closed' as const, probeAt: null }), allow: async () => true, record: async () => undefined }),
        transport: (store: Store) => transportOf(actor, store.storeId),
      },
      deadLetters: {
        file: async (filed: Letter[]) => {
          for (const letter of filed) if (!letters.has(letter.letterId)) letters.set(letter.letterId, letter)
        },
        find: async (letterId: string) => {
          const letter = letters.get(letterId)
          return letter ? { ...letter, state: 'waiting' as const, original: letter.body, revision: 1, outcome: null, updatedAt: 0, expiresAt: 0 } : null
        },
      },
      queues: {
        orders: async (messages: OrderMessage[]) => {
          for (const message of messages) await send('orders')(message)
        },
        catalog: send('catalog'), status: send('status'), stock: send('stock'), webhooks: async () => undefined,
      },
      newId: () => `try-${(ids += 1)}`,
      sleep: (_ms: number) => stage.pass(actor, 'sleep'),
      log: () => undefined,
      limits: memoryLimits(now),
      payments: () => null,
      webhooks: { isWanted: async () => false, announce: async () => [] },
      secrets: { adminToken: 'x', masterKey: 'simulated master key' },
    }
  }
  type Ports = ReturnType<typeof portsOf>

  /** One invocation of the Worker. Rejects when it throws or is killed. */
  function invoke<T>(name: string, work: (ports: Ports) => Promise<T>): Promise<T> {
    const actor = stage.actor(`edge ${name}`)
    running.add(actor)
    return new Promise<T>((resolve, reject) => {
      actor.onDeath(() => reject(new Error('the edge ended')))
      stage.pass(actor, 'begin').then(() => work(portsOf(actor))).then(resolve, reject).finally(() => running.delete(actor)).catch(() => undefined)
    })
  }

  /** Takes one message, any of them: queues keep no order here. */
  async function consumeOne(): Promise<void> {
    const [message] = queue.splice(random.int(queue.length), 1)
    if (!message) return
    if (queue.length > 3) faults.note('message late')
    try {
      await invoke(`consumes ${message.queue}`, async (ports): Promise<unknown> => {
        switch (message.queue) {
          case 'orders': return handleOrderMessage(message.body, ports)
          case 'status': return handleStatusEvents(message.body, ports)
          case 'catalog': return handleCatalogEvents(message.body, ports)
          case 'stock': return handleStock(message.body, ports.inventory)
        }
      })
    } catch (error) {
      world.trace(`${message.queue} failed: ${error instanceof Error ? error.message : ''}`)
      if (message.tries + 1 < TRIES_MAX) queue.push({ ...message, tries: message.tries + 1 })
      else letters.set(`crashed-${(ids += 1)}`, { letterId: `crashed-${ids}`, queue: message.queue, reason: 'failed', storeId: null, body: message.body, attempts: TRIES_MAX, lastError: 'failed', filedAt: now() })
    }
  }

  const dispatch = async (ports: Ports, storeId: string, assignmentIds: string[]): Promise<void> => {
    await ports.queues.orders(assignmentIds.map((assignmentId) => ({ kind: 'deliver' as const, orderId: assignmentId.slice(0, assignmentId.lastIndexOf('.')), assignmentId, storeId, requestId: 'again' }))).catch(() => undefined)
  }

  const totalChanges = sqlite.prepare('SELECT total_changes() AS n')
  return {
    /** Rise with every row written. */
    changes: () => ({ orders: Number(totalChanges.get()?.['n']), counters: homes.changes() }),
    sqlite, homes, links, queue, letters, running,
    place: (call: PlacementCall) => invoke('places', (ports) => placeOrder(ports, call)),
    cancel: (orderId: string, lines: { lineId: string; quantity: number }[] | null) => invoke('cancels', (ports) => cancelOrder(ports, orderId, 'cancel', lines)),
    sweep: () => invoke('sweeps', (ports) => sweepOrders(ports)),
    broom: () => invoke('brooms', (ports) => homes.broom(createArbiter(d1Over(async (what) => {
      await ports.sleep(0)
      world.trace(`broom asks ${what.slice(0, 20)}`)
      return faults.strikes('D1 write unknown, done', 0.02) ? 'after' : null
    })))),
    consumeOne,
    /** All of it ends: what was in memory is gone; D1, objects and queues stay. */
    crash() {
      for (const actor of running) stage.kill(actor)
      running.clear()
    },
    connect: {
      takeEpoch: (storeId: string, connectorId: string, callId: string) => invoke('epochs', async (ports) => {
        const taken = await ports.links.link(storeId).takeEpoch(connectorId, now(), callId)
        if (taken.ok) await dispatch(ports, storeId, taken.value.dispatch)
        return taken
      }),
      events: (storeId: string, request: EventsRequest) => invoke('events', (ports): Promise<{ ok: true; value: EventsAnswer } | { ok: false; refusal: { reason: string; expectedSeq?: number } }> =>
        takeEvents(ports, { storeId, requestId: 'events', request, events: request.events })),
      heartbeat: (storeId: string, beat: HeartbeatRequest) => invoke('heartbeat', async (ports) => {
        const heard = await ports.links.link(storeId).heartbeat(beat, now())
        if (heard.ok) await dispatch(ports, storeId, heard.value.dispatch)
        return heard
      }),
      pending: (storeId: string) => invoke('pending', async (ports) => {
        const { assignments, cancels } = await ports.links.link(storeId).pull(50, now())
        return { assignments: await ports.orders.assignments(storeId, assignments), cancels: cancels.map((assignmentId) => ({ assignmentId })) }
      }),
      state: (storeId: string, cursor: string | null) => invoke('state', async (ports): Promise<StateAnswer> => {
        const page = await readState(ports, storeId, cursor)
        return { items: page?.items ?? [], nextCursor: page?.nextPlace ?? null }
      }),
    },
  }
}
export type SimulatedEdge = ReturnType<typeof createSimulatedEdge>

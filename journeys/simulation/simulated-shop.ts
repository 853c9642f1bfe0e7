import { cpSync, existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { pino } from 'pino'
import { Assignment } from '../../contract/assignment.ts'
import { toInstant } from '../../contract/clock.ts'
import { captureChanges } from '../../connector/capture/capture.ts'
import { reconcile } from '../../connector/capture/reconcile.ts'
import type { Shop } from '../../connector/delivery/accept-order.ts'
import { askedAgain, receiveOrder } from '../../connector/delivery/receive-order.ts'
import { requestCancel } from '../../connector/delivery/request-cancel.ts'
import { createWriter } from '../../connector/delivery/writer.ts'
import { EdgeUnreachable } from '../../connector/edge/edge-client.ts'
import type { Edge, EdgeRefusal } from '../../connector/edge/edge-client.ts'
import { createHeartbeat } from '../../connector/edge/heartbeat.ts'
import { createPull } from '../../connector/edge/pull.ts'
import { createSender } from '../../connector/edge/sender.ts'
import { createStanding } from '../../connector/edge/standing.ts'
import { openJournal } from '../../connector/journal/journal.ts'
import type { Pos } from '../../connector/pos/port.ts'
import { memoryPos } from '../../connector/test-shop.ts'
import { createTurn } from '../../connector/turn.ts'
import type { StoreTransport } from '../../workers/stores/port.ts'
import type { SimulatedEdge, World } from './simulated-edge.ts'
import type { Actor } from './stage.ts'

const silent = pino({ level: 'silent' })
const STEPS_OF_A_CONNECTOR = ['sender', 'heartbeat', 'pull', 'writer', 'capture', 'reconcile'] as const
export type ShopStep = (typeof STEPS_OF_A_CONNECTOR)[number]

/** One shop: its till, which nothing here can harm, and the connector beside it, which dies and comes back. */
export function createSimulatedShop(world: World, edge: () => SimulatedEdge, storeId: string, folder: string, stock: Record<string, number>) {
  const { stage, faults, now } = world
  const till = memoryPos(stock)
  const written = new Map<string, number>()
  const file = join(folder, `${storeId}.db`)
  let tunnelUp = true
  let lives = 0
  let calls = 0
  let running: ReturnType<typeof start> | null = null

  const posOf = (actor: Actor): Pos => {
    const through = async <T>(what: string, work: () => Promise<T>): Promise<T> => {
      await stage.pass(actor, `POS ${what}`)
      if (faults.strikes('POS fault', 0.01)) throw new Error('the POS does not answer')
      const answer = await work()
      await stage.pass(actor, `POS answers ${what}`)
      return answer
    }
    return {
      capabilities: till.capabilities,
      mayHaveChanged: () => through('changed?', () => till.mayHaveChanged()),
      readChanges: (cursor) => through('changes', () => till.readChanges(cursor)),
      currentCursor: () => through('cursor', () => till.currentCursor()),
      readSnapshot: (after, limit) => through('snapshot', () => till.readSnapshot(after, limit)),
      readLevels: (skus) => through('levels', () => till.readLevels(skus)),
      findOrder: (id) => through('find', () => till.findOrder(id)),
      writeOrder: (assignment) => through('write', async () => {
        const answer = await till.writeOrder(assignment)
        if (answer.ok) written.set(assignment.assignmentId, (written.get(assignment.assignmentId) ?? 0) + 1)
        else faults.note('POS refusal')
        return answer
      }),
      voidOrder: (id) => through('void', () => till.voidOrder(id)),
      close: async () => undefined,
    }
  }

  const edgeOf = (actor: Actor): Edge => {
    const line = async <T>(what: string, send: () => Promise<T>): Promise<T> => {
      await stage.pass(actor, what)
      if (!tunnelUp || faults.strikes('call lost', 0.03)) throw new EdgeUnreachable('the line is down')
      if (faults.strikes('call doubled', 0.03)) void send().catch(() => undefined)
      const answer = await send().catch(() => {
        throw new EdgeUnreachable('the edge ended')
      })
      await stage.pass(actor, `${what} answered`)
      if (!tunnelUp || faults.strikes('answer lost', 0.03)) throw new EdgeUnreachable('the line was cut')
      return structuredClone(answer)
    }
    const refusal = ({ reason, ...more }: { reason: string; expectedSeq?: number; connectorId?: string }): { ok: false; refusal: EdgeRefusal } =>
      ({ ok: false, refusal: { status: 409, problem: reason as EdgeRefusal['problem'], retryAfterMs: null, expectedSeq: more.expectedSeq ?? null, holder: more.connectorId ?? null } })
    return {
      async takeEpoch(connectorId) {
        const callId = `call-${(calls += 1)}`
        const taken = await line('takes an epoch', () => edge().connect.takeEpoch(storeId, connectorId, callId))
        return taken.ok ? { ok: true, value: { epoch: taken.value.epoch } } : refusal(taken.refusal)
      },
      async sendEvents({ connectorId, epoch, after, events }) {
        const request = { connectorId, epoch, after, events: events.map((event) => JSON.parse(event)) }
        const answer = await line(`sends ${events.length} events`, () => edge().connect.events(storeId, structuredClone(request)))
        return answer.ok ? answer : refusal(answer.refusal)
      },
      async heartbeat(beat) {
        const heard = await line('beats', () => edge().connect.heartbeat(storeId, beat))
        return heard.ok ? { ok: true, value: { serverTime: toInstant(now()), ...heard.value } } : refusal(heard.refusal)
      },
      pending: async () => ({ ok: true, value: await line('pulls', () => edge().connect.pending(storeId)) }),
      state: async (cursor) => ({ ok: true, value: await line('asks the state', () => edge().connect.state(storeId, cursor)) }),
    }
  }

  function start() {
    const actor = stage.actor(`${storeId} connector ${(lives += 1)}`)
    const journal = openJournal({ file, storeId, connectorId: `${storeId}-till` })
    const shop: Shop = { journal, pos: posOf(actor), turn: createTurn(), now, holdsStore: () => true }
    const line = edgeOf(actor)
    const standing = createStanding(journal)
    const zero = () => 0
    const writer = createWriter(shop, silent, zero, now)
    const sender = createSender(shop, line, silent, { onHeld: () => standing.held(), onEpoch: () => standing.confirmed(), onSent: () => standing.confirmed() }, zero)
    const receive = (assignment: Assignment) => receiveOrder(journal, assignment, now())
    const cancel = (assignmentId: string) => requestCancel(journal, assignmentId, now())
    const pull = createPull({
      edge: line, log: silent, everyMs: 5000, storeId, cancel, mayPull: standing.mayPull, told: async () => true,
      receive: (assignment) => receive(assignment).kind === 'journaled',
    })
    const heartbeat = createHeartbeat({
      journal, edge: line, log: silent, version: 'simulated', everyMs: 10_000, wall: now, posReachable: () => true, onHeld: () => standing.held(), onForked: sender.wantEpoch,
      onAnswer(answer) {
        standing.answered()
        for (const assignmentId of answer.askAgain) askedAgain(journal, assignmentId, now())
        if (answer.requests.includes('reconcile')) journal.meta.set('reconcileWanted', '1')
      },
    })
    const never = new AbortController().signal
    const busy = new Set<ShopStep>()
    const work: Record<ShopStep, () => Promise<unknown>> = {
      sender: () => sender.once(),
      heartbeat: () => heartbeat.once(),
      pull: async () => standing.mayPull() && pull.once(never),
      writer: () => writer.once(never),
      capture: async () => journal.meta.get('synced') !== null && captureChanges(shop),
      reconcile: async () => journal.meta.number('epoch') !== null && journal.meta.get('epochWanted') === null
        && (journal.meta.get('synced') === null || journal.meta.get('reconcileWanted') !== null) && reconcile(shop, line, () => undefined),
    }
    return { actor, journal, receive, cancel, busy, work }
  }

  const stop = (): void => {
    if (!running) return
    stage.kill(running.actor)
    running.journal.close()
    running = null
  }

  return {
    storeId, till, written,
    get journal() {
      return running?.journal ?? null
    },
    get tunnelUp() {
      return tunnelUp
    },
    setTunnel(up: boolean) {
      tunnelUp = up
    },
    start() {
      running ??= start()
    },
    stop,
    /** The disk as it is now, to come back later. The connector must not be running: its file would be half written. */
    backUp() {
      if (running) return
      for (const end of ['', '-wal', '-shm']) if (existsSync(file + end)) cpSync(file + end, `${file}.backup${end}`)
    },
    hasBackup: () => existsSync(`${file}.backup`),
    restore() {
      stop()
      for (const end of ['', '-wal', '-shm']) rmSync(file + end, { force: true })
      for (const end of ['', '-wal', '-shm']) if (existsSync(`${file}.backup${end}`)) cpSync(`${file}.backup${end}`, file + end)
    },
    /** One turn of one of the connector's loops; `null` while that loop is under way, or nobody runs. */
    turn(step: ShopStep): Promise<unknown> | null {
      const process = running
      if (!process || process.busy.has(step)) return null
      process.busy.add(step)
      return new Promise((resolve) => {
        process.actor.onDeath(() => resolve('died'))
        process.work[step]().catch((error: unknown) => world.trace(`${storeId} ${step}: ${error instanceof Error ? error.message : 'fault'}`)).then(resolve)
          .finally(() => process.busy.delete(step)).catch(() => undefined)
      })
    },
    steps: STEPS_OF_A_CONNECTOR,
    transport(actor: Actor): StoreTransport {
      const call = async <T>(what: string, work: (process: NonNullable<typeof running>) => T): Promise<T> => {
        await stage.pass(actor, `tunnel ${what}`)
        if (!tunnelUp || !running || faults.strikes('call lost', 0.03)) throw new Error('the store cannot be reached')
        const answer = work(running)
        await stage.pass(actor, `tunnel ${what} answered`)
        if (!tunnelUp || faults.strikes('answer lost', 0.03)) throw new Error('the answer was lost')
        return answer
      }
      return {
        put: (assignment) => call('put', (process) => {
          const received = process.receive(Assignment.parse(structuredClone(assignment)))
          if (received.kind === 'different-body') return { kind: 'conflict' as const }
          return received.kind === 'struck' ? { kind: 'struck' as const } : { kind: 'journaled' as const }
        }),
        cancel: (assignmentId) => call('cancel', (process) => {
          process.cancel(assignmentId)
          return { kind: 'journaled' as const }
        }),
      }
    },
  }
}
export type SimulatedShop = ReturnType<typeof createSimulatedShop>

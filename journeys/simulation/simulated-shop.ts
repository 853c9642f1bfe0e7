import { cpSync, existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { Assignment } from '../../contract/assignment.ts'
import type { StoreTransport } from '../../workers/stores/port.ts'
import { startConnector, STEPS_OF_A_CONNECTOR } from './simulated-connector.ts'
import type { ConnectorStep, SimulatedConnector } from './simulated-connector.ts'
import type { SimulatedEdge, World } from './simulated-edge.ts'
import { createSimulatedTill } from './simulated-till.ts'
import type { Actor } from './stage.ts'

const GIVEN_UP: ReadonlySet<string> = new Set(['rejected', 'struck', 'voided'])
const FILE_ENDS = ['', '-wal', '-shm']

/** One shop: its till, which nothing here can harm, and beside it the connector, which dies and comes back, and sometimes a copy of it. */
export function createSimulatedShop(world: World, edge: () => SimulatedEdge, storeId: string, folder: string, stock: Record<string, number>) {
  const { stage, random, faults } = world
  const file = join(folder, `${storeId}.db`)
  let tunnelUp = true
  let lives = 0
  let own: SimulatedConnector | null = null
  let copy: SimulatedConnector | null = null
  /** When each level that was numbered here was read, in sales of the till. Where two processes gave one number, the earlier. */
  const readings = new Map<string, number>()
  const running = (): SimulatedConnector[] => [own, copy].filter((each) => each !== null)
  const till = createSimulatedTill(world, stock)
  const onLevel = (epoch: number, seq: number, sku: string, readAt: number): void => {
    const key = `${epoch} ${seq} ${sku}`
    readings.set(key, Math.min(readAt, readings.get(key) ?? readAt))
  }

  const copyFile = (from: string, to: string): void => {
    for (const end of FILE_ENDS) rmSync(to + end, { force: true })
    for (const end of FILE_ENDS) if (existsSync(from + end)) cpSync(from + end, to + end)
  }
  /** What was ever asked about, and of it what some journal of this shop has ever given up. */
  const asked = new Set<string>()
  const givenUp = new Set<string>()
  const lookUp = (assignmentId: string): void => {
    for (const { journal } of running()) if (GIVEN_UP.has(journal.inbox.get(assignmentId)?.state ?? '')) givenUp.add(assignmentId)
  }
  const end = (process: SimulatedConnector | null): void => {
    if (!process) return
    asked.forEach(lookUp)
    stage.kill(process.actor)
    process.journal.close()
    if (own === process) own = null
    if (copy === process) copy = null
  }
  const start = (journal: string, connectorId: string, name: string): SimulatedConnector =>
    startConnector(world, edge, { storeId, connectorId, file: journal, name: `${storeId} ${name} ${(lives += 1)}`, till, lineUp: () => tunnelUp, onLevel })
  const turnOf = (process: SimulatedConnector | null, step: ConnectorStep): Promise<unknown> | null => {
    if (process?.isHeld()) end(process)
    if (!process || process.busy.has(step) || !process.actor.alive) return null
    process.busy.add(step)
    return new Promise((resolve) => {
      process.actor.onDeath(() => resolve('died'))
      process.work[step]().catch((error: unknown) => world.trace(`${storeId} ${step}: ${error instanceof Error ? error.message : 'fault'}`)).then(resolve)
        .finally(() => process.busy.delete(step)).catch(() => undefined)
    })
  }

  return {
    storeId, till,
    /** Units the till has sold since this level of a SKU was read. */
    soldSince: (sku: string, { epoch, seq }: { epoch: number; seq: number }): number => till.soldSince(sku, readings.get(`${epoch} ${seq} ${sku}`) ?? 0),
    get journal() {
      return own?.journal ?? null
    },
    journals: () => running().map(({ journal }) => journal),
    /** Whether a journal of this shop has refused it or taken it back, told or not. */
    hasGivenUp(assignmentId: string): boolean {
      asked.add(assignmentId)
      if (!givenUp.has(assignmentId)) lookUp(assignmentId)
      return givenUp.has(assignmentId)
    },
    get tunnelUp() {
      return tunnelUp
    },
    setTunnel(up: boolean) {
      tunnelUp = up
    },
    start() {
      own ??= start(file, `${storeId}-till`, 'connector')
    },
    stop: () => end(own),
    /** A second machine is set up from the first one's disk, by its configuration or by its own name. */
    clone() {
      if (copy || !existsSync(file)) return
      faults.note('connector cloned')
      copyFile(file, `${file}.copy`)
      copy = start(`${file}.copy`, random.chance(0.5) ? `${storeId}-till` : `${storeId}-copy`, 'copy')
    },
    endClone: () => end(copy),
    /** The disk as it is now, to come back later. Nothing is half written: a commit of the journal is one step. */
    backUp: () => existsSync(file) && copyFile(file, `${file}.backup`),
    hasBackup: () => existsSync(`${file}.backup`),
    restore() {
      end(own)
      copyFile(`${file}.backup`, file)
    },
    /** One turn of one of the connector's loops; `null` while that loop is under way, or nobody runs. */
    turn: (step: ConnectorStep): Promise<unknown> | null => turnOf(own, step),
    turnOfAny: (step: ConnectorStep): Promise<unknown> | null => turnOf(copy && random.chance(0.4) ? copy : own, step),
    steps: STEPS_OF_A_CONNECTOR,
    /** What the edge pushes to, through the tunnel: one of the machines, where there are two. */
    transport(actor: Actor): StoreTransport {
      const call = async <T>(what: string, work: (process: SimulatedConnector) => T): Promise<T> => {
        await stage.pass(actor, `tunnel ${what}`)
        const process = copy && random.chance(0.3) ? copy : own
        if (!tunnelUp || !process || faults.strikes('call lost', 0.03)) throw new Error('the store cannot be reached')
        if (faults.strikes('call doubled', 0.03)) work(process)
        const answer = work(process)
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

import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { bundleConnector } from '../connector/bundle.ts'
import { SERVICE_ENVIRONMENT } from '../connector/cli/systemd-unit.ts'
import { findConnector } from '../connector/control/control-client.ts'
import { LiveStatus } from '../connector/control/live-status.ts'
import { triggersFor } from '../connector/pos/open-triggers.ts'
import { PosConfig } from '../connector/pos/pos-config.ts'
import { createSecret } from '../contract/signing.ts'
import { prepareShop, writeConnectorConfig } from '../journeys/local/house.ts'
import { startProcess, type Running } from '../journeys/local/processes.ts'
import { median, until } from '../journeys/local/until.ts'
import { openOsposShop } from './ospos-shop.ts'
import { startFloor } from './floor.ts'
import type { BenchShop, Change, ShopKind } from './shop.ts'
import { openSqliteShop } from './sqlite-shop.ts'
import { startStandInEdge, type StandInEdge } from './stand-in-edge.ts'
import { openUnicentaShop } from './unicenta-shop.ts'
import { forgetPeak, peakRssMb, useOf, useOfServer, type ProcessUse } from './watch-process.ts'

/** One measured thing. `goal` null: told for comparison only. */
export type Row = { name: string; value: number; goal: number | null; unit: string; ok: boolean }

export type Size = {
  kind: ShopKind
  items: number
  /** Pieces changed at once, and how often that is measured. */
  burst: number
  bursts: number
  quietMs: number
  /** Whether the bursts are measured again with the till's triggers. */
  triggers: boolean
}

const STORE_ID = 'bench'
const POLL_MS = 1_000
const RSS_MB_MAX = 200
const BURST_MS_MAX = 5_000
const IDLE_CPU_PERCENT_MAX = 2
const READY_WITHIN_MS = 60_000
const SYNC_WITHIN_MS = 600_000
/** Between two looks at the connector while it is waited for. */
const LOOK_EVERY_MS = 200
/** A settled connector: the comparison behind the first sync has been remembered as well. */
const CALM_FOR_MS = 3_000

const CALM_CPU_PERCENT = 5
/** The bare program's own, a second. */
const FLOOR_QUERIES = 1
/** A connector that runs looks each minute whether somebody has installed triggers. */
const TRIGGERS_NOTICED_MS = 62_000

const OPEN: Record<ShopKind, (items: number) => Promise<BenchShop>> = { ospos: openOsposShop, unicenta: openUnicentaShop, sqlite: openSqliteShop }

type Bench = { shop: BenchShop; edge: StandInEdge; connector: Running; journalFile: string; dir: string }

/** Everything measured on one shop of this size, with a fresh connector. `say` hears how it goes. */
export async function measureConnector(size: Size, say: (line: string) => void): Promise<Row[]> {
  const dir = await mkdtemp(path.join(tmpdir(), 'tillbridge-bench-'))
  const ends: (() => Promise<unknown>)[] = [() => rm(dir, { recursive: true, force: true })]
  try {
    say(`${size.items} items: filling the till (${size.kind})`)
    const shop = await OPEN[size.kind](size.items)
    ends.push(() => shop.close())
    const edge = await startStandInEdge()
    ends.push(() => edge.close())
    const place = await prepareShop(dir, STORE_ID)
    await writeFile(place.secretFile, createSecret(), { mode: 0o600 })
    await writeConnectorConfig(edge.url, place, { pos: shop.pos, poll: { everyMs: POLL_MS }, heartbeat: { everyMs: 10_000 }, pull: { everyMs: 5_000 }, log: { level: 'info' } })
    // As a store runs it: one file. From its sources it would carry Node's TypeScript reader with it, ninety megabytes.
    const bundle = await bundleConnector(dir)
    const began = performance.now()
    const connector = await startProcess({
      name: 'the connector', args: [bundle, 'run', '--config', place.configFile], env: SERVICE_ENVIRONMENT, logFile: path.join(dir, 'connector.log'), readyEvent: 'connector.ready', readyWithinMs: READY_WITHIN_MS,
    })
    ends.push(() => connector.stop())
    return await measure({ shop, edge, connector, journalFile: path.join(place.dir, 'journal.db'), dir }, size, began, say)
  } finally {
    for (const end of ends.toReversed()) await end()
  }
}

async function measure(bench: Bench, { items, burst, bursts, quietMs, triggers }: Size, began: number, say: (line: string) => void): Promise<Row[]> {
  const { shop, edge, connector: { pid } } = bench
  const rows: Row[] = []
  const row = (name: string, value: number, goal: number | null, unit: string): void => {
    const rounded = Math.round(value * 100) / 100
    rows.push({ name: `${name}, ${items} items${shop.name === 'Open Source POS, MariaDB' ? '' : `, ${shop.name}`}`, value: rounded, goal, unit, ok: goal === null || rounded <= goal })
    say(`  ${name}: ${rounded} ${unit}${goal === null ? '' : ` (goal ${goal})`}`)
  }
  const comparison = async (what: string, startedAt: number): Promise<void> => {
    await until(what, SYNC_WITHIN_MS, async () => {
      const { comparisons, doing } = await statusOf(bench)
      return !comparisons.wanted && comparisons.finished > 0 && doing.every(({ what: now }) => now === 'watching')
    }, LOOK_EVERY_MS)
    row(`${what}: time`, (performance.now() - startedAt) / 1000, null, 's')
    row(`${what}: peak resident`, peakRssMb(pid), RSS_MB_MAX, 'MB')
  }

  await comparison('first sync', began)
  const held = edge.held()
  if (held.skus !== items || held.counted !== items) throw new Error(`the edge has ${held.skus} items and ${held.counted} levels of ${items}`)
  forgetPeak(pid)
  const settling = performance.now()
  await calm(bench)
  row('rows remembered after the sync: time', (performance.now() - settling - CALM_FOR_MS) / 1000, null, 's')
  row('rows remembered after the sync: peak resident', peakRssMb(pid), RSS_MB_MAX, 'MB')

  forgetPeak(pid)
  const floor = shop.floor && await startFloor(shop.floor, bench.dir)
  const uses = () => ({ own: useOf(pid), server: shop.serverPid === null ? null : useOfServer(shop.serverPid), floor: floor && useOf(floor.pid) })
  const [before, work, startedAt] = [uses(), await shop.work?.(), performance.now()]
  await sleep(quietMs)
  const ms = performance.now() - startedAt
  const [after, workAfter] = [uses(), await shop.work?.()]
  const percent = (used: (at: ReturnType<typeof uses>) => ProcessUse | null): number => (((used(after)?.cpuMs ?? 0) - (used(before)?.cpuMs ?? 0)) / ms) * 100
  row('quiet: processor of the connector', percent(({ own }) => own), IDLE_CPU_PERCENT_MAX, '%')
  if (after.server) row('quiet: processor of the database', percent(({ server }) => server), null, '%')
  if (work && workAfter) {
    const polls = ms / POLL_MS
    row('quiet: queries a poll', (workAfter.queries - work.queries) / polls - FLOOR_QUERIES, null, '')
    row('quiet: rows read by the database a poll', (workAfter.rowsRead - work.rowsRead) / polls, null, '')
    row('quiet: sent by the database a poll', (workAfter.bytesSent - work.bytesSent) / polls, null, 'B')
  }
  row('quiet: peak resident', peakRssMb(pid), RSS_MB_MAX, 'MB')
  if (floor && after.floor) {
    row('a bare program with SELECT 1 a second: processor', percent((at) => at.floor), null, '%')
    row('a bare program with SELECT 1 a second: resident', after.floor.rssMb, null, 'MB')
    row('quiet: resident, in bare programs', after.own.rssMb / after.floor.rssMb, null, '')
    await floor.stop()
  }

  const times = async (what: string, change: () => Promise<Change>, goalMs: number | null = BURST_MS_MAX): Promise<void> => {
    const took: number[] = []
    const cpu = useOf(pid).cpuMs
    for (let n = 0; n < bursts; n += 1) {
      const { levels, committedAt } = await change()
      took.push(await edge.allOf(levels) - committedAt)
      await sleep(POLL_MS * (0.5 + n / bursts))
    }
    row(`${what}: median`, median(took), null, 'ms')
    row(`${what}: slowest of ${bursts}`, Math.max(...took), goalMs, 'ms')
    row(`${what}: processor of the connector, each`, (useOf(pid).cpuMs - cpu) / bursts, null, 'ms')
  }
  await times(`${burst} changes at once, confirmed by the edge`, () => shop.burst(burst))
  if (shop.sell) await times('one sale, confirmed by the edge', shop.sell)
  forgetPeak(pid)
  const asked = performance.now()
  await ask(bench, 'POST', '/reconcile', z.unknown())
  await comparison('full comparison', asked)
  if (triggers) {
    const ofTill = triggersFor(PosConfig.parse(shop.pos))
    await ofTill?.install()
    await ofTill?.close()
    await sleep(TRIGGERS_NOTICED_MS)
    await times(`${burst} changes at once, with triggers`, () => shop.burst(burst))
  }
  return rows
}

async function ask<T extends z.ZodType>({ journalFile }: Bench, method: 'GET' | 'POST', where: string, shape: T): Promise<z.output<T>> {
  const found = await findConnector(journalFile)
  if (found.kind !== 'running') throw new Error(`the connector is ${found.kind}`)
  return found.ask(method, where, shape)
}

const statusOf = (bench: Bench): Promise<LiveStatus> => ask(bench, 'GET', '/status', LiveStatus)

/** The first reading after a sync remembers every row. It is over when the connector has next to nothing to do for a while. */
async function calm({ connector: { pid } }: Bench): Promise<void> {
  await until('the connector to be calm', SYNC_WITHIN_MS, async () => {
    const before = useOf(pid).cpuMs
    await sleep(CALM_FOR_MS)
    return (useOf(pid).cpuMs - before) / CALM_FOR_MS < CALM_CPU_PERCENT / 100
  }, 0)
}

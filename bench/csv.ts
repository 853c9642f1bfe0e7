import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { bundleConnector } from '../connector/bundle.ts'
import { SERVICE_ENVIRONMENT } from '../connector/cli/systemd-unit.ts'
import { findConnector } from '../connector/control/control-client.ts'
import { LiveStatus } from '../connector/control/live-status.ts'
import { lastFiles } from '../connector/pos/csv/file-report.ts'
import { CsvConfig } from '../connector/pos/csv/csv-config.ts'
import { createSecret } from '../contract/signing.ts'
import { prepareShop, writeConnectorConfig } from '../journeys/local/house.ts'
import { startProcess } from '../journeys/local/processes.ts'
import { until } from '../journeys/local/until.ts'
import { writeGoods, writeSales } from './csv-files.ts'
import { startStandInEdge } from './stand-in-edge.ts'
import { forgetPeak, peakRssMb, useOf } from './watch-process.ts'

/**
 * What a shop of files costs: `npm run bench:csv -- [ITEMS] [MEGABYTES]`. A file of all goods and its first sync, the same file with every price changed, a
 * history of sales of that size. The connector is the bundle, in a process of its own, as a store runs it; what is told is its peak resident memory.
 */
const [items, megabytes] = [Number(process.argv[2] ?? 100_000), Number(process.argv[3] ?? 0)]
const STORE_ID = 'bench-csv'
const RSS_MB_MAX = 200
const WITHIN_MS = 7_200_000
const LOOK_EVERY_MS = 500
const BYTES_PER_MB = 1_000_000
/** A line of sales with its remark, and how long the remark is. */
const REMARK = 'x'.repeat(5_000)
const SALES_LINE_BYTES = 5_065

const dir = await mkdtemp(path.join(tmpdir(), 'tillbridge-bench-csv-'))
const ends: (() => Promise<unknown>)[] = [() => rm(dir, { recursive: true, force: true })]
let isGood = true
try {
  const edge = await startStandInEdge()
  ends.push(() => edge.close())
  const place = await prepareShop(dir, STORE_ID)
  const folder = path.join(dir, 'drop')
  const pos = { type: 'csv', folder, currency: 'EUR', timeZone: 'UTC', settleMs: 500, scanEveryMs: 1_000, goods: { whole: true, taxRate: '19' } }
  await writeFile(place.secretFile, createSecret(), { mode: 0o600 })
  await writeConnectorConfig(edge.url, place, { pos, poll: { everyMs: 1_000 }, heartbeat: { everyMs: 10_000 }, pull: { everyMs: 5_000 }, log: { level: 'info' } })
  const bundle = await bundleConnector(dir)
  writeGoods(folder, 'goods-1.csv', items)
  let began = performance.now()
  let usedMs = 0
  const { pid, stop } = await startProcess({ name: 'the connector', args: [bundle, 'run', '--config', place.configFile], env: SERVICE_ENVIRONMENT, logFile: path.join(dir, 'connector.log'), readyEvent: 'connector.ready', readyWithinMs: 60_000 })
  ends.push(stop)

  const told = (what: string, lines: number): void => {
    const [seconds, peakMb, cpuMs] = [(performance.now() - began) / 1000, Math.round(peakRssMb(pid)), useOf(pid).cpuMs]
    isGood &&= peakMb <= RSS_MB_MAX
    process.stdout.write(`${what}: ${seconds.toFixed(1)} s (${((cpuMs - usedMs) / 1000).toFixed(1)} s of one core), ${Math.round(lines / seconds)} lines/s, peak resident ${peakMb} MB (goal ${RSS_MB_MAX}), ${Math.round(useOf(pid).rssMb)} MB now\n`)
    forgetPeak(pid)
    usedMs = cpuMs
  }
  const isCalm = async (files: number): Promise<boolean> => {
    if ((lastFiles(CsvConfig.parse(pos)) ?? []).length < files) return false
    const found = await findConnector(path.join(place.dir, 'journal.db'))
    if (found.kind !== 'running') throw new Error(`the connector is ${found.kind}`)
    const { comparisons, doing } = await found.ask('GET', '/status', LiveStatus)
    return !comparisons.wanted && comparisons.finished > 0 && doing.every(({ what }) => what === 'watching')
  }
  const rest = async (files: number): Promise<void> => {
    await until(`${files} files to be taken`, WITHIN_MS, () => isCalm(files), LOOK_EVERY_MS)
    await sleep(2 * LOOK_EVERY_MS)
    await until(`${files} files to be told`, WITHIN_MS, () => isCalm(files), LOOK_EVERY_MS)
  }

  await rest(1)
  told(`first sync of ${items} goods`, items)
  if (edge.held().skus !== items) throw new Error(`the edge has ${edge.held().skus} items of ${items}`)
  writeGoods(folder, 'goods-2.csv', items, 101)
  began = performance.now()
  await rest(2)
  told(`every price of ${items} changed by a file`, items)
  if (megabytes > 0) {
    const invoices = Math.round((megabytes * BYTES_PER_MB) / SALES_LINE_BYTES / 3)
    const bytes = writeSales(folder, 'sales.csv', invoices, items, REMARK)
    process.stdout.write(`  (${Math.round(bytes / BYTES_PER_MB)} MB, ${invoices} invoices)\n`)
    began = performance.now()
    await rest(3)
    told(`a history of sales of ${Math.round(bytes / BYTES_PER_MB)} MB`, invoices * 3)
  }
} finally {
  for (const end of ends.toReversed()) await end()
}
process.exitCode = isGood ? 0 : 1

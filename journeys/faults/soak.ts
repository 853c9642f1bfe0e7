import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Command, InvalidArgumentError } from 'commander'
import { goOffline } from '../local/offline.ts'
import type { Told } from './shoppers.ts'
import { soakReport, soakTable } from './soak-report.ts'
import { runStorm, type StormReport, type StormTick } from './storm.ts'
import { openTown, type Town } from './town.ts'

/** Trouble long enough for several kills, short enough that a fault is found near its cause. */
const STORM_MS = 60_000
/** What is left of the time is not worth a storm. */
const STORM_MS_MIN = 10_000
const KILL_EVERY_MS = [3_000, 10_000] as const
/** The slowest way to rest is work that is asked for twice: 30 s, then 60 s, and a heartbeat each. */
const REST_WITHIN_MS = 180_000
/** Longer than the patience of either side (connector 15 s, edge 10 s), so that their own timeouts are met. */
const HALF_OPEN_MS_MAX = 18_000
const OUTAGE_MS_MAX = 4_000
const PASS_IN_TEN = 6
const SEED_MAX = 1_000_000
const RESULTS = 'test-results'
/** How a shell knows that Ctrl-C ended it. */
const EXIT_INTERRUPTED = 130

const above = (least: number, whole: boolean) => (text: string): number => {
  const number = Number(text)
  if (!(number >= least) || (whole && !Number.isSafeInteger(number))) throw new InvalidArgumentError(`expected a ${whole ? 'whole ' : ''}number of ${least} or more`)
  return number
}

const program = new Command('soak')
  .description('Two stores with tills and connectors, one edge, all real processes, with a bad line between any two of them and SIGKILL at random. '
    + 'After each minute of it everything must come to rest, and the tills\' own tables say what is true.')
  .option('--minutes <m>', 'how long there is trouble, in all', above(0.1, false), 5)
  .option('--seed <n>', 'chance of the lines, the kills and the people (default: a new one, printed)', above(0, true))
  .option('--json', 'the report as one JSON line at the end; everything else on stderr')
  .showHelpAfterError('(add --help for examples)')
  .addHelpText('after', `
Examples:
  npm run soak -- --minutes 5
  npm run soak -- --minutes 60 --seed 7     the same trouble dealt again; processes take their own time, so no two runs are the same

The lines cut, delay, swallow (half-open), reset, bring garbage, lose answers, and go away for seconds. People order with retries and
several times at once, cancel, buy and return at the counter, and fetch their orders.

The report goes to ${RESULTS}/soak-SEED.json. Exit code 0: nothing lost, doubled or oversold, and every kind of trouble came.
1: something is wrong; logs and databases are kept, and named. 2: the command line is wrong. 130: Ctrl-C.`)
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2))
  .parse()
const options = program.opts<{ minutes: number; seed?: number; json?: boolean }>()
const seed = options.seed ?? Math.floor(Math.random() * SEED_MAX)
const out = options.json ? process.stderr : process.stdout

goOffline()
const stop = new AbortController()
let town: Town | null = null
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    if (stop.signal.aborted) return
    stop.abort()
    show('stopping: ending every process')
    out.write('\n')
  })
}

const dir = mkdtempSync(path.join(tmpdir(), 'tillbridge-soak-'))
const storms: (StormReport & { seed: number })[] = []
let troubleMs = 0
let broke: string | null = null
try {
  show(`seed ${seed}: starting two stores and an edge`)
  town = await openTown({ dir, seed, weather: { passInTen: PASS_IN_TEN, halfOpenMsMax: HALF_OPEN_MS_MAX, outageMsMax: OUTAGE_MS_MAX }, adminToken: 'soak-admin-token' })
  const told: Told[] = []
  const wantedMs = options.minutes * 60_000
  while (!stop.signal.aborted && (storms.length === 0 || wantedMs - troubleMs >= STORM_MS_MIN)) {
    const stormMs = Math.min(STORM_MS, wantedMs - troubleMs)
    const stormSeed = seed + storms.length
    const report = await runStorm(town, {
      seed: stormSeed, troubleMs: stormMs, killEveryMs: KILL_EVERY_MS, restWithinMs: REST_WITHIN_MS, told, onTick: showTick, signal: stop.signal,
    })
    storms.push({ ...report, seed: stormSeed })
    troubleMs += stormMs
    // What is wrong stays wrong: another storm would only bury it.
    if (report.restMs === null) break
  }
} catch (error) {
  // What breaks while everything is being ended says nothing.
  if (!stop.signal.aborted) broke = error instanceof Error ? error.message : String(error)
}
await town?.close()

const report = soakReport({ seed, storms, minutes: troubleMs / 60_000, broke, interrupted: stop.signal.aborted })
mkdirSync(RESULTS, { recursive: true })
const file = path.join(RESULTS, `soak-${seed}.json`)
writeFileSync(file, `${JSON.stringify(report, null, 2)}\n`)
out.write(`${out.isTTY ? '\r\u001b[K' : ''}\n${soakTable(report)}\nreport: ${file}\n`)
if (report.ok || report.interrupted) rmSync(dir, { recursive: true, force: true })
else out.write(`logs and databases are kept in ${dir}\nthe same trouble again: npm run soak -- --minutes ${options.minutes} --seed ${seed}\n`)
if (options.json) process.stdout.write(`${JSON.stringify(report)}\n`)
process.exit(report.interrupted ? EXIT_INTERRUPTED : report.ok ? 0 : 1)

function showTick(tick: StormTick): void {
  const placed = storms.reduce((sum, storm) => sum + storm.placed, tick.placed)
  const wrong = tick.findings === null ? '' : ` · ${tick.findings} not at rest yet`
  show(`storm ${storms.length + 1} ${tick.phase} ${Math.round(tick.elapsedMs / 1000)} s · ${placed} orders · ${tick.refused} refused · ${tick.faults} faults · ${tick.kills} kills${wrong}`)
}

/** One line that is rewritten on a terminal, a line each elsewhere. */
function show(text: string): void {
  out.write(out.isTTY ? `\r\u001b[K${text}` : `${text}\n`)
}

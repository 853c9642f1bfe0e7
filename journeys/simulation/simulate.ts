import { Command, InvalidArgumentError } from 'commander'
import { FAULT_KINDS } from './faults.ts'
import type { FaultKind } from './faults.ts'
import { runSeed } from './run-seed.ts'

/** A kind of trouble that hardly occurred proves nothing: so often at least, for each hundred seeds. */
const FAULTS_PER_HUNDRED_SEEDS_MIN = 3
/** Below this many seeds chance alone can leave a kind out. */
const SEEDS_TO_JUDGE_FAULTS_MIN = 100
const PROGRESS_EVERY_MS = 500
const BAR_LENGTH = 24

const whole = (text: string): number => {
  const number = Number(text)
  if (!Number.isInteger(number) || number < 1) throw new InvalidArgumentError('expected a whole number of 1 or more')
  return number
}

const program = new Command('simulate')
  .description('Runs the real decisions of edge and connector under seeded trouble, and looks after every step whether anything was lost, doubled or oversold.\n\n'
    + 'Examples:\n  npm run simulate -- --seeds 10000\n  npm run simulate -- --seed 72        the same run again, with its trace')
  .option('--seeds <n>', 'how many seeds', whole, 1000)
  .option('--first <n>', 'the first of them', whole, 1)
  .option('--seed <n>', 'this one only, and print its trace', whole)
  .option('--steps <n>', 'steps of trouble in each run, before the calm', whole, 400)
  .parse()
const options = program.opts<{ seeds: number; first: number; seed?: number; steps: number }>()
const first = options.seed ?? options.first
const count = options.seed === undefined ? options.seeds : 1

const faults = new Map<FaultKind, number>(FAULT_KINDS.map((kind) => [kind, 0]))
const startedAt = performance.now()
let steps = 0
let orders = 0
let failed = 0
let toldAt = startedAt
// What the edge writes to its log about faults is what is asked for here.
console.warn = () => undefined
console.error = () => undefined

for (let seed = first; seed < first + count; seed++) {
  const report = await runSeed(seed, options.steps)
  steps += report.steps
  orders += report.orders
  for (const [kind, times] of report.faults) faults.set(kind, (faults.get(kind) ?? 0) + times)
  if (report.violations.length > 0 || options.seed !== undefined) process.stdout.write(`\r\u001b[K${report.trace.join('\n')}\n`)
  if (report.violations.length > 0) {
    failed += 1
    process.stdout.write(`seed=${seed} ${report.violations.join('; ')}\nagain: npm run simulate -- --seed ${seed} --steps ${options.steps}\n`)
  }
  const now = performance.now()
  if (process.stdout.isTTY && (now - toldAt > PROGRESS_EVERY_MS || seed === first + count - 1)) {
    toldAt = now
    const done = seed - first + 1
    const filled = Math.round((done / count) * BAR_LENGTH)
    const seconds = (now - startedAt) / 1000
    process.stdout.write(`\r\u001b[K${'█'.repeat(filled)}${'░'.repeat(BAR_LENGTH - filled)} ${done}/${count} seeds · ${(done / seconds).toFixed(1)} seeds/s · ${Math.round(steps / seconds)} steps/s · ${failed} failed`)
  }
}

const least = count >= SEEDS_TO_JUDGE_FAULTS_MIN ? Math.floor((count / 100) * FAULTS_PER_HUNDRED_SEEDS_MIN) : 0
const rare = [...faults].filter(([, times]) => times < least).map(([kind]) => kind)
process.stdout.write(`\n\n${'fault'.padEnd(30)}${'occurred'.padStart(10)}${'at least'.padStart(10)}\n`)
for (const [kind, times] of faults) process.stdout.write(`${kind.padEnd(30)}${String(times).padStart(10)}${String(least).padStart(10)}${times < least ? '  too few' : ''}\n`)
process.stdout.write(`\n${count} seeds, ${steps} steps, ${orders} orders, ${[...faults.values()].reduce((a, b) => a + b, 0)} faults, ${failed} seeds failed (goal 0)${rare.length > 0 ? `, hardly occurred: ${rare.join(', ')}` : ''}\n`)
process.exitCode = failed > 0 || rare.length > 0 ? 1 : 0

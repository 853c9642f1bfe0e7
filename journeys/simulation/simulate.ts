import { writeFileSync } from 'node:fs'
import { Command, InvalidArgumentError } from 'commander'
import { FAULT_KINDS } from './faults.ts'
import { huntMutants, pageOf } from './hunt-mutants.ts'
import { MUTANTS } from './mutants.ts'
import { createProgress } from './progress.ts'
import { rareFaults, SEEDS_TO_JUDGE_FAULTS_MIN, summed, tableOf } from './report.ts'
import { runSeed } from './run-seed.ts'
import type { SeedReport } from './run-seed.ts'

/** Seeds a mutant is looked for with; the slyest needed seventy. */
const SEEDS_FOR_MUTANTS = 150

const whole = (text: string): number => {
  const number = Number(text)
  if (!Number.isInteger(number) || number < 1) throw new InvalidArgumentError('expected a whole number of 1 or more')
  return number
}

const program = new Command('simulate')
  .description('Runs the real decisions of edge and connector under seeded trouble, and looks after every step whether anything was lost, doubled or oversold.\n'
    + `The same seed is the same run, step by step. Ends with 1 when anything was wrong, or (from ${SEEDS_TO_JUDGE_FAULTS_MIN} seeds on) when a kind of trouble hardly occurred.`)
  .option('--seeds <n>', `how many seeds (default: 1000, or ${SEEDS_FOR_MUTANTS} for each mutant)`, whole)
  .option('--first <n>', 'the first of them', whole, 1)
  .option('--seed <n>', 'this one only, and print its trace', whole)
  .option('--steps <n>', 'steps of trouble in each run, before the calm', whole, 600)
  .option('--mutants [names...]', 'plant faults in the product\'s own code, one at a time, and see that each is caught; all, or those named')
  .option('--write <file>', 'with --mutants: write the table of which seed caught which as a page')
  .option('--json', 'one line of JSON at the end instead of tables')
  .addHelpText('after', `
Examples:
  npm run simulate -- --seeds 10000
  npm run simulate -- --seed 72                                  the same run again, with its trace
  npm run simulate -- --mutants                                  every planted fault (some minutes)
  npm run simulate -- --mutants no-tombstone old-level-wins      these
  npm run simulate -- --mutants --write docs/mutants.md`)
  .parse()
const options = program.opts<{ seeds?: number; first: number; seed?: number; steps: number; mutants?: true | string[]; write?: string; json?: true }>()

// What the edge writes to its log about faults is what is asked for here.
console.warn = () => undefined
console.error = () => undefined
process.exitCode = await (options.mutants === undefined ? simulate() : hunt(options.mutants === true ? [] : options.mutants))

async function simulate(): Promise<number> {
  const first = options.seed ?? options.first
  const count = options.seed === undefined ? options.seeds ?? 1000 : 1
  const reports: Omit<SeedReport, 'trace'>[] = []
  const progress = createProgress(count, 'seeds')
  for (let seed = first; seed < first + count; seed++) {
    const { trace, ...report } = await runSeed(seed, options.steps)
    reports.push(report)
    if (report.violations.length > 0 || options.seed !== undefined) progress.say(trace.join('\n'))
    if (report.violations.length > 0) progress.say(`seed=${seed} ${report.violations.join('; ')}\nagain: npm run simulate -- --seed ${seed} --steps ${options.steps}`)
    progress.step(1, report.steps)
  }
  progress.end()
  const sum = summed(reports)
  const rare = rareFaults(sum)
  if (options.json) process.stdout.write(`${JSON.stringify({ ...sum, faults: Object.fromEntries(sum.faults), rare })}\n`)
  else process.stdout.write(`${tableOf(sum)}\n\n${sum.seeds} seeds, ${sum.steps} steps, ${sum.orders} orders, ${sum.struck} faults of ${FAULT_KINDS.length} kinds, ${sum.failed} seeds failed (goal 0)${rare.length > 0 ? `, hardly occurred: ${rare.join(', ')}` : ''}\n`)
  return sum.failed > 0 || rare.length > 0 ? 1 : 0
}

async function hunt(names: string[]): Promise<number> {
  const unknown = names.filter((name) => !MUTANTS.some((mutant) => mutant.name === name))
  if (unknown.length > 0) program.error(`no mutant ${unknown.join(', ')}; there are:\n  ${MUTANTS.map(({ name, breaks }) => `${name.padEnd(30)}${breaks}`).join('\n  ')}`)
  const seeds = options.seed === undefined ? options.seeds ?? SEEDS_FOR_MUTANTS : 1
  const progress = createProgress(names.length || MUTANTS.length, 'mutants')
  const hunted = await huntMutants({
    names, first: options.seed ?? options.first, seeds, steps: options.steps,
    onSeed: (mutant, seed) => progress.note(`${mutant} ${seed}`),
    onDone({ mutant, caughtBy, seeds: tried, ms }) {
      if (!options.json) progress.say(`${caughtBy ? '✓' : '✗'} ${mutant.name.padEnd(30)}${caughtBy ? `seed ${caughtBy.seed}: ${caughtBy.saw}` : `not caught in ${tried} seeds`} (${Math.round(ms / 1000)} s)`)
      progress.step(1, 0)
    },
  })
  progress.end()
  if (options.write !== undefined) writeFileSync(options.write, pageOf(hunted, options.steps))
  const missed = hunted.filter(({ caughtBy }) => caughtBy === null).map(({ mutant }) => mutant.name)
  if (options.json) process.stdout.write(`${JSON.stringify({ mutants: hunted.map(({ mutant, caughtBy, seeds: tried }) => ({ name: mutant.name, seeds: tried, ...caughtBy })), missed })}\n`)
  else process.stdout.write(`\n${hunted.length} planted faults, ${hunted.length - missed.length} caught, ${missed.length} missed (goal 0)${missed.length > 0 ? `: ${missed.join(', ')}` : ''}\n`)
  return missed.length > 0 ? 1 : 0
}

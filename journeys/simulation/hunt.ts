import { MUTANTS } from './mutants.ts'
import { plant } from './plant.ts'

/** A process of its own for one mutant: `hunt.ts NAME FIRST SEEDS STEPS`. Tells each seed, and ends with the first that sees the fault. */
const [name, first, seeds, steps] = process.argv.slice(2)
const mutant = MUTANTS.find((each) => each.name === name)
if (!mutant) throw new Error(`no mutant ${name}`)
plant(mutant)
// Only now: what is loaded before the planting is whole.
const { runSeed } = await import('./run-seed.ts')
// What the edge writes to its log about faults is what is asked for here.
console.warn = () => undefined
console.error = () => undefined

const tell = (line: object): void => void process.stdout.write(`${JSON.stringify(line)}\n`)
for (let seed = Number(first); seed < Number(first) + Number(seeds); seed++) {
  const { violations } = await runSeed(seed, Number(steps)).catch((error: unknown) => ({ violations: [`the run broke: ${error instanceof Error ? error.message : 'fault'}`] }))
  tell({ seed, ...(violations[0] === undefined ? {} : { saw: violations[0] }) })
  if (violations.length > 0) break
}
// A mutant may leave something running that would keep the process.
process.exit(0)

import { spawn } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { MUTANTS } from './mutants.ts'
import type { Mutant } from './mutants.ts'

export type Hunted = { mutant: Mutant; seeds: number; caughtBy: { seed: number; saw: string } | null; ms: number }
export type Hunt = { names: readonly string[]; first: number; seeds: number; steps: number; onSeed(mutant: string, seed: number): void; onDone(hunted: Hunted): void }

/** Looks for each planted fault in processes of their own, as many at once as there are processors. */
export async function huntMutants({ names, first, seeds, steps, onSeed, onDone }: Hunt): Promise<Hunted[]> {
  const wanted = MUTANTS.filter(({ name }) => names.length === 0 || names.includes(name))
  const results = new Map<string, Hunted>()
  const waiting = [...wanted]
  const worker = async (): Promise<void> => {
    for (let mutant = waiting.shift(); mutant; mutant = waiting.shift()) {
      const { name } = mutant
      const hunted = await huntOne(mutant, first, seeds, steps, (seed) => onSeed(name, seed))
      results.set(name, hunted)
      onDone(hunted)
    }
  }
  await Promise.all(Array.from({ length: availableParallelism() }, worker))
  return wanted.flatMap(({ name }) => results.get(name) ?? [])
}

async function huntOne(mutant: Mutant, first: number, seeds: number, steps: number, onSeed: (seed: number) => void): Promise<Hunted> {
  const startedAt = performance.now()
  const child = spawn(process.execPath, [fileURLToPath(import.meta.resolve('./hunt.ts')), mutant.name, String(first), String(seeds), String(steps)], { stdio: ['ignore', 'pipe', 'pipe'] })
  let fault = ''
  child.stderr.on('data', (data: Buffer) => (fault += data.toString()))
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
  let tried = 0
  let caughtBy: Hunted['caughtBy'] = null
  for await (const line of createInterface({ input: child.stdout })) {
    const told = JSON.parse(line) as { seed: number; saw?: string }
    tried += 1
    onSeed(told.seed)
    if (told.saw !== undefined) caughtBy = { seed: told.seed, saw: told.saw }
  }
  const code = await ended
  if (code !== 0) throw new Error(`the hunt for ${mutant.name} broke (${code}): ${fault.slice(-2000)}`)
  return { mutant, seeds: tried, caughtBy, ms: performance.now() - startedAt }
}

/** The page that says which seed caught which. */
export function pageOf(hunted: readonly Hunted[], steps: number): string {
  const rows = hunted.map(({ mutant, caughtBy, seeds }) => {
    const place = `[\`${mutant.file}\`](../${mutant.file})`
    const saw = caughtBy ? caughtBy.saw.replaceAll(/ord_[0-9a-z]{26}/g, 'ord_…').replaceAll('|', '\\|') : '-'
    return `| ${mutant.name} | ${mutant.breaks} | ${place} | ${caughtBy ? caughtBy.seed : `not in ${seeds} seeds`} | ${saw} |`
  })
  return [
    '# Planted faults, and the seed that caught each',
    '',
    'Each line is one change in the product\'s own code that breaks a rule it was built to keep. The simulation runs with that change',
    `and must see it. Written by \`npm run simulate -- --mutants --write docs/mutants.md\` (${steps} steps a seed, seeds from 1 on); one of`,
    'them again: `npm run simulate -- --mutants NAME`. The changes themselves stand in `journeys/simulation/mutants.ts`.',
    '',
    `${hunted.length} planted, ${hunted.filter(({ caughtBy }) => caughtBy).length} caught.`,
    '',
    '| Fault | What it breaks | Where | First seed | What was seen |',
    '|---|---|---|---|---|',
    ...rows,
    '',
  ].join('\n')
}

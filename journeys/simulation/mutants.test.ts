import { describe, expect, test } from 'vitest'
import { huntMutants } from './hunt-mutants.ts'
import { MUTANTS } from './mutants.ts'
import { planted } from './plant.ts'

/** All of them: `npm run simulate -- --mutants`. These are found within the first seeds. */
const QUICKLY_FOUND = ['watermark-too-late', 'no-outbox', 'cancel-releases-early']

describe('planted faults', () => {
  test.each(MUTANTS.map((mutant) => [mutant.name, mutant] as const))('%s has its place in the code as it is', (_, mutant) => {
    expect(planted(mutant)).toContain(mutant.replace)
  })

  test('have names of their own', () => {
    expect(new Set(MUTANTS.map(({ name }) => name)).size).toBe(MUTANTS.length)
  })

  test('are caught by the simulation', { timeout: 300_000 }, async () => {
    const hunted = await huntMutants({ names: QUICKLY_FOUND, first: 1, seeds: 60, steps: 600, onSeed: () => undefined, onDone: () => undefined })
    expect(hunted.map(({ mutant, caughtBy }) => [mutant.name, caughtBy !== null])).toEqual(QUICKLY_FOUND.map((name) => [name, true]))
  })
})

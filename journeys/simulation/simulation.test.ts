import { beforeAll, describe, expect, test, vi } from 'vitest'
import { FAULT_KINDS } from './faults.ts'
import { summed } from './report.ts'
import { runSeed } from './run-seed.ts'
import type { SeedReport } from './run-seed.ts'

/** `npm run simulate -- --seeds 10000` looks longer. */
const SEEDS = 250
const STEPS = 300

// What the edge writes to its log about faults is what is asked for here.
beforeAll(() => {
  vi.spyOn(console, 'error').mockImplementation(() => undefined)
  vi.spyOn(console, 'warn').mockImplementation(() => undefined)
})

describe('the house under seeded trouble', () => {
  test(`loses, doubles and oversells nothing in ${SEEDS} seeds of ${STEPS} steps, and every kind of trouble occurs`, { timeout: 900_000 }, async () => {
    const reports: Omit<SeedReport, 'trace'>[] = []
    for (let seed = 1; seed <= SEEDS; seed++) {
      const { trace, ...report } = await runSeed(seed, STEPS)
      expect(report.violations, `seed=${seed}\n${trace.slice(-80).join('\n')}`).toEqual([])
      reports.push(report)
    }
    const sum = summed(reports)
    expect(sum.orders).toBeGreaterThan(SEEDS)
    expect(sum.wrongs).toEqual({ lost: 0, doubled: 0, oversold: 0, drift: 0, untold: 0, unsettled: 0 })
    expect(FAULT_KINDS.filter((kind) => sum.faults.get(kind) === 0)).toEqual([])
  })

  test('a seed is a run: the same again step by step', async () => {
    const [one, two] = [await runSeed(7, STEPS), await runSeed(7, STEPS)]
    expect(two).toEqual(one)
  })
})

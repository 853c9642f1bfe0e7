import { beforeAll, describe, expect, test, vi } from 'vitest'
import { FAULT_KINDS } from './faults.ts'
import { runSeed } from './run-seed.ts'

/** `npm run simulate -- --seeds 10000` looks longer. */
const SEEDS = 200
const STEPS = 300

// What the edge writes to its log about faults is what is asked for here.
beforeAll(() => {
  vi.spyOn(console, 'error').mockImplementation(() => undefined)
  vi.spyOn(console, 'warn').mockImplementation(() => undefined)
})

describe('the house under seeded trouble', () => {
  test(`loses, doubles and oversells nothing in ${SEEDS} seeds of ${STEPS} steps, and every kind of trouble occurs`, { timeout: 600_000 }, async () => {
    const occurred = new Set<string>()
    let orders = 0
    for (let seed = 1; seed <= SEEDS; seed++) {
      const report = await runSeed(seed, STEPS)
      expect(report.violations, `seed=${seed}\n${report.trace.slice(-80).join('\n')}`).toEqual([])
      orders += report.orders
      for (const kind of report.faults.keys()) occurred.add(kind)
    }
    expect(orders).toBeGreaterThan(SEEDS)
    expect([...FAULT_KINDS].filter((kind) => !occurred.has(kind))).toEqual([])
  })

  test('a seed is a run: the same again step by step', async () => {
    const [one, two] = [await runSeed(7, STEPS), await runSeed(7, STEPS)]
    expect(two).toEqual(one)
  })
})

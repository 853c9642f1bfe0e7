import { FAULT_KINDS } from './faults.ts'
import type { FaultKind } from './faults.ts'
import type { SeedReport } from './run-seed.ts'
import { WRONGS } from './simulated-edge.ts'
import type { Wrong } from './simulated-edge.ts'

/** A kind of trouble that hardly occurred proves nothing: so often at least, for each hundred seeds. */
const FAULTS_PER_HUNDRED_SEEDS_MIN = 3
/** Below this many seeds chance alone can leave a kind out. */
export const SEEDS_TO_JUDGE_FAULTS_MIN = 100

export type Sum = {
  seeds: number
  steps: number
  orders: number
  /** Of them, those that wait for a person. */
  atDesk: number
  failed: number
  struck: number
  faults: Map<FaultKind, number>
  /** How often each kind of wrong was seen; `drift` in units at rest. */
  wrongs: Record<Wrong, number>
}

export function summed(reports: readonly Omit<SeedReport, 'trace'>[]): Sum {
  const add = (of: (report: Omit<SeedReport, 'trace'>) => number): number => reports.reduce((sum, report) => sum + of(report), 0)
  const faults = new Map(FAULT_KINDS.map((kind) => [kind, add((report) => report.faults.get(kind) ?? 0)]))
  const seen = (wrong: Wrong): number => add(({ violations }) => violations.filter((each) => each.startsWith(`${wrong}:`)).length)
  return {
    seeds: reports.length, steps: add(({ steps }) => steps), orders: add(({ orders }) => orders), atDesk: add(({ atDesk }) => atDesk),
    failed: reports.filter(({ violations }) => violations.length > 0).length,
    struck: [...faults.values()].reduce((a, b) => a + b, 0), faults,
    wrongs: { ...Object.fromEntries(WRONGS.map((wrong) => [wrong, seen(wrong)])) as Record<Wrong, number>, drift: Math.max(seen('drift'), add(({ drift }) => drift)) },
  }
}

const leastOf = ({ seeds }: Sum): number => (seeds >= SEEDS_TO_JUDGE_FAULTS_MIN ? Math.floor((seeds / 100) * FAULTS_PER_HUNDRED_SEEDS_MIN) : 0)

/** The kinds that hardly occurred. */
export const rareFaults = (sum: Sum): FaultKind[] => [...sum.faults].filter(([, times]) => times < leastOf(sum)).map(([kind]) => kind)

const row = (cells: readonly (string | number)[]): string => cells.map((cell, place) => (place === 0 ? String(cell).padEnd(34) : String(cell).padStart(12))).join('')

const SAID: Record<Wrong, string> = {
  lost: 'orders lost', doubled: 'orders doubled', oversold: 'oversold', drift: 'units of drift at rest', untold: 'shoppers not told why', unsettled: 'left unsettled',
}

/** All of a run in one table: how much was tried, what trouble there was, and what came of it. */
export function tableOf(sum: Sum): string {
  const least = leastOf(sum)
  return [
    row(['', 'measured', 'goal']), row(['seeds', sum.seeds, '']), row(['steps', sum.steps, '']), row(['orders placed', sum.orders, '']), row(['of them waiting for an operator', sum.atDesk, '']), row(['faults', sum.struck, '']),
    ...[...sum.faults].map(([kind, times]) => `${row([`  ${kind}`, times, least > 0 ? `≥ ${least}` : ''])}${times < least ? '  too few' : ''}`),
    ...WRONGS.map((wrong) => row([SAID[wrong], sum.wrongs[wrong], 0])),
  ].join('\n')
}

import { FAULT_KINDS, type FaultKind } from './faults.ts'
import { KILL_KINDS, type KillKind, type StormReport } from './storm.ts'
import { FINDING_KINDS, type Finding, type FindingKind } from './truths.ts'

/** What a run came to: the sum of its storms. */
export type SoakReport = {
  seed: number
  minutes: number
  storms: number
  orders: { placed: number; refused: number; cancelsAsked: number; sentAtOnce: number; calls: number; unanswered: number }
  till: { sales: number; returns: number; handedOver: number }
  faults: Record<FaultKind, number>
  kills: Record<KillKind, number>
  /** Units or cases that were wrong at rest. The goal of each is 0. */
  wrong: Record<FindingKind, number>
  /** The longest time from calm to rest; `null` when a storm never came to it. */
  restMsMax: number | null
  findings: (Finding & { storm: number; stormSeed: number })[]
  /** Kinds of trouble that never came: such a run proves less than it says. */
  neverCame: string[]
  /** What kept the run from its end, in a sentence. */
  broke: string | null
  interrupted: boolean
  ok: boolean
}

type Run = { seed: number; storms: readonly (StormReport & { seed: number })[]; minutes: number; broke: string | null; interrupted: boolean }

export function soakReport({ seed, storms, minutes, broke, interrupted }: Run): SoakReport {
  const total = (of: (storm: StormReport) => number): number => storms.reduce((sum, storm) => sum + of(storm), 0)
  const each = <K extends string>(kinds: readonly K[], of: (storm: StormReport, kind: K) => number) =>
    Object.fromEntries(kinds.map((kind) => [kind, total((storm) => of(storm, kind))])) as Record<K, number>
  const findings = storms.flatMap((storm, index) => storm.findings.map((finding) => ({ ...finding, storm: index + 1, stormSeed: storm.seed })))
  const faults = each(FAULT_KINDS, (storm, kind) => storm.faults[kind])
  const kills = each(KILL_KINDS, (storm, kind) => storm.kills[kind])
  const neverCame = Object.entries({ ...faults, ...kills }).filter(([, times]) => times === 0).map(([kind]) => kind)
  const rests = storms.map(({ restMs }) => restMs)
  // Where everybody is refused nothing can be lost.
  const served = total(({ placed }) => placed) > 0
  return {
    seed, minutes, storms: storms.length,
    orders: {
      placed: total(({ placed }) => placed), refused: total(({ refused }) => refused), cancelsAsked: total(({ cancels }) => cancels),
      sentAtOnce: total(({ atOnce }) => atOnce), calls: total(({ calls }) => calls), unanswered: total(({ unanswered }) => unanswered),
    },
    till: { sales: total(({ till }) => till.sales), returns: total(({ till }) => till.returns), handedOver: total(({ till }) => till.handedOver) },
    faults, kills,
    wrong: Object.fromEntries(FINDING_KINDS.map((kind) => [kind, findings.reduce((sum, finding) => sum + (finding.kind === kind ? finding.units : 0), 0)])) as Record<FindingKind, number>,
    restMsMax: rests.length === 0 || rests.includes(null) ? null : Math.round(Math.max(...rests.map((ms) => ms ?? 0))),
    findings, neverCame, broke, interrupted,
    ok: findings.length === 0 && neverCame.length === 0 && served && broke === null && !interrupted,
  }
}

const GOALS: Readonly<Record<FindingKind, string>> = {
  lost: 'units lost', doubled: 'units doubled', oversold: 'units oversold', drift: 'units of drift at rest', weighs: 'units that still weigh at rest',
  untrue: 'untrue answers', left: 'work nobody finishes', desk: 'dead letters',
}

/** The table for people. */
export function soakTable(report: SoakReport): string {
  const row = (what: string, value: string | number, goal = '') => `${what.padEnd(34)}${String(value).padStart(9)}${goal.padStart(7)}`
  const { orders, till } = report
  const rest = report.restMsMax === null ? (report.interrupted ? 'not seen' : 'never') : `${(report.restMsMax / 1000).toFixed(1)} s`
  const lines = [
    row('seed', report.seed), row('minutes', report.minutes.toFixed(1)), row('storms', report.storms),
    row('orders placed', orders.placed, orders.placed === 0 ? '≥ 1' : ''), row('orders refused', orders.refused), row('sent several times at once', orders.sentAtOnce), row('cancels asked', orders.cancelsAsked),
    row('calls of shoppers', orders.calls), row('of them unanswered', orders.unanswered),
    row('sold at the tills', till.sales), row('returned at the tills', till.returns), row('handed over', till.handedOver),
    '', ...Object.entries({ ...report.faults, ...report.kills }).map(([kind, times]) => row(kind, times, times === 0 ? '≥ 1' : '')),
    '', `${''.padEnd(34)}${'found'.padStart(9)}${'goal'.padStart(7)}`,
    ...FINDING_KINDS.map((kind) => row(GOALS[kind], report.wrong[kind], '0')),
    row('at rest after the calm, at most', rest),
  ]
  const verdict = report.broke ?? (report.interrupted ? 'interrupted: this says nothing about the rest' : report.findings.length > 0 ? `${report.findings.length} things are wrong` : null)
  return [
    ...lines, '',
    ...report.findings.map(({ storm, stormSeed, kind, what }) => `storm ${storm} (seed ${stormSeed}): ${kind}: ${what}`),
    ...(report.neverCame.length > 0 ? [`never came: ${report.neverCame.join(', ')}`] : []),
    report.ok ? 'nothing lost, nothing doubled' : `FAILED: ${verdict ?? (report.neverCame.length > 0 ? 'not every kind of trouble came' : 'storms in which nobody was served prove nothing')}`,
  ].join('\n')
}

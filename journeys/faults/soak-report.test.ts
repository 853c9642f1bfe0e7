import { execFile } from 'node:child_process'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { soakReport, soakTable } from './soak-report.ts'
import type { StormReport } from './storm.ts'

const calm: StormReport & { seed: number } = {
  seed: 7, placed: 10, refused: 2, calls: 40, unanswered: 20, atOnce: 3, cancels: 2,
  faults: { cut: 1, delay: 1, 'half-open': 1, reset: 1, garbage: 1, 'answer swallowed': 1, outage: 1 },
  kills: { 'edge killed': 1, 'connector killed': 1 },
  till: { sales: 5, returns: 1, handedOver: 2 }, restMs: 2_000, findings: [],
}
const run = { seed: 7, minutes: 2, broke: null, interrupted: false }

describe('the report of a soak', () => {
  it('sums its storms, and holds when nothing is wrong and every kind of trouble came', () => {
    const report = soakReport({ ...run, storms: [calm, { ...calm, seed: 8, restMs: 9_000 }] })
    expect(report).toMatchObject({ ok: true, storms: 2, orders: { placed: 20 }, faults: { cut: 2 }, wrong: { lost: 0, drift: 0 }, restMsMax: 9_000 })
    expect(soakTable(report).split('\n').at(-1)).toBe('nothing lost, nothing doubled')
  })

  it('counts what is wrong in units, and names the storm to look at', () => {
    const report = soakReport({ ...run, storms: [calm, { ...calm, seed: 8, restMs: null, findings: [{ kind: 'lost', units: 3, what: 'A is nowhere' }] }] })
    expect(report).toMatchObject({ ok: false, wrong: { lost: 3 }, restMsMax: null })
    expect(soakTable(report)).toContain('storm 2 (seed 8): lost: A is nowhere')
    expect(soakTable(report)).toContain('FAILED')
  })

  it.each([
    ['a kind of trouble never came', { storms: [{ ...calm, faults: { ...calm.faults, reset: 0 } }] }, 'never came: reset'],
    ['everybody was refused', { storms: [{ ...calm, placed: 0, refused: 12 }] }, 'FAILED: storms in which nobody was served'],
    ['a process did not start again', { storms: [calm], broke: 'the edge was not ready within 60 s' }, 'FAILED: the edge was not ready'],
    ['it was interrupted', { storms: [calm], interrupted: true }, 'FAILED: interrupted'],
  ])('does not hold when %s', (_, change, said) => {
    const report = soakReport({ ...run, ...change })
    expect(report.ok).toBe(false)
    expect(soakTable(report)).toContain(said)
  })
})

/** `npm run soak` for what ends before anything is started. */
const soak = (...args: string[]) => new Promise<{ code: unknown; stdout: string; stderr: string }>((resolve) => {
  execFile(process.execPath, [path.join(import.meta.dirname, 'soak.ts'), ...args], (error, stdout, stderr) => resolve({ code: error?.code ?? 0, stdout, stderr }))
})

describe('npm run soak', () => {
  it('teaches its flags, and refuses those it does not know', async () => {
    expect(await soak('--help')).toMatchObject({ code: 0, stdout: expect.stringContaining('npm run soak -- --minutes 5') })
    expect(await soak('--minutes', 'long')).toMatchObject({ code: 2, stderr: expect.stringContaining('expected a number of 0.1 or more') })
    expect(await soak('--hours', '1')).toMatchObject({ code: 2, stderr: expect.stringContaining('--hours') })
  })
})

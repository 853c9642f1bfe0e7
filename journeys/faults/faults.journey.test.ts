import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { FAULT_KINDS } from './faults.ts'
import { KILL_KINDS, runStorm, type StormReport } from './storm.ts'
import { openTown, type Town } from './town.ts'
import { FINDING_KINDS } from './truths.ts'

/** `npm run soak -- --minutes M` looks longer, with others. */
const SEED = 11
const TROUBLE_MS = 12_000
const TROUBLE_MS_MAX = 60_000
const REST_WITHIN_MS = 180_000
/** Everything has to fit into it: kills in short order, short silences. */
const KILL_EVERY_MS = [1_000, 2_500] as const
const WEATHER = { passInTen: 6, halfOpenMsMax: 2_000, outageMsMax: 1_200 }

let dir: string
let town: Town
let report: StormReport

describe(`two stores, ${TROUBLE_MS / 1000} s of bad lines and kills, then calm`, () => {
  beforeAll(async () => {
    dir = await mkdtemp(path.join(tmpdir(), 'tillbridge-faults-'))
    town = await openTown({ dir, seed: SEED, weather: WEATHER, adminToken: 'faults-admin-token' })
    report = await runStorm(town, { seed: SEED, troubleMs: TROUBLE_MS, troubleMsMax: TROUBLE_MS_MAX, killEveryMs: KILL_EVERY_MS, restWithinMs: REST_WITHIN_MS, told: [] })
  }, TROUBLE_MS_MAX + REST_WITHIN_MS + 120_000)

  afterAll(async () => {
    await town?.close()
    // What failed leaves its logs and databases for whoever looks into it.
    if (report?.restMs == null) console.error(`the town is kept in ${dir}`)
    else await rm(dir, { recursive: true, force: true })
  }, 60_000)

  it.each(FAULT_KINDS)('met a line with: %s', (kind) => expect(report.faults[kind]).toBeGreaterThan(0))
  it.each(KILL_KINDS)('%s', (kind) => expect(report.kills[kind]).toBeGreaterThan(0))

  it('went on selling, on the web and at the tills', () => {
    expect(report.placed).toBeGreaterThan(5)
    expect(report.till.sales).toBeGreaterThan(5)
    expect(report.unanswered).toBeGreaterThan(0)
    expect(report.atOnce).toBeGreaterThan(0)
    expect(report.cancels).toBeGreaterThan(0)
  })

  it.each(FINDING_KINDS)('at rest nothing is: %s', (kind) => expect(report.findings.filter((finding) => finding.kind === kind)).toEqual([]))
})

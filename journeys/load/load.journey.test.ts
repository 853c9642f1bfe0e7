import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { goOffline } from '../local/offline.ts'
import { openStores, type Stores } from '../local/stores.ts'
import { hasRecovered, runLoad, SHELF, STORE_ID, type Report } from './run-load.ts'

/** The connector's heartbeat is every 2 s here: five of them. */
const SIGN_OF_LIFE_WITHIN_MS = 10_000

let house: Stores
let dir: string
let report: Report
/** Until the setup has come to its end, something has failed. */
let failed = true

describe('three times what the edge can do', () => {
  beforeAll(async () => {
    goOffline()
    dir = await mkdtemp(path.join(tmpdir(), 'tillbridge-load-'))
    house = await openStores(path.join(dir, 'house'), 'load-admin-token', { [STORE_ID]: SHELF })
    report = await runLoad(house, { seconds: 3, roundSeconds: 1 }, () => {})
    console.log(JSON.stringify(report))
    failed = false
  })
  afterEach(({ task }) => {
    if (task.result?.state === 'fail') failed = true
  })
  afterAll(async () => {
    await house?.close()
    // What failed leaves its logs and databases for whoever looks into it.
    if (failed) console.error(`the house is kept in ${dir}`)
    else await rm(dir, { recursive: true, force: true })
  })

  it('was really offered', () => {
    expect(report.overload.offeredPerSecond).toBeGreaterThanOrEqual(report.overload.takenPerSecond * 2)
    expect(report.overload.offeredPerSecond).toBeGreaterThan(report.before.perSecond * 2.5)
    expect(report.overload.answered['503 overloaded']).toBeGreaterThan(0)
  })

  it('is answered with orders or with 409, 429 and 503, always with when to come again, and never with silence', () => {
    expect(report.overload).toMatchObject({ unexpected: 0, withoutRetryAfter: 0 })
    expect(report.overload.takenPerSecond).toBeGreaterThan(0)
  })

  it('loses nothing that was answered, doubles nothing, and places nothing that was refused', () => {
    expect(report.orders).toMatchObject({ lost: 0, doubled: 0, unasked: 0 })
  })

  it('starves neither the shop, nor who only looks, nor the operator', () => {
    expect(report.shop).toMatchObject({ stale: false, reads: { refused: 0 }, health: { refused: 0 }, operator: { refused: 0 } })
    expect(report.shop.heartbeatAgeMaxMs).toBeLessThan(SIGN_OF_LIFE_WITHIN_MS)
    expect(report.shop.saleVisibleMs.length).toBeGreaterThan(0)
  })

  it('leaves the edge as fast as before', () => {
    expect(hasRecovered(report.before, report.after), JSON.stringify([report.before, report.after])).toBe(true)
  })
})

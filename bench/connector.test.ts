import { beforeAll, describe, expect, it } from 'vitest'
import { measureConnector, type Row } from './measure-connector.ts'

const ITEMS = 300
/** A transaction around the till's signal and, in so small a shop with every poll, the settings and three sums over all goods. */
const QUIET_QUERIES_A_POLL_MAX = 12

let rows: Row[]
const valueOf = (name: string): number => rows.find((row) => row.name.startsWith(name))?.value ?? NaN

/** The short form: that it runs and counts. Its times are not judged here: this machine is busy with other tests. */
describe('the measurement of a connector, over a real MariaDB', () => {
  beforeAll(async () => {
    rows = await measureConnector({ kind: 'ospos', items: ITEMS, burst: 20, bursts: 1, quietMs: 3_000, triggers: false }, () => {})
  }, 120_000)

  it('measures every thing that has a goal', () => {
    expect(rows.filter(({ goal }) => goal !== null).map(({ name }) => name.replace(`, ${ITEMS} items`, ''))).toEqual([
      'first sync: peak resident', 'rows remembered after the sync: peak resident', 'quiet: processor of the connector', 'quiet: peak resident',
      '20 changes at once, confirmed by the edge: slowest of 1', 'one sale, confirmed by the edge: slowest of 1', 'full comparison: peak resident',
    ])
    expect(rows.filter(({ value }) => !Number.isFinite(value))).toEqual([])
  })

  it('asks little of the database of a quiet shop, and none of its goods is sent', () => {
    expect(valueOf('quiet: queries a poll')).toBeGreaterThan(0)
    expect(valueOf('quiet: queries a poll')).toBeLessThanOrEqual(QUIET_QUERIES_A_POLL_MAX)
    expect(valueOf('quiet: sent by the database a poll')).toBeLessThan(10_000)
  })

  it('counts a process that is really there', () => {
    expect(valueOf('first sync: peak resident')).toBeGreaterThan(40)
  })
})

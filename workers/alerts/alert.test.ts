import { expect, test } from 'vitest'
import { afterSending, decideAlerts, noticeKey, REMIND_EVERY_MS, RESOLVE_AFTER_MS } from './alert.ts'
import type { Alert, Condition, Seen } from './alert.ts'

const MINUTE = 60_000
const START = Date.UTC(2026, 10, 26, 12)
const see = (...conditions: Condition[]): Seen => ({ conditions, looked: () => true })
const breaker = (since: number | null = null): Condition => ({ name: 'breaker_open', subject: 'harbour', since, detail: 'd' })
const quarantine: Condition = { name: 'feed_quarantined', subject: 'harbour', since: START, detail: 'd' }

/** Minute after minute: what is seen, and whether the receiver takes what is owed. Answers the notices taken, with the minute. */
function run(minutes: number, seen: (minute: number) => Seen, takes: (minute: number) => boolean = () => true): { told: string[]; writes: number; ids: Set<string>; alerts: Alert[] } {
  const rows = new Map<string, Alert>()
  const told: string[] = []
  const ids = new Set<string>()
  let writes = 0
  for (let minute = 0; minute < minutes; minute++) {
    const now = START + minute * MINUTE
    const known = [...rows.values()].filter(({ state, owed }) => state !== 'resolved' || owed !== null)
    for (const alert of decideAlerts(known, seen(minute), now)) {
      rows.set(alert.name + alert.subject, alert)
      writes++
    }
    for (const alert of rows.values()) {
      if (alert.owed === null || (alert.nextTryAt ?? 0) > now) continue
      ids.add(noticeKey(alert))
      if (takes(minute)) told.push(`${minute} ${alert.owed}`)
      rows.set(alert.name + alert.subject, afterSending(alert, takes(minute), now))
      writes++
    }
  }
  return { told, writes, ids, alerts: [...rows.values()] }
}

test('a condition is told once when it has held long enough, and once when it is over', () => {
  expect(run(60, (minute) => (minute >= 3 && minute < 20 ? see(breaker()) : see())).told).toEqual(['8 raised', '25 resolved'])
  expect(run(60, (minute) => (minute >= 3 && minute < 7 ? see(breaker()) : see())).told).toEqual([])
  expect(run(30, (minute) => (minute < 10 ? see(quarantine) : see())).told).toEqual(['0 raised', '15 resolved'])
})

test('what says itself since when it holds is counted from there, and costs no row while it is young', () => {
  const silent = (minute: number): Seen => see({ name: 'store_silent', subject: 'harbour', since: START + Math.min(minute, 5) * MINUTE, detail: 'd' })
  const { told, writes } = run(20, silent)
  expect(told).toEqual(['15 raised'])
  expect(writes).toBe(2)
})

test('while it holds there is a reminder now and then, and no flood', () => {
  const hours = 13
  const { told, writes } = run(hours * 60, () => see(quarantine))
  expect(told).toEqual(['0 raised', `${REMIND_EVERY_MS / MINUTE} reminder`, `${2 * REMIND_EVERY_MS / MINUTE} reminder`, `${3 * REMIND_EVERY_MS / MINUTE} reminder`])
  expect(writes).toBe(8)
})

test('what comes and goes is one alert', () => {
  expect(run(60, (minute) => (minute % 4 < 2 ? see(quarantine) : see())).told).toEqual(['0 raised'])
})

test('a receiver that is down gets the notice when it is up, under the same id', () => {
  const { told, ids } = run(40, () => see(quarantine), (minute) => minute >= 10)
  expect(told).toEqual(['15 raised'])
  expect(ids.size).toBe(1)
})

test('an episode that was over before its receiver was up is told as over', () => {
  expect(run(60, (minute) => (minute < 5 ? see(quarantine) : see()), (minute) => minute >= 30).told.map((line) => line.split(' ')[1])).toEqual(['resolved'])
})

test('what nobody could look at does not end', () => {
  const blind: Seen = { conditions: [], looked: () => false }
  expect(run(60, (minute) => (minute === 0 ? see(quarantine) : blind)).told).toEqual(['0 raised'])
})

test('two episodes are two, and their notices have ids of their own', () => {
  const { told, ids } = run(60, (minute) => (minute < 5 || (minute >= 30 && minute < 35) ? see({ ...quarantine, since: minute < 5 ? START : START + 30 * MINUTE }) : see()))
  expect(told).toEqual(['0 raised', '10 resolved', '30 raised', '40 resolved'])
  expect(ids.size).toBe(4)
})

test('nobody is told for ever that something is over', () => {
  const { alerts } = run(3 * 24 * 60, (minute) => (minute < 1 ? see(quarantine) : see()), () => false)
  expect(alerts).toMatchObject([{ state: 'resolved', owed: null, notifiedAt: null }])
  expect(RESOLVE_AFTER_MS).toBeGreaterThan(MINUTE)
})

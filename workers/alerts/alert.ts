import type { AlertName, AlertNotice, AlertView } from '../../contract/alert.ts'
import { toInstant } from '../../contract/clock.ts'

const MINUTE_MS = 60_000
/** How long a condition must hold. A letter's, a silence's and an outage's are counted from their beginning; the others were judged by whoever said so. */
export const RAISE_AFTER_MS: Record<AlertName, number> = {
  dead_letters: 15 * MINUTE_MS, store_silent: 10 * MINUTE_MS, breaker_open: 5 * MINUTE_MS, d1_away: 2 * MINUTE_MS, drift: 0, feed_quarantined: 0, orders_ageing: 0,
}
/** What comes back within it is the same episode: a store whose line comes and goes is one alert. */
export const RESOLVE_AFTER_MS = 5 * MINUTE_MS
/** Twice a shift somebody is told that it still holds. */
export const REMIND_EVERY_MS = 4 * 60 * MINUTE_MS
const RETRY_MIN_MS = MINUTE_MS
const RETRY_MAX_MS = 60 * MINUTE_MS
/** After most of a day nobody needs to hear that something is over. */
const RESOLVED_ATTEMPTS_MAX = 20

export type Notice = 'raised' | 'reminder' | 'resolved'
/** An episode of one condition. Instants are epoch ms. */
export type Alert = {
  name: AlertName
  /** A store's id, or ''. */
  subject: string
  state: 'pending' | 'open' | 'resolved'
  since: number
  detail: string
  clearAt: number | null
  endedAt: number | null
  owed: Notice | null
  notices: number
  attempts: number
  nextTryAt: number | null
  notifiedAt: number | null
}
/** What is wrong now. `since: null`: since it was first seen. */
export type Condition = { name: AlertName; subject: string; since: number | null; detail: string }
/** `looked`: whether it was possible to look; what nobody could look at does not end. */
export type Seen = { conditions: readonly Condition[]; looked(name: AlertName, subject: string): boolean }

export const alertKey = ({ name, subject }: { name: string; subject: string }): string => `${name} ${subject}`

/** The alerts that change with what is seen now; everything else stays as it is, and costs nothing. `known` has those that are open, pending or owed. */
export function decideAlerts(known: readonly Alert[], seen: Seen, now: number): Alert[] {
  const before = new Map(known.map((alert) => [alertKey(alert), alert]))
  // One that says itself since when it holds needs no row to remember it while it is young.
  const conditions = seen.conditions.filter(({ name, since }) => since === null || now - since >= RAISE_AFTER_MS[name])
  const holding = new Set(conditions.map(alertKey))
  const begun = conditions.flatMap((condition) => {
    const alert = before.get(alertKey(condition))
    return (alert && alert.state !== 'resolved' ? goesOn(alert, condition, now) : begins(condition, now)) ?? []
  })
  const over = known.filter((alert) => alert.state !== 'resolved' && !holding.has(alertKey(alert)) && seen.looked(alert.name, alert.subject)).flatMap((alert) => ends(alert, now) ?? [])
  return [...begun, ...over]
}

function begins({ name, subject, since, detail }: Condition, now: number): Alert {
  const holds = now - (since ?? now) >= RAISE_AFTER_MS[name]
  const alert: Alert = { name, subject, state: 'pending', since: since ?? now, detail, clearAt: null, endedAt: null, owed: null, notices: 0, attempts: 0, nextTryAt: null, notifiedAt: null }
  return holds ? owing({ ...alert, state: 'open' }, 'raised', now) : alert
}

function goesOn(alert: Alert, { detail }: Condition, now: number): Alert | null {
  if (alert.state === 'pending') return now - alert.since >= RAISE_AFTER_MS[alert.name] ? owing({ ...alert, state: 'open', detail }, 'raised', now) : null
  const isDue = alert.owed === null && alert.notifiedAt !== null && now - alert.notifiedAt >= REMIND_EVERY_MS
  if (isDue) return owing({ ...alert, detail, clearAt: null }, 'reminder', now)
  return alert.clearAt === null ? null : { ...alert, clearAt: null }
}

function ends(alert: Alert, now: number): Alert | null {
  if (alert.state === 'pending') return { ...alert, state: 'resolved', endedAt: now }
  if (alert.clearAt === null) return { ...alert, clearAt: now }
  return now - alert.clearAt >= RESOLVE_AFTER_MS ? owing({ ...alert, state: 'resolved', endedAt: alert.clearAt }, 'resolved', now) : null
}

const owing = (alert: Alert, owed: Notice, now: number): Alert => ({ ...alert, owed, notices: alert.notices + 1, attempts: 0, nextTryAt: now })

/** Its receiver has taken the notice, or has not. */
export function afterSending(alert: Alert, taken: boolean, now: number): Alert {
  if (taken) return { ...alert, owed: null, attempts: 0, nextTryAt: null, notifiedAt: now }
  const attempts = alert.attempts + 1
  if (alert.owed === 'resolved' && attempts >= RESOLVED_ATTEMPTS_MAX) return { ...alert, owed: null, attempts, nextTryAt: null }
  return { ...alert, attempts, nextTryAt: now + Math.min(RETRY_MAX_MS, RETRY_MIN_MS * 2 ** (attempts - 1)) }
}

/** One notice, however often it is sent. */
export const noticeKey = ({ name, subject, since, notices }: Alert): string => `${name}\n${subject}\n${since}\n${notices}`

export const runbookOf = (name: AlertName): string => `docs/runbook.md#${name}`

export function noticeOf(alert: Alert, owed: Notice): AlertNotice {
  const { name, subject, since, endedAt, detail } = alert
  const runbook = runbookOf(name)
  const where = subject === '' ? '' : ` (${subject})`
  const words = { raised: 'Alert', reminder: 'Still', resolved: 'Resolved' }[owed]
  return {
    type: `alert.${owed}`,
    timestamp: toInstant(owed === 'resolved' ? endedAt ?? since : since),
    text: `${words}: ${name}${where}. ${detail} Since ${toInstant(since)}. ${runbook}`,
    data: { name, storeId: subject === '' ? null : subject, since: toInstant(since), endedAt: endedAt === null ? null : toInstant(endedAt), detail, runbook },
  }
}

export const toAlertView = ({ name, subject, state, since, endedAt, detail, notifiedAt, owed, attempts }: Alert): AlertView => ({
  name, storeId: subject === '' ? null : subject, state, since: toInstant(since), endedAt: endedAt === null ? null : toInstant(endedAt), detail,
  notifiedAt: notifiedAt === null ? null : toInstant(notifiedAt), owed, attempts, runbook: runbookOf(name),
})

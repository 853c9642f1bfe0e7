import { sha256Hex } from '../../contract/canonical.ts'
import { faultName } from '../log.ts'
import type { LogFields } from '../log.ts'
import { afterSending, alertKey, decideAlerts, noticeKey, noticeOf, RAISE_AFTER_MS, REMIND_EVERY_MS } from './alert.ts'
import type { Alert } from './alert.ts'
import { lookAround } from './look-around.ts'
import type { LookPorts } from './look-around.ts'
import type { AlertBook, AlertFacts, AlertTarget, SendAlert } from './port.ts'

export type AlertPorts = LookPorts & {
  alerts: Pick<AlertBook, 'facts' | 'write'>
  sendAlert: SendAlert
  /** ALERT_WEBHOOK_URL, if set: for an isolate that has never seen what D1 says. */
  fallbackTarget: AlertTarget | null
  log: (event: string, fields: LogFields) => void
  memory: AlertMemory
}

/** What one isolate remembers while D1 cannot be asked. Another isolate begins anew: then it takes two minutes longer. */
export type AlertMemory = { away: Alert | null; target: AlertTarget | null }
export const createAlertMemory = (): AlertMemory => ({ away: null, target: null })

/** A storm of alerts is told over some minutes: a chat takes one a second, and a run has other work. */
export const NOTICES_PER_RUN_MAX = 20
const ID_LENGTH = 32

/** One run, each minute: looks, writes what changed, sends what is owed. Written before it is sent, so a crash between sends it again under the same id. */
export async function raiseAlerts(ports: AlertPorts): Promise<void> {
  const { memory } = ports
  let facts: AlertFacts
  try {
    facts = await ports.alerts.facts()
  } catch (error) {
    ports.log('alert.not_evaluated', { error: faultName(error) })
    return tellAway(ports)
  }
  memory.target = facts.target
  const now = ports.clock()
  const changed = decideAlerts(facts.alerts, await lookAround(facts, ports), now)
  if (changed.length > 0) await ports.alerts.write(changed)
  for (const { name, subject, state } of changed) ports.log('alert.changed', { name, storeId: subject || null, state })
  const standing = new Map([...facts.alerts, ...changed].map((alert) => [alertKey(alert), alert]))
  await sendOwed([...standing.values()], facts.target, ports)
  const back = memory.away
  memory.away = null
  if (back) await tellBack(back, facts.target, ports)
}

async function sendOwed(alerts: readonly Alert[], target: AlertTarget | null, ports: AlertPorts): Promise<void> {
  const now = ports.clock()
  const due = alerts.filter(({ owed, nextTryAt }) => owed !== null && (nextTryAt ?? 0) <= now).sort((a, b) => (a.nextTryAt ?? 0) - (b.nextTryAt ?? 0))
  if (!target) {
    // Nobody is told; what is over needs to be told no more.
    const over = due.filter(({ state }) => state === 'resolved').map((alert) => ({ ...alert, owed: null, nextTryAt: null }))
    if (over.length > 0) await ports.alerts.write(over)
    return
  }
  for (const alert of due.slice(0, NOTICES_PER_RUN_MAX)) await ports.alerts.write([await sendOne(alert, target, ports)])
}

async function sendOne(alert: Alert, target: AlertTarget, { sendAlert, clock, log, metrics }: AlertPorts): Promise<Alert> {
  if (alert.owed === null) return alert
  const sent = await sendAlert(target, `alrt_${(await sha256Hex(noticeKey(alert))).slice(0, ID_LENGTH)}`, noticeOf(alert, alert.owed))
  const fields = { name: alert.name, storeId: alert.subject || null, notice: alert.owed, status: sent.status }
  if (sent.ok) {
    log('alert.sent', fields)
    metrics.count('alert', { outcome: alert.owed, reason: alert.name, store: alert.subject })
  } else log('alert.not_sent', { ...fields, attempts: alert.attempts + 1 })
  return afterSending(alert, sent.ok, clock())
}

/** D1 does not answer: nothing can be read or written, so this one alert lives in memory and is sent to where alerts were last sent. */
async function tellAway(ports: AlertPorts): Promise<void> {
  const { memory } = ports
  const now = ports.clock()
  const away = memory.away ??= {
    name: 'd1_away', subject: '', state: 'pending', since: now, detail: 'D1 does not answer: orders get 503, what stores tell waits with them, the catalogue is served from KV.',
    clearAt: null, endedAt: null, owed: null, notices: 0, attempts: 0, nextTryAt: null, notifiedAt: null,
  }
  if (now - away.since < RAISE_AFTER_MS.d1_away) return
  const isDue = away.owed === null && now - (away.notifiedAt ?? -Infinity) >= REMIND_EVERY_MS
  const owing: Alert = isDue ? { ...away, state: 'open', owed: away.notifiedAt === null ? 'raised' : 'reminder', notices: away.notices + 1, attempts: 0, nextTryAt: now } : away
  memory.away = owing
  const target = memory.target ?? ports.fallbackTarget
  if (target && owing.owed !== null && (owing.nextTryAt ?? 0) <= now) memory.away = await sendOne(owing, target, ports)
}

/** D1 is back: what was told is told to be over, and kept as any other alert. What was too short to tell is not. */
async function tellBack(away: Alert, target: AlertTarget | null, ports: AlertPorts): Promise<void> {
  if (away.state !== 'open') return
  const now = ports.clock()
  const over: Alert = { ...away, state: 'resolved', endedAt: now, owed: 'resolved', notices: away.notices + 1, attempts: 0, nextTryAt: now }
  await ports.alerts.write([over])
  await sendOwed([over], target, ports)
}

import { Hono } from 'hono'
import type { z } from 'zod'
import { toInstant } from '../../contract/clock.ts'
import type { Health } from '../../contract/operator-answers.ts'
import type { AppEnv } from '../gateway/context.ts'
import { faultName, log } from '../log.ts'
import type { Ports } from '../ports.ts'
import { isStale } from '../stores/store.ts'

/** Two objects are asked for each: with more stores the list of stores has them page by page. */
const STORES_SHOWN_MAX = 50

/** How the house stands, at `/admin/v1/health` behind the gateway's authentication. It answers whatever is away: that is what it is for. */
export const operatorHealth = new Hono<AppEnv>()

operatorHealth.get('/', async (c) => {
  const { ports, requestId } = c.var
  // Asked first, so that the breaker has heard of it.
  const facts = await ports.alerts.facts().catch((error: unknown) => {
    log('health.unknown', { requestId, what: 'd1', error: faultName(error) })
    return null
  })
  const now = ports.clock()
  const { phase, openedAt, probeAt } = ports.database.view(now)
  const shown = facts?.stores.slice(0, STORES_SHOWN_MAX) ?? []
  const answer: z.output<typeof Health> = {
    version: c.env.VERSION.id,
    d1: { answers: facts !== null, breaker: phase, openedAt: instantOrNull(openedAt), probeAt: instantOrNull(probeAt) },
    deadLetters: facts && { waiting: facts.letters?.count ?? 0, oldestAt: instantOrNull(facts.letters?.oldestAt ?? null) },
    alerts: facts && facts.alerts.filter(({ state }) => state === 'open').map(({ name, subject, since }) => ({ name, storeId: subject === '' ? null : subject, since: toInstant(since) })),
    stores: facts && await Promise.all(shown.map(({ storeId }) => lookAt(ports, storeId, now))),
    storesNotShown: facts && facts.stores.length - shown.length,
  }
  return c.json(answer, 200, { 'Cache-Control': 'no-store' })
})

async function lookAt({ links }: Ports, storeId: string, now: number) {
  const [facts, breaker] = await Promise.allSettled([links.link(storeId).facts(now), links.breaker(storeId).view(now)])
  const heardAt = facts.status === 'fulfilled' ? facts.value.lastHeartbeatAt : null
  return {
    storeId,
    breaker: breaker.status === 'fulfilled' ? breaker.value.phase : null,
    probeAt: breaker.status === 'fulfilled' ? instantOrNull(breaker.value.probeAt) : null,
    lastHeartbeatAt: instantOrNull(heardAt),
    stale: isStale(heardAt, now),
    parked: facts.status === 'fulfilled' ? facts.value.parked : null,
  }
}

const instantOrNull = (ms: number | null): string | null => (ms === null ? null : toInstant(ms))

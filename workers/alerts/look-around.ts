import type { Clock } from '../../contract/clock.ts'
import type { AlertName } from '../../contract/alert.ts'
import type { Metrics } from '../metrics/port.ts'
import { openSince } from '../stores/opening-hours.ts'
import type { Breaker, StoreLinkRpc } from '../stores/port.ts'
import type { Condition, Seen } from './alert.ts'
import type { AlertFacts } from './port.ts'

export type LookPorts = {
  clock: Clock
  links: { link(storeId: string): Pick<StoreLinkRpc, 'facts'>; breaker(storeId: string): Pick<Breaker, 'state'> }
  metrics: Metrics
}

/** Stores asked in one run, two objects each; with more of them a run goes on where the one before it, a minute ago, stopped. */
export const STORES_PER_RUN_MAX = 100
/** At once: enough to be done in a second, few enough for the platform's connections. */
const AT_ONCE = 20

type StoreLook = { storeId: string; silentSince: number | null; isBreakerOpen: boolean | null; heard: boolean }

/** What is wrong now, from what D1 has said and what the stores' objects say. A store whose objects do not answer was not looked at. */
export async function lookAround(facts: AlertFacts, ports: LookPorts): Promise<Seen> {
  const now = ports.clock()
  const turn = partOf(facts.stores, Math.floor(now / 60_000))
  const looks: StoreLook[] = []
  for (let at = 0; at < turn.length; at += AT_ONCE) looks.push(...await Promise.all(turn.slice(at, at + AT_ONCE).map((store) => lookAt(store, ports, now))))

  const conditions: Condition[] = [
    ...(facts.letters ? [{ name: 'dead_letters' as const, subject: '', since: facts.letters.oldestAt, detail: `${facts.letters.count} dead letters wait and nobody has looked at the oldest.` }] : []),
    ...facts.quarantined.map(({ storeId, since }) => ({ name: 'feed_quarantined' as const, subject: storeId, since, detail: 'The till would empty or reprice too much of the shop; nothing of it was taken over.' })),
    ...facts.drifting.map(({ storeId, since, count }) => ({ name: 'drift' as const, subject: storeId, since, detail: `${count} SKUs were mended and differ from the till again.` })),
    ...facts.ageing.map(({ storeId, since, count }) => ({ name: 'orders_ageing' as const, subject: storeId, since, detail: `${count} web orders wait for the staff too long.` })),
    ...looks.flatMap(({ storeId, silentSince }) => (silentSince === null ? [] : [{ name: 'store_silent' as const, subject: storeId, since: silentSince, detail: 'Its connector has given no sign of life.' }])),
    ...looks.flatMap(({ storeId, isBreakerOpen }) => (isBreakerOpen ? [{ name: 'breaker_open' as const, subject: storeId, since: null, detail: 'Deliveries through its tunnel fail; its orders wait, or are pulled.' }] : [])),
  ]
  const byStore = new Map(looks.map((look) => [look.storeId, look]))
  const there = new Set(facts.stores.map(({ storeId }) => storeId))
  const looked = (name: AlertName, subject: string): boolean => {
    // A store that is gone or paused is nobody's alert.
    if (name === 'store_silent') return !there.has(subject) || byStore.get(subject)?.heard === true
    if (name === 'breaker_open') return !there.has(subject) || (byStore.get(subject)?.isBreakerOpen ?? null) !== null
    return true
  }
  return { conditions, looked }
}

function partOf<T>(stores: readonly T[], minute: number): readonly T[] {
  const parts = Math.max(1, Math.ceil(stores.length / STORES_PER_RUN_MAX))
  const at = (minute % parts) * STORES_PER_RUN_MAX
  return stores.slice(at, at + STORES_PER_RUN_MAX)
}

async function lookAt({ storeId, isPushed, timeZone, openingHours, specialDays }: AlertFacts['stores'][number], { links, metrics }: LookPorts, now: number): Promise<StoreLook> {
  const [facts, phase] = await Promise.allSettled([links.link(storeId).facts(now), isPushed ? links.breaker(storeId).state(now) : Promise.resolve('closed' as const)])
  const heardAt = facts.status === 'fulfilled' ? facts.value.lastHeartbeatAt : null
  if (facts.status === 'fulfilled' && heardAt !== null) metrics.timing('feed_lag', now - heardAt, { store: storeId }, facts.value.journal?.outbox ?? 0)
  // A shop may switch everything off at night: its silence counts from when it opens, and while it is closed nobody looks.
  const open = openingHours === null ? heardAt : openSince(openingHours, timeZone, now, specialDays ?? [])
  const silentSince = heardAt === null || open === null ? null : Math.max(heardAt, open)
  return { storeId, heard: facts.status === 'fulfilled' && (openingHours === null || open !== null), silentSince, isBreakerOpen: phase.status === 'fulfilled' ? phase.value !== 'closed' : null }
}

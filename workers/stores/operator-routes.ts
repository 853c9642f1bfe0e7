import { Hono } from 'hono'
import type { Context } from 'hono'
import { toInstant } from '../../contract/clock.ts'
import { ORDER_BODY_BYTES_MAX } from '../../contract/limits.ts'
import { ChangeStore, RegisterStore, SetPriority, SetSafetyStock, Transport } from '../../contract/operator.ts'
import { createSecret } from '../../contract/signing.ts'
import { body } from '../gateway/body.ts'
import type { AppEnv } from '../gateway/context.ts'
import { faultName, log } from '../log.ts'
import { encodeCursor, notACursor, PageQuery } from '../gateway/paging.ts'
import { invalidField, problem } from '../gateway/problem.ts'
import { query } from '../gateway/query.ts'
import { createPairingCode, hashPairingCode, PAIRING_CODE_TTL_MS } from './pairing-code.ts'
import type { Store } from './port.ts'
import { factsOrNull } from './routes.ts'
import { isStale, pageOfStores, SELL_STALE_FOR_MS, takesOrders } from './store.ts'

/** Stores for the operator, mounted at `/admin/v1/stores` behind the gateway's authentication. */
export const operatorStores = new Hono<AppEnv>()

/** A store that says nothing else has its turn after those that were put first, and before those put last. */
const PRIORITY_DEFAULT = 100
/** Secrets and codes are shown once and kept by nobody on the way. */
const NO_STORE = { 'Cache-Control': 'no-store' }

operatorStores.post('/', body(RegisterStore, ORDER_BODY_BYTES_MAX), async (c) => {
  const { stores, inventory, clock } = c.var.ports
  const registered = c.req.valid('json').parsed
  const secret = createSecret()
  const store: Store = {
    ...registered, secrets: [secret], paused: false, priority: PRIORITY_DEFAULT, openingHours: null, sellStaleForMs: SELL_STALE_FOR_MS, specialDays: [], pickupLeadMinutes: null, createdAt: clock(),
  }
  const taken = () => problem(c, 'already-exists', `There is a store ${store.storeId} already.`)
  if (await stores.find(store.storeId)) return taken()
  // Before the row, so that a fault leaves nothing that the same call could not do again.
  if (store.safetyStock > 0) await inventory.setSafetyStock(store.storeId, null, store.safetyStock)
  if (!(await stores.insert(store))) return taken()
  await note(c, 'store.register', store.storeId)
  return c.json({ store: await view(c, store), secret }, 201, { ...NO_STORE, Location: `/admin/v1/stores/${store.storeId}` })
})

operatorStores.get('/', query(PageQuery), async (c) => {
  const { cursor, limit } = c.req.valid('query')
  const page = pageOfStores(await c.var.ports.stores.list(), cursor, limit)
  if (!page) return notACursor(c)
  const items = await Promise.all(page.stores.map((store) => view(c, store)))
  return c.json({ items, nextCursor: page.nextCursor === null ? null : encodeCursor(page.nextCursor) }, 200, NO_STORE)
})

operatorStores.get('/:storeId', async (c) => {
  const store = await c.var.ports.stores.find(c.req.param('storeId'))
  return store ? c.json(await view(c, store), 200, NO_STORE) : notFound(c)
})

operatorStores.patch('/:storeId', body(ChangeStore, ORDER_BODY_BYTES_MAX), async (c) => {
  const { stores } = c.var.ports
  const { name, timeZone, openingHours, sellStaleForS, rounding, specialDays, pickupLeadMinutes } = c.req.valid('json').parsed
  const store = await stores.find(c.req.param('storeId'))
  if (!store) return notFound(c)
  const change = {
    ...(name === undefined ? {} : { name }),
    ...(timeZone === undefined ? {} : { timeZone }),
    ...(openingHours === undefined ? {} : { openingHours }),
    ...(rounding === undefined ? {} : { rounding }),
    ...(specialDays === undefined ? {} : { specialDays }),
    ...(pickupLeadMinutes === undefined ? {} : { pickupLeadMinutes }),
    ...(sellStaleForS === undefined ? {} : { sellStaleForMs: sellStaleForS === null ? SELL_STALE_FOR_MS : sellStaleForS * 1000 }),
  }
  if (Object.keys(change).length === 0) return invalidField(c, '', 'expected at least one of name, timeZone, openingHours, specialDays, pickupLeadMinutes, rounding, sellStaleForS')
  await stores.change(store.storeId, change)
  await note(c, 'store.change', store.storeId, Object.keys(change).join(', '))
  return c.json(await view(c, { ...store, ...change }), 200, NO_STORE)
})

/** The one before stays live until the next rotation, so that the shop can change it in its own time. */
operatorStores.post('/:storeId/rotate-secret', async (c) => {
  const { stores } = c.var.ports
  const store = await stores.find(c.req.param('storeId'))
  if (!store) return notFound(c)
  const secret = createSecret()
  if (!(await stores.rotateSecret(store.storeId, secret))) return problem(c, 'conflict', 'Somebody rotated the secret at the same moment; look who, then rotate again.')
  await note(c, 'store.rotate-secret', store.storeId)
  return c.json({ secret }, 200, NO_STORE)
})

operatorStores.post('/:storeId/pause', (c) => setPaused(c, c.req.param('storeId'), true))
operatorStores.post('/:storeId/resume', (c) => setPaused(c, c.req.param('storeId'), false))

async function setPaused(c: Context<AppEnv>, storeId: string, paused: boolean): Promise<Response> {
  const { stores } = c.var.ports
  const store = await stores.find(storeId)
  if (!store) return notFound(c)
  await stores.setPaused(storeId, paused)
  await note(c, paused ? 'store.pause' : 'store.resume', storeId)
  return c.json(await view(c, { ...store, paused }), 200, NO_STORE)
}

operatorStores.post('/:storeId/pairing-code', async (c) => {
  const { stores, clock } = c.var.ports
  const store = await stores.find(c.req.param('storeId'))
  if (!store) return notFound(c)
  const code = createPairingCode()
  const expiresAt = clock() + PAIRING_CODE_TTL_MS
  await stores.setPairingCode(store.storeId, await hashPairingCode(store.storeId, code), expiresAt)
  await note(c, 'store.pairing-code', store.storeId)
  return c.json({ code, expiresAt: toInstant(expiresAt) }, 200, NO_STORE)
})

operatorStores.post('/:storeId/reconcile', async (c) => {
  const { stores, links } = c.var.ports
  const store = await stores.find(c.req.param('storeId'))
  if (!store) return notFound(c)
  await links.link(store.storeId).request('reconcile')
  await note(c, 'store.reconcile', store.storeId)
  return c.json({ requested: 'reconcile' }, 202)
})

operatorStores.put('/:storeId/safety-stock', body(SetSafetyStock, ORDER_BODY_BYTES_MAX), async (c) => {
  const { stores, inventory } = c.var.ports
  const { sku = null, quantity } = c.req.valid('json').parsed
  const store = await stores.find(c.req.param('storeId'))
  if (!store) return notFound(c)
  await inventory.setSafetyStock(store.storeId, sku, quantity)
  if (sku === null) await stores.setSafetyStock(store.storeId, quantity)
  await note(c, 'store.safety-stock', store.storeId, sku === null ? `${quantity}` : `${sku}: ${quantity}`)
  return c.json({ storeId: store.storeId, sku, quantity })
})

/** Counts for what is placed or routed from now on. */
operatorStores.put('/:storeId/priority', body(SetPriority, ORDER_BODY_BYTES_MAX), async (c) => {
  const { stores } = c.var.ports
  const { priority } = c.req.valid('json').parsed
  const store = await stores.find(c.req.param('storeId'))
  if (!store) return notFound(c)
  await stores.setPriority(store.storeId, priority)
  await note(c, 'store.priority', store.storeId, `${priority}`)
  return c.json({ storeId: store.storeId, priority })
})

/** The whole way in at once, its Access secret included: a tunnel is new, or its service token was rotated. */
operatorStores.put('/:storeId/transport', body(Transport, ORDER_BODY_BYTES_MAX), async (c) => {
  const { stores } = c.var.ports
  const transport = c.req.valid('json').parsed
  const store = await stores.find(c.req.param('storeId'))
  if (!store) return notFound(c)
  await stores.setTransport(store.storeId, transport)
  await note(c, 'store.transport', store.storeId, transport.kind)
  return c.json(await view(c, { ...store, transport }), 200, NO_STORE)
})

const notFound = (c: Context<AppEnv>): Response => problem(c, 'store-not-found', 'There is no store with this id.')

const note = (c: Context<AppEnv>, action: string, subject: string, detail?: string): Promise<void> =>
  c.var.ports.audit.record({ actor: c.var.actor, action, subject, ...(detail === undefined ? {} : { detail }) })

/** A store as the operator sees it: everything but its secrets, with what its link and breaker say (`null`: they cannot be asked). */
async function view(c: Context<AppEnv>, store: Store) {
  const { ports } = c.var
  const { storeId, name, timeZone, safetyStock, catalogSource, paused, priority, openingHours, sellStaleForMs, rounding, specialDays, pickupLeadMinutes } = store
  const now = ports.clock()
  const [facts, breaker, ageing] = await Promise.all([
    factsOrNull(ports, storeId),
    ports.links.breaker(storeId).view(now).catch((error: unknown) => {
      log('store.breaker_unknown', { storeId, error: faultName(error) })
      return null
    }),
    ports.ageing.find(storeId),
  ])
  return {
    storeId, name, timeZone, safetyStock, catalogSource, paused, priority, openingHours, sellStaleForMs, rounding, specialDays, pickupLeadMinutes,
    breaker: breaker?.phase ?? null,
    breakerProbeAt: breaker?.probeAt == null ? null : toInstant(breaker.probeAt),
    transport: withoutSecret(store.transport),
    createdAt: toInstant(store.createdAt),
    takingOrders: takesOrders(store, facts, now),
    stale: isStale(facts?.lastHeartbeatAt ?? null, now),
    /** Orders that wait for the staff too long; `null`: none. */
    ageing: ageing && { since: ageing.since, ...ageing.report, updatedAt: toInstant(ageing.updatedAt) },
    link: facts && { ...facts, lastHeartbeatAt: facts.lastHeartbeatAt === null ? null : toInstant(facts.lastHeartbeatAt) },
  }
}

function withoutSecret(transport: Store['transport']) {
  if (transport.kind === 'pull') return transport
  const { kind, url, accessClientId } = transport
  return { kind, url, ...(accessClientId === undefined ? {} : { accessClientId }) }
}

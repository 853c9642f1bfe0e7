import { Hono } from 'hono'
import { cors } from 'hono/cors'
import { operatorAlerts } from '../alerts/operator-routes.ts'
import { operatorAudit } from '../audit/operator-routes.ts'
import { categories, products } from '../catalog/routes.ts'
import { consolePages } from '../console/routes.ts'
import { operatorHealth } from '../health/operator-routes.ts'
import { operatorDeadLetters } from '../dead-letters/routes.ts'
import { operatorErasures } from '../erasures/operator-routes.ts'
import { operatorRepair } from '../repair/operator-routes.ts'
import { operatorFeed, operatorFeeds } from '../feeds/operator-routes.ts'
import { availability, operatorInventory } from '../inventory/routes.ts'
import { operatorMasterKey } from '../master-key/operator-routes.ts'
import { operatorOrders } from '../orders/operator-routes.ts'
import { orders, quotes } from '../orders/routes.ts'
import { operatorPayments } from '../payments/operator-routes.ts'
import { providerEvents } from '../payments/routes.ts'
import { operatorPrices } from '../prices/operator-routes.ts'
import { operatorReturns } from '../returns/operator-routes.ts'
import { operatorSales } from '../sales/operator-routes.ts'
import { createPorts } from '../ports.ts'
import { operatorMail, operatorOrderMails } from '../mail/operator-routes.ts'
import { operatorWebhooks } from '../webhooks/operator-routes.ts'
import { operatorStops } from '../stops/operator-routes.ts'
import { storefront } from '../storefront/routes.ts'
import { connect } from '../stores/connect-routes.ts'
import { operatorStores } from '../stores/operator-routes.ts'
import { stores } from '../stores/routes.ts'
import { allowedMethods } from './allowed-methods.ts'
import { apiDocs } from './api-docs.ts'
import { operator } from './authenticate.ts'
import { operatorChannels } from '../channels/operator-routes.ts'
import { chooseChannel } from './choose-channel.ts'
import type { AppEnv } from './context.ts'
import { DatabaseAway } from '../db/guarded-d1.ts'
import { guardAnswer } from './guard-answer.ts'
import { limitInFlight } from './limit-in-flight.ts'
import { observeRequest } from './observe-request.ts'
import { limitRate } from './limit-rate.ts'
import { traceIdOf } from '../../contract/trace.ts'
import { faultName, log } from '../log.ts'
import { problem } from './problem.ts'
import { faultsOf } from './read-settings.ts'

/** A caller's own request id is kept when it is one: letters, digits and a little punctuation. */
const REQUEST_ID = /^[\w.:-]{1,64}$/

export const app = new Hono<AppEnv>()

app.use(observeRequest())
app.use(async (c, next) => {
  const given = c.req.header('X-Request-Id')
  c.set('requestId', given && REQUEST_ID.test(given) ? given : crypto.randomUUID())
  const faults = faultsOf(c.env)
  if (faults.length > 0) c.res = problem(c, 'misconfigured', 'This installation is not set up as it must be; its operator finds below what is wrong.', { faults })
  else {
    c.set('ports', createPorts(c.env, c.var.requestId))
    await next()
  }
  // A WebSocket's answer cannot be changed, and needs neither id nor guard.
  if (c.res.status === 101) return
  c.res.headers.set('X-Request-Id', c.var.requestId)
  guardAnswer(c.res.headers)
})

app.get('/healthz', (c) => c.json({ ok: true, version: c.env.VERSION.id }, 200, { 'Cache-Control': 'no-store' }))

// Keys travel in a header, never in a cookie, so any origin may ask; a channel's own list is checked with its key.
app.use('/v1/*', cors({ origin: '*', allowHeaders: ['Authorization', 'Content-Type', 'Idempotency-Key', 'X-Order-Token', 'X-Request-Id', 'traceparent'], exposeHeaders: ['ETag', 'Location', 'RateLimit', 'RateLimit-Policy', 'Retry-After', 'X-Request-Id'] }))
// Before anything is read or asked; after CORS, so that a page can read why it was refused.
app.use(limitInFlight())
app.use('/v1/*', limitRate)
app.use('/connect/*', limitRate)
app.use('/payments/*', limitRate)
app.use('/admin/*', limitRate)
app.use('/admin/*', operator)

for (const path of ['/v1/products/*', '/v1/categories', '/v1/availability/*']) app.use(path, chooseChannel)
app.route('/v1/products', products)
app.route('/v1/categories', categories)
app.route('/v1/availability', availability)
app.route('/v1/stores', stores)
app.route('/v1/quotes', quotes)
app.route('/v1/orders', orders)
app.route('/connect/v1/stores/:storeId', connect)
app.route('/payments', providerEvents)
app.route('/admin/v1/stores', operatorStores)
app.route('/admin/v1/stores/:storeId/feed', operatorFeed)
app.route('/admin/v1/feeds', operatorFeeds)
app.route('/admin/v1/health', operatorHealth)
app.route('/admin/v1/channels/:channelId/webhooks', operatorWebhooks)
app.route('/admin/v1/channels/:channelId/mail', operatorMail)
app.route('/admin/v1/orders/:orderId/mails', operatorOrderMails)
app.route('/admin/v1/channels/:channelId/prices', operatorPrices)
app.route('/admin/v1/channels', operatorChannels)
app.route('/admin/v1/inventory', operatorInventory)
app.route('/admin/v1/stops', operatorStops)
app.route('/admin/v1/dead-letters', operatorDeadLetters)
app.route('/admin/v1/sales', operatorSales)
app.route('/admin/v1/orders', operatorOrders)
app.route('/admin/v1/orders', operatorPayments)
app.route('/admin/v1/orders', operatorReturns)
app.route('/admin/v1/alerts', operatorAlerts)
app.route('/admin/v1/audit-log', operatorAudit)
app.route('/admin/v1/erasures', operatorErasures)
app.route('/admin/v1/repair', operatorRepair)
app.route('/admin/v1/master-key', operatorMasterKey)
app.route('/', storefront)
app.route('/', consolePages)

app.route('/', apiDocs(app))

app.notFound((c) => {
  const allowed = allowedMethods(app, c.req.path)
  if (allowed.length === 0) return problem(c, 'not-found', 'Nothing answers at this address.')
  c.header('Allow', allowed.join(', '))
  return problem(c, 'method-not-allowed', `This address answers ${allowed.join(', ')}.`)
})

app.onError((error, c) => {
  log('request.fault', { requestId: c.var.requestId, traceId: traceIdOf(c.var.traceparent), method: c.req.method, route: c.req.routePath, error: faultName(error) })
  if (error instanceof DatabaseAway) return problem(c, 'try-again', 'The database does not answer just now; nothing was lost. Send the same again: with the same Idempotency-Key nothing happens twice.', {}, error.retryAfterS)
  return problem(c, 'try-again', 'Something that should work did not. Try again in a moment; with the same Idempotency-Key nothing happens twice.')
})

import { systemClock } from '../contract/clock.ts'
import type { Clock } from '../contract/clock.ts'
import { createAgeing } from './ageing/d1-ageing.ts'
import type { Ageing } from './ageing/port.ts'
import { createAlertBook } from './alerts/d1-alerts.ts'
import type { AlertBook, AlertTarget, SendAlert } from './alerts/port.ts'
import { createAlertSender } from './alerts/webhook-transport.ts'
import { createAuditLog } from './audit/d1-audit.ts'
import type { AuditLog } from './audit/port.ts'
import { createCatalog } from './catalog/d1-catalog.ts'
import type { Catalog } from './catalog/port.ts'
import type { ChannelBook } from './channels/channel.ts'
import { createChannelBook } from './channels/d1-channels.ts'
import { guardOf } from './db/guarded-d1.ts'
import type { GuardedDatabase } from './db/guarded-d1.ts'
import { createDeadLetters } from './dead-letters/d1-dead-letters.ts'
import type { DeadLetters } from './dead-letters/port.ts'
import { createErasures } from './erasures/d1-erasures.ts'
import type { ErasureBook } from './erasures/port.ts'
import { createFeeds } from './feeds/d1-feeds.ts'
import type { Feeds } from './feeds/port.ts'
import { createInventory } from './inventory/durable-inventory.ts'
import type { Inventory } from './inventory/port.ts'
import { createOperators } from './operators/identify-operator.ts'
import type { Operators } from './operators/port.ts'
import { createLimits } from './limits/durable-limits.ts'
import type { Limits } from './limits/port.ts'
import { createMetrics } from './metrics/analytics-engine.ts'
import { measuredLetters } from './metrics/measure.ts'
import type { Metrics } from './metrics/port.ts'
import type { MasterKeys } from './orders/ids.ts'
import { createOrderBook } from './orders/d1-orders.ts'
import type { OrderBook } from './orders/port.ts'
import { createQueues } from './queues.ts'
import type { Queues } from './queues.ts'
import type { PaymentProvider, PaymentProviders, ReadProviderEvent } from './payments/port.ts'
import { createStripe, createStripeReader } from './payments/stripe-transport.ts'
import { createPriceBook } from './prices/d1-prices.ts'
import type { PriceBook } from './prices/port.ts'
import { createSalesView } from './sales/d1-sales-view.ts'
import type { SalesView } from './sales/port.ts'
import { createSales } from './status/d1-sales.ts'
import type { Sales } from './status/port.ts'
import { createStopBook } from './stops/d1-stops.ts'
import type { StopBook } from './stops/port.ts'
import { createStoreBook } from './stores/d1-stores.ts'
import { createStoreLinks } from './stores/durable-links.ts'
import { createCloudflareMailer } from './mail/cloudflare-mailer.ts'
import { createMailBook } from './mail/d1-mail.ts'
import { askMail } from './mail/deliver-mail.ts'
import { createHttpMailer } from './mail/http-mailer.ts'
import type { MailBook, SendMail } from './mail/port.ts'
import { createWebhookBook } from './webhooks/d1-webhooks.ts'
import { askDelivery } from './webhooks/deliver-message.ts'
import type { SendWebhook, WebhookBook } from './webhooks/port.ts'
import { createWebhookSender } from './webhooks/webhook-transport.ts'
import type { StoreBook, StoreLinks } from './stores/port.ts'

/** Everything a use case can ask of the world. Functions, so that a fake is an object literal. */
export type Ports = {
  clock: Clock
  /** How D1 is seen from this isolate. */
  database: Pick<GuardedDatabase, 'view'>
  inventory: Inventory
  orders: OrderBook
  catalog: Catalog
  sales: Sales
  salesView: SalesView
  stores: StoreBook
  feeds: Feeds
  ageing: Ageing
  alerts: AlertBook
  sendAlert: SendAlert
  /** ALERT_WEBHOOK_URL: where alerts go while the operator has set no other address. */
  fallbackTarget: AlertTarget | null
  metrics: Metrics
  links: StoreLinks
  channels: ChannelBook
  limits: Limits
  operators: Operators
  payments: PaymentProviders
  prices: PriceBook
  stops: StopBook
  mail: MailBook
  sendMail: SendMail | null
  webhooks: WebhookBook
  sendWebhook: SendWebhook
  readProviderEvent: ReadProviderEvent
  deadLetters: DeadLetters
  audit: AuditLog
  erasures: ErasureBook
  queues: Queues
  /** Random and unguessable; used for attempts and request ids. */
  newId: () => string
  /** Waits; jitter in tests is nothing. */
  sleep: (ms: number) => Promise<void>
  secrets: MasterKeys
}

/** What an installation may have, and wrangler.toml does not require. */
type OptionalSecrets = { ALERT_WEBHOOK_URL?: string; MASTER_KEY_PREVIOUS?: string; STRIPE_SECRET_KEY?: string; STRIPE_WEBHOOK_SECRET?: string; STRIPE_API_URL?: string; MAIL_API_KEY?: string; MAIL_API_URL?: string; EMAIL?: SendEmail }

/** The one place that turns `env` into ports. `requestId`: of the call they serve, for the audit log. */
export function createPorts(env: Env & OptionalSecrets, requestId: string | null = null): Ports {
  const metrics = createMetrics(env)
  const previousMasterKey = env.MASTER_KEY_PREVIOUS || null
  const { database, view } = guardOf(env.DB, systemClock)
  const queues = createQueues(env)
  const sendWebhook = createWebhookSender({ isDevelopment: env.ENVIRONMENT === 'development', clock: systemClock })
  const fallbackTarget = env.ALERT_WEBHOOK_URL ? { url: env.ALERT_WEBHOOK_URL, secret: null } : null
  return {
    clock: systemClock,
    database: { view },
    inventory: createInventory(env),
    orders: createOrderBook(database, async (written, mails) => void (await Promise.all([askDelivery(queues, written), askMail(queues, mails)]))),
    catalog: createCatalog(database, env.CATALOG),
    sales: createSales(database),
    salesView: createSalesView(database),
    stores: createStoreBook(database, env.MASTER_KEY, previousMasterKey),
    feeds: createFeeds(database),
    ageing: createAgeing(database),
    alerts: createAlertBook(database, env.MASTER_KEY, fallbackTarget, previousMasterKey),
    sendAlert: createAlertSender(sendWebhook),
    stops: createStopBook(database),
    prices: createPriceBook(database, env.CATALOG),
    webhooks: createWebhookBook(database, env.MASTER_KEY, previousMasterKey),
    sendWebhook,
    fallbackTarget,
    metrics,
    links: createStoreLinks(env, metrics),
    channels: createChannelBook(database),
    limits: createLimits(env),
    operators: createOperators({
      teamDomain: env.ACCESS_TEAM_DOMAIN, audience: env.ACCESS_AUD,
      developmentToken: env.ENVIRONMENT === 'development' && env.ADMIN_TOKEN ? env.ADMIN_TOKEN : null,
    }),
    mail: createMailBook(database),
    sendMail: mailerOf(env),
    ...paymentsOf(env),
    deadLetters: measuredLetters(createDeadLetters({ ...env, DB: database }), metrics),
    audit: createAuditLog(database, requestId),
    erasures: createErasures(database, env.MASTER_KEY, previousMasterKey),
    queues,
    newId: () => crypto.randomUUID(),
    sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    secrets: { masterKey: env.MASTER_KEY, previousMasterKey },
  }
}

/** A provider's key goes before Cloudflare's own binding; MAIL_API_URL counts in development alone. */
function mailerOf({ MAIL_API_KEY: apiKey = '', MAIL_API_URL: apiUrl = '', EMAIL, ENVIRONMENT }: Env & OptionalSecrets): SendMail | null {
  if (apiKey !== '') return createHttpMailer({ apiKey, ...(ENVIRONMENT === 'development' && apiUrl !== '' ? { apiUrl } : {}) })
  return EMAIL ? createCloudflareMailer(EMAIL) : null
}

/** Made when it is first asked for: most requests move no money. STRIPE_API_URL counts in development alone. */
function paymentsOf({ STRIPE_SECRET_KEY: secretKey = '', STRIPE_WEBHOOK_SECRET = '', STRIPE_API_URL = '', ENVIRONMENT }: Env & OptionalSecrets): Pick<Ports, 'payments' | 'readProviderEvent'> {
  const apiUrl = ENVIRONMENT === 'development' && STRIPE_API_URL !== '' ? STRIPE_API_URL : null
  const settings = { secretKey, webhookSecrets: STRIPE_WEBHOOK_SECRET.split(/[\s,]+/).filter((secret) => secret !== ''), apiUrl }
  // Half of a pair is what stands there between two `secret put`s; a test key in production would give goods away for nothing.
  const isSetUp = secretKey !== '' && settings.webhookSecrets.length > 0 && (ENVIRONMENT !== 'production' || /^[sr]k_live_/.test(secretKey))
  let stripe: PaymentProvider | null = null
  return {
    payments: (name) => (name === 'stripe' && isSetUp ? (stripe ??= createStripe(settings)) : null),
    readProviderEvent: createStripeReader(settings, systemClock),
  }
}

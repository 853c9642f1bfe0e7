import { index, integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'

/**
 * The tables of D1, as migrations/ makes them (SQL of our own: WITHOUT ROWID saves a row per write, which drizzle cannot say).
 * Instants are epoch milliseconds. JSON columns are parsed where they are read, in each capability's `db.ts`.
 */

export const stores = sqliteTable('stores', {
  storeId: text('store_id').primaryKey().notNull(),
  name: text('name').notNull(),
  timeZone: text('time_zone').notNull(),
  transport: text('transport').notNull(),
  secrets: text('secrets').notNull(),
  safetyStock: integer('safety_stock').notNull().default(0),
  catalogSource: integer('catalog_source', { mode: 'boolean' }).notNull().default(false),
  paused: integer('paused', { mode: 'boolean' }).notNull().default(false),
  priority: integer('priority').notNull().default(100),
  openingHours: text('opening_hours'),
  sellStaleForMs: integer('sell_stale_for_ms'),
  rounding: text('rounding'),
  specialDays: text('special_days'),
  pickupLeadMinutes: integer('pickup_lead_minutes'),
  pairingHash: text('pairing_hash'),
  pairingExpiresAt: integer('pairing_expires_at'),
  createdAt: integer('created_at').notNull(),
})

export const channels = sqliteTable('channels', {
  channelId: text('channel_id').primaryKey().notNull(),
  name: text('name').notNull(),
  allowedOrigins: text('allowed_origins').notNull(),
  payInStore: integer('pay_in_store', { mode: 'boolean' }).notNull().default(false),
  limits: text('limits').notNull().default('{}'),
  paymentProviders: text('payment_providers').notNull().default('[]'),
  createdAt: integer('created_at').notNull(),
})

export const channelKeys = sqliteTable('channel_keys', {
  keyHash: text('key_hash').primaryKey().notNull(),
  channelId: text('channel_id').notNull(),
  kind: text('kind', { enum: ['publishable', 'secret'] }).notNull(),
  scopes: text('scopes').notNull(),
  hint: text('hint').notNull(),
  createdAt: integer('created_at').notNull(),
  expiresAt: integer('expires_at'),
  lastUsedAt: integer('last_used_at'),
})

export const items = sqliteTable('items', {
  storeId: text('store_id').notNull(),
  sku: text('sku').notNull(),
  name: text('name').notNull(),
  brand: text('brand'),
  category: text('category'),
  item: text('item').notNull(),
  itemHash: text('item_hash').notNull(),
  describes: integer('describes', { mode: 'boolean' }).notNull(),
  removed: integer('removed', { mode: 'boolean' }).notNull().default(false),
  epoch: integer('epoch').notNull(),
  seq: integer('seq').notNull(),
  version: integer('version').notNull(),
  updatedAt: integer('updated_at').notNull(),
}, (t) => [primaryKey({ columns: [t.storeId, t.sku] }), index('items_by_sku').on(t.sku, t.describes)])

export const skuRenames = sqliteTable('sku_renames', {
  storeId: text('store_id').notNull(),
  sku: text('sku').notNull(),
  formerSku: text('former_sku').notNull(),
  at: integer('at').notNull(),
}, (t) => [primaryKey({ columns: [t.sku, t.formerSku, t.storeId] })])

export const orders = sqliteTable('orders', {
  orderId: text('order_id').primaryKey().notNull(),
  number: text('number').notNull(),
  channel: text('channel').notNull(),
  status: text('status').notNull(),
  bodyHash: text('body_hash').notNull(),
  attempt: text('attempt').notNull(),
  abandoned: text('abandoned').notNull().default(''),
  purchase: text('purchase').notNull(),
  assignments: text('assignments').notNull(),
  timeline: text('timeline').notNull(),
  cancelled: text('cancelled').notNull().default('[]'),
  cancelRequestedAt: integer('cancel_requested_at'),
  dueAt: integer('due_at'),
  placedAt: integer('placed_at').notNull(),
  updatedAt: integer('updated_at').notNull(),
  version: integer('version').notNull(),
  erasedAt: integer('erased_at'),
  payment: text('payment'),
  returns: text('returns').notNull().default('[]'),
}, (t) => [index('orders_due').on(t.dueAt), index('orders_placed').on(t.placedAt)])

export const sales = sqliteTable('sales', {
  storeId: text('store_id').notNull(),
  saleId: text('sale_id').notNull(),
  kind: text('kind', { enum: ['sale', 'return'] }).notNull(),
  lines: text('lines').notNull(),
  totalMinor: integer('total_minor').notNull(),
  currency: text('currency').notNull(),
  assignmentId: text('assignment_id'),
  occurredAt: integer('occurred_at').notNull(),
  epoch: integer('epoch').notNull(),
  seq: integer('seq').notNull(),
  partOf: text('part_of'),
}, (t) => [primaryKey({ columns: [t.storeId, t.saleId] }), index('sales_occurred').on(t.occurredAt)])

export const deadLetters = sqliteTable('dead_letters', {
  letterId: text('letter_id').primaryKey().notNull(),
  queue: text('queue').notNull(),
  reason: text('reason').notNull(),
  state: text('state', { enum: ['waiting', 'replayed', 'discarded'] }).notNull(),
  storeId: text('store_id'),
  body: text('body').notNull(),
  original: text('original').notNull(),
  revision: integer('revision').notNull(),
  attempts: integer('attempts').notNull(),
  lastError: text('last_error').notNull(),
  outcome: text('outcome'),
  filedAt: integer('filed_at').notNull(),
  updatedAt: integer('updated_at').notNull(),
  expiresAt: integer('expires_at').notNull(),
}, (t) => [index('dead_letters_filed').on(t.state, t.filedAt)])

export const feeds = sqliteTable('feeds', {
  storeId: text('store_id').primaryKey().notNull(),
  feed: text('feed').notNull(),
  drift: text('drift'),
  decided: text('decided', { enum: ['approve', 'refuse'] }),
  decidedId: text('decided_id'),
  updatedAt: integer('updated_at').notNull(),
})

export const ageing = sqliteTable('ageing', {
  storeId: text('store_id').primaryKey().notNull(),
  since: text('since').notNull(),
  report: text('report').notNull(),
  updatedAt: integer('updated_at').notNull(),
})

export const auditLog = sqliteTable('audit_log', {
  entryId: integer('entry_id').primaryKey({ autoIncrement: true }),
  at: integer('at').notNull(),
  actor: text('actor').notNull(),
  action: text('action').notNull(),
  subject: text('subject').notNull(),
  detail: text('detail'),
  requestId: text('request_id'),
})

export const alerts = sqliteTable('alerts', {
  name: text('name').notNull(),
  subject: text('subject').notNull(),
  state: text('state', { enum: ['pending', 'open', 'resolved'] }).notNull(),
  since: integer('since').notNull(),
  detail: text('detail').notNull(),
  clearAt: integer('clear_at'),
  endedAt: integer('ended_at'),
  owed: text('owed', { enum: ['raised', 'reminder', 'resolved'] }),
  notices: integer('notices').notNull(),
  attempts: integer('attempts').notNull(),
  nextTryAt: integer('next_try_at'),
  notifiedAt: integer('notified_at'),
}, (t) => [primaryKey({ columns: [t.name, t.subject] })])

export const alertWebhook = sqliteTable('alert_webhook', {
  id: integer('id').primaryKey().notNull(),
  sealed: text('sealed').notNull(),
  host: text('host').notNull(),
  updatedAt: integer('updated_at').notNull(),
})

export const erasures = sqliteTable('erasures', {
  erasureId: text('erasure_id').primaryKey().notNull(),
  state: text('state', { enum: ['searching', 'waiting', 'done'] }).notNull(),
  soughtBy: text('sought_by', { enum: ['orderId', 'email', 'phone', 'again'] }).notNull(),
  sealed: text('sealed'),
  why: text('why').notNull(),
  progress: text('progress').notNull(),
  dueAt: integer('due_at'),
  createdAt: integer('created_at').notNull(),
  updatedAt: integer('updated_at').notNull(),
})

export const retention = sqliteTable('retention', {
  id: integer('id').primaryKey().notNull(),
  placedAt: integer('placed_at').notNull(),
  orderId: text('order_id').notNull(),
  restsUntil: integer('rests_until').notNull(),
})

export const webhookEndpoints = sqliteTable('webhook_endpoints', {
  endpointId: text('endpoint_id').primaryKey().notNull(),
  channelId: text('channel_id').notNull(),
  url: text('url').notNull(),
  events: text('events').notNull(),
  secrets: text('secrets').notNull(),
  state: text('state', { enum: ['enabled', 'disabled'] }).notNull().default('enabled'),
  whyDisabled: text('why_disabled'),
  failingSince: integer('failing_since'),
  createdAt: integer('created_at').notNull(),
  updatedAt: integer('updated_at').notNull(),
})

export const webhookMessages = sqliteTable('webhook_messages', {
  endpointId: text('endpoint_id').notNull(),
  resource: text('resource').notNull(),
  sequence: integer('sequence').notNull(),
  type: text('type').notNull(),
  body: text('body').notNull(),
  state: text('state', { enum: ['pending', 'delivered', 'failed', 'skipped'] }).notNull().default('pending'),
  attempts: integer('attempts').notNull().default(0),
  tries: text('tries').notNull().default('[]'),
  nextTryAt: integer('next_try_at'),
  createdAt: integer('created_at').notNull(),
  settledAt: integer('settled_at'),
}, (t) => [primaryKey({ columns: [t.endpointId, t.resource, t.sequence] }), index('webhook_messages_due').on(t.nextTryAt), index('webhook_messages_log').on(t.endpointId, t.createdAt)])

export const channelPrices = sqliteTable('channel_prices', {
  channelId: text('channel_id').notNull(),
  sku: text('sku').notNull(),
  storeId: text('store_id').notNull().default(''),
  validFrom: integer('valid_from').notNull(),
  validTo: integer('valid_to'),
  amountMinor: integer('amount_minor').notNull(),
  currency: text('currency').notNull(),
  turnsAt: integer('turns_at'),
  updatedAt: integer('updated_at').notNull(),
}, (t) => [primaryKey({ columns: [t.channelId, t.sku, t.storeId, t.validFrom] }), index('channel_prices_turn').on(t.turnsAt)])

export const skuStops = sqliteTable('sku_stops', {
  sku: text('sku').notNull(),
  storeId: text('store_id').notNull().default(''),
  by: text('by', { enum: ['operator', 'store'] }).notNull(),
  why: text('why').notNull(),
  since: integer('since').notNull(),
  until: integer('until'),
  epoch: integer('epoch').notNull().default(0),
  seq: integer('seq').notNull().default(0),
}, (t) => [primaryKey({ columns: [t.sku, t.storeId, t.by] })])

export const channelMail = sqliteTable('channel_mail', {
  channelId: text('channel_id').primaryKey().notNull(),
  settings: text('settings').notNull(),
  updatedAt: integer('updated_at').notNull(),
})

export const mails = sqliteTable('mails', {
  orderId: text('order_id').notNull(),
  kind: text('kind').notNull(),
  channelId: text('channel_id').notNull(),
  state: text('state').notNull().default('pending'),
  attempts: integer('attempts').notNull().default(0),
  said: text('said'),
  nextTryAt: integer('next_try_at'),
  createdAt: integer('created_at').notNull(),
  settledAt: integer('settled_at'),
}, (t) => [primaryKey({ columns: [t.orderId, t.kind] })])

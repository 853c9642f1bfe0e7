import { z } from 'zod'
import { fieldErrors } from '../contract/problem.ts'
import { Epoch, Seq, StoreId } from '../contract/values.ts'
import { handleCatalogEvents } from './catalog/handle-events.ts'
import { letterId } from './dead-letters/letter.ts'
import { measuredLog } from './metrics/measure.ts'
import { faultName, log } from './log.ts'
import { exactAvailability } from './inventory/exact-availability.ts'
import { handleStock } from './inventory/handle-stock.ts'
import type { CommandOutcome } from './inventory/port.ts'
import { handleOrderMessage } from './orders/deliver.ts'
import type { Ports } from './ports.ts'
import { OrderMessage, StockMessage, StoreEventsMessage, WebhookMessage } from './queue-messages.ts'
import { readQueueName } from './queue-name.ts'
import { deliverMail } from './mail/deliver-mail.ts'
import { announceAvailability } from './webhooks/announce.ts'
import { deliverMessage } from './webhooks/deliver-message.ts'
import { handleStatusEvents } from './status/handle-events.ts'
import { readEvent } from './stores/take-events.ts'

/** What each kind of message does, by queue. `events`, `feeds`, `ageing`, `returns`, `mails` and `skus` are no queues: a store's single event, its held feed, its orders that wait, goods that came back and belong to nobody, mails that nobody took, and SKUs that are another item's now, as the dead letters keep them. */
export type Handler = (body: unknown) => Promise<{ ok: true; outcome: CommandOutcome } | { ok: false; error: string }>

const StoreEventLetter = z.object({ storeId: StoreId, epoch: Epoch, event: z.looseObject({ seq: Seq }) })

export function createHandlers(ports: Ports): Record<string, Handler> {
  const withLog = { ...ports, log: measuredLog(log, ports.metrics) }
  return {
    orders: handling(OrderMessage, (message) => handleOrderMessage(message, withLog)),
    catalog: handling(StoreEventsMessage, (message) => handleCatalogEvents(message, ports)),
    status: handling(StoreEventsMessage, (message) => handleStatusEvents(message, withLog)),
    webhooks: handling(WebhookMessage, (message) => {
      switch (message.kind) {
        case 'deliver': return deliverMessage(withLog, message)
        case 'mail': return deliverMail(withLog, { orderId: message.orderId, kind: message.mail })
        case 'inventory': return announceAvailability(ports, message.skus, (skus) => exactAvailability(ports, skus))
      }
    }),
    stock: handling(StockMessage, (message) => handleStock(message, ports.inventory)),
    feeds: async () => ({ ok: false, error: 'A feed is decided by POST /admin/v1/stores/{id}/feed/approve or /refuse; a drift ends by itself once both sides agree. This letter then settles itself.' }),
    ageing: async () => ({ ok: false, error: 'Orders that wait are for the staff of the store: call it. This letter settles itself when nobody waits any more.' }),
    mails: async () => ({ ok: false, error: 'A mail is sent again by POST /admin/v1/orders/{id}/mails, once what the letter says is mended; then discard it.' }),
    skus: async () => ({ ok: false, error: 'Look what the SKU was set up for before; then discard this letter.' }),
    returns: async () => ({ ok: false, error: 'Goods that came back are counted by the till already. See what was returned and by whom, give the money back if it is owed (POST …/refunds), and discard this letter with what you found.' }),
    events: handling(StoreEventLetter, async (letter) => {
      const { storeId, epoch } = letter
      // What was refused at the door is refused here for the same reasons.
      const read = readEvent(letter.event, letter.event.seq)
      if (!read.ok) return { refused: read.refusal.detail }
      if (!(await ports.stores.find(storeId))) return { refused: '/storeId: no such store' }
      if (epoch > (await ports.links.link(storeId).facts(ports.clock())).epoch) return { refused: '/epoch: the store has not come to this epoch' }
      const event = read.value
      const message = { storeId, epoch, events: [event], requestId: ports.newId() }
      if (event.type === 'stock.counted') {
        const { sku, onHand, asOf } = event.data
        return handleStock({ levels: [{ type: 'level', storeId, sku, onHand, epoch, asOf, seq: event.seq, at: ports.clock() }], requestId: message.requestId }, ports.inventory)
      }
      return event.type.startsWith('catalog.') ? handleCatalogEvents(message, ports) : handleStatusEvents(message, withLog)
    }),
  }
}

function handling<T>(schema: z.ZodType<T>, handle: (message: T) => Promise<CommandOutcome | { refused: string }>): Handler {
  return async (body) => {
    const parsed = schema.safeParse(body)
    if (!parsed.success) return { ok: false, error: fieldErrors(parsed.error).map(({ path, message }) => `${path}: ${message}`).join('; ') }
    const outcome = await handle(parsed.data)
    return typeof outcome === 'string' ? { ok: true, outcome } : { ok: false, error: outcome.refused }
  }
}

/** As `max_retries` in wrangler.toml, and the first delivery: on its last attempt a consumer files the letter itself. */
const ATTEMPTS_MAX = 6
const RETRY_BASE_S = 2
const RETRY_MAX_S = 60

/** Every message settles by itself: handled and acked, retried with backoff, or filed. */
export async function consume(batch: MessageBatch, ports: Ports): Promise<void> {
  const { queue, dead } = readQueueName(batch.queue)
  if (dead) return fileCrashed(batch, queue, ports)
  const handle = createHandlers(ports)[queue]
  const settle = (message: Message) => settleMessage(message, queue, handle, ports)
  // Deliveries wait for stores, so stores do not wait for one another; the others touch the same rows and go in order.
  if (queue === 'orders') await Promise.all(batch.messages.map(settle))
  else for (const message of batch.messages) await settle(message)
}

async function settleMessage(message: Message, queue: string, handle: Handler | undefined, ports: Ports): Promise<void> {
  try {
    const result = handle ? await handle(message.body) : { ok: false as const, error: 'Nothing handles this queue yet.' }
    if (!result.ok) await fileMessage(message, queue, 'malformed', result.error, ports)
    message.ack()
  } catch (error) {
    log('queue.fault', { queue, messageId: message.id, attempts: message.attempts, error: faultName(error) })
    if (message.attempts < ATTEMPTS_MAX) return message.retry({ delaySeconds: Math.min(RETRY_MAX_S, RETRY_BASE_S ** message.attempts) })
    try {
      await fileMessage(message, queue, 'failed', faultName(error), ports)
      message.ack()
    } catch {
      // Not even the letter could be filed: the platform carries it to the dead-letter queue, whose consumer tries again.
      message.retry()
    }
  }
}

async function fileCrashed(batch: MessageBatch, queue: string, ports: Ports): Promise<void> {
  for (const message of batch.messages) {
    try {
      await fileMessage(message, queue, 'crashed', 'The consumer ended without settling the message, to the last attempt.', ports)
      message.ack()
    } catch (error) {
      log('queue.letter_not_filed', { queue, messageId: message.id, error: faultName(error) })
      message.retry()
    }
  }
}

async function fileMessage(message: Message, queue: string, reason: 'malformed' | 'failed' | 'crashed', lastError: string, ports: Ports): Promise<void> {
  const storeId = z.object({ storeId: z.string() }).safeParse(message.body)
  await ports.deadLetters.file([{
    letterId: await letterId(queue, message.id), queue, reason, storeId: storeId.success ? storeId.data.storeId : null,
    body: message.body, attempts: message.attempts, lastError, filedAt: ports.clock(),
  }])
}

import type { OrderMessage, StockMessage, StoreEventsMessage, WebhookMessage } from './queue-messages.ts'

/** Cloudflare: 100 messages or 256 KB a batch, 128 KB a message. Some of each is the platform's own. */
const BATCH_MESSAGES_MAX = 100
const BATCH_BYTES_MAX = 240_000
const MESSAGE_BYTES_MAX = 110_000

/** Senders of our queues. A send that rejects is a fault the caller must be able to live with (rules.md 1). */
export type Queues = {
  orders(messages: OrderMessage[]): Promise<void>
  /** Events of one store, split over messages by bytes, in order. */
  catalog(batch: StoreEventsMessage): Promise<void>
  status(batch: StoreEventsMessage): Promise<void>
  stock(batch: StockMessage): Promise<void>
  /** `delayS`: not before; at most the platform's twelve hours. */
  webhooks(messages: WebhookMessage[], delayS?: number): Promise<void>
}

export function createQueues(env: Pick<Env, 'ORDERS' | 'CATALOG_QUEUE' | 'STATUS' | 'STOCK' | 'WEBHOOKS'>): Queues {
  return {
    orders: (messages) => sendAll(env.ORDERS, messages),
    catalog: (batch) => sendAll(env.CATALOG_QUEUE, split(batch, 'events')),
    status: (batch) => sendAll(env.STATUS, split(batch, 'events')),
    stock: (batch) => sendAll(env.STOCK, split(batch, 'levels')),
    webhooks: (messages, delayS) => sendAll(env.WEBHOOKS, messages, delayS),
  }
}

/** The same message over as many as its list needs to stay below the platform's size. */
function split<T extends object, K extends keyof T>(message: T, list: K): T[] {
  const parts: T[] = []
  let part: unknown[] = []
  let bytes = 0
  for (const entry of message[list] as unknown[]) {
    const size = byteLength(entry)
    if (part.length > 0 && bytes + size > MESSAGE_BYTES_MAX) {
      parts.push({ ...message, [list]: part })
      part = []
      bytes = 0
    }
    part.push(entry)
    bytes += size
  }
  if (part.length > 0) parts.push({ ...message, [list]: part })
  return parts
}

async function sendAll(queue: Queue, messages: object[], delaySeconds = 0): Promise<void> {
  let batch: { body: object; delaySeconds?: number }[] = []
  let bytes = 0
  for (const body of messages) {
    const size = byteLength(body)
    if (batch.length === BATCH_MESSAGES_MAX || (batch.length > 0 && bytes + size > BATCH_BYTES_MAX)) {
      await queue.sendBatch(batch)
      batch = []
      bytes = 0
    }
    batch.push(delaySeconds > 0 ? { body, delaySeconds } : { body })
    bytes += size
  }
  if (batch.length > 0) await queue.sendBatch(batch)
}

const encoder = new TextEncoder()
const byteLength = (value: unknown): number => encoder.encode(JSON.stringify(value)).length

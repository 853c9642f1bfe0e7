import type { WebhookPayload } from '../../contract/webhooks.ts'

/** Names one message to one endpoint. */
export type MessageKey = { endpointId: string; resource: string; sequence: number }

export type Endpoint = {
  endpointId: string
  channelId: string
  url: string
  events: string[]
  state: 'enabled' | 'disabled'
  whyDisabled: string | null
  failingSince: number | null
  createdAt: number
  updatedAt: number
}
/** What signs; two while they are exchanged. `expiresAt: null`: for good. */
export type EndpointSecret = { secret: string; expiresAt: number | null }

export type Try = { at: number; status: number | null; said: string; ms: number }
export type StoredMessage = MessageKey & {
  type: string
  /** The payload, as it is sent every time. */
  body: string
  state: 'pending' | 'delivered' | 'failed' | 'skipped'
  attempts: number
  /** The last of them. */
  tries: Try[]
  nextTryAt: number | null
  createdAt: number
  settledAt: number | null
}

/** Something that channels may want to be told. `channelId: null`: all of them. */
export type Announcement = { channelId: string | null; payload: WebhookPayload }

export type WebhookBook = {
  endpoints(channelId: string): Promise<Endpoint[]>
  find(endpointId: string): Promise<Endpoint | null>
  insert(endpoint: Endpoint, secrets: EndpointSecret[]): Promise<void>
  change(endpointId: string, change: Partial<Pick<Endpoint, 'url' | 'events' | 'state' | 'whyDisabled' | 'failingSince'>>, now: number): Promise<void>
  /** With everything it was told. */
  remove(endpointId: string): Promise<void>
  secrets(endpointId: string): Promise<EndpointSecret[]>
  setSecrets(endpointId: string, secrets: EndpointSecret[], now: number): Promise<void>
  /** As StoreBook.reseal, of the endpoints' secrets. */
  reseal(): Promise<number>
  /** Whether any endpoint wants to be told this type. */
  isWanted(type: string): Promise<boolean>
  /**
   * Writes a message for each endpoint that wants it, of states of which only the last one counts: what still waits to be sent is replaced, and the sequence, which is filled in, is the next of
   * its resource. Answers those that were written. (An order's are written with the order itself, db/webhook-outbox.ts.)
   */
  announce(announcements: readonly Announcement[], now: number): Promise<MessageKey[]>
  message(key: MessageKey): Promise<StoredMessage | null>
  /** What became of an attempt. False when another has been noted meanwhile. */
  settle(message: StoredMessage, attempts: number): Promise<boolean>
  /** Whose time has come, oldest first. */
  due(now: number, limit: number): Promise<MessageKey[]>
  list(endpointId: string, filter: { state?: StoredMessage['state'] }, before: { at: number; id: string } | null, limit: number): Promise<StoredMessage[]>
  /** Makes settled messages of an endpoint pending again. */
  revive(endpointId: string, filter: { key: MessageKey } | { since: number; all: boolean; limit: number }, now: number): Promise<MessageKey[]>
  /** Forgets what was settled long ago; of each resource the newest stays, so that its sequence goes on. Answers how many. */
  forget(settledBefore: number, limit: number): Promise<number>
}

/** What a receiver made of it. Only 2xx has taken it. `status: null`: there was no answer. `said`: the beginning of its answer. */
export type Delivered = { ok: boolean; status: number | null; said: string; retryAfterMs?: number }
/** Sends one message once, signed with each secret. Never throws. */
export type SendWebhook = (target: { url: string; secrets: readonly string[] }, id: string, body: string) => Promise<Delivered>

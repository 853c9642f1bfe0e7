import type { MailKind, MailSettings, OrderMail } from '../../contract/mail.ts'

/** One mail to one person. `id` is the same for every try. */
export type Mail = { id: string; from: { email: string; name: string }; to: { email: string; name: string }; replyTo: string | null; subject: string; text: string; html: string }

/** `later`: nobody knows whether it went, or it is not the time. `never`: it cannot, for its `recipient`'s address or for how it is `set up`. `said` is for people, and holds no secret. */
export type MailOutcome = { kind: 'sent'; said: string } | { kind: 'later'; said: string; retryAfterMs?: number } | { kind: 'never'; said: string; fault: 'recipient' | 'setup' }

/** Hands mails to whoever carries them. Never throws. */
export type SendMail = (mail: Mail) => Promise<MailOutcome>

export type MailKey = { orderId: string; kind: MailKind }
/** A mail that is owed, or was. Instants are epoch ms. */
export type StoredMail = MailKey & { channelId: string; state: OrderMail['state']; attempts: number; said: string | null; nextTryAt: number | null; createdAt: number; settledAt: number | null }

export type MailBook = {
  settings(channelId: string): Promise<{ settings: MailSettings; updatedAt: number } | null>
  set(channelId: string, settings: MailSettings, now: number): Promise<void>
  /** False where there were none. */
  remove(channelId: string): Promise<boolean>
  find(key: MailKey): Promise<StoredMail | null>
  ofOrder(orderId: string): Promise<StoredMail[]>
  /** Written over `attempts` as they were read; false when another try was faster. */
  settle(mail: StoredMail, attempts: number): Promise<boolean>
  /** Owed once more, from the beginning. */
  owe(key: MailKey, channelId: string, now: number): Promise<void>
  due(before: number, limit: number): Promise<MailKey[]>
}

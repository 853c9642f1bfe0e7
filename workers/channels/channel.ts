import { SCOPES_OF_KIND } from '../../contract/operator.ts'
import type { PaymentProviderName } from '../../contract/payment.ts'
import type { ChannelLimits, KeyKind, Scope } from '../../contract/operator.ts'

/** Where orders come from: a web shop, an app. Its keys say who calls. */
export type Channel = { channelId: string; name: string; allowedOrigins: string[]; payInStore: boolean; paymentProviders: PaymentProviderName[]; limits: ChannelLimits; createdAt: number }

export const KEY_PREFIX: Record<KeyKind, string> = { publishable: 'pk_', secret: 'sk_' }
/** Characters of a key that people may see again: enough to tell two apart. */
export const KEY_HINT_LENGTH = 8
/** Of the hash of a key, in its id: enough to find one row by, and nothing that brings anybody nearer to the key. */
export const KEY_ID_LENGTH = 16
/** A channel with more keys than this has lost count of who holds them. */
export const KEYS_PER_CHANNEL_MAX = 100
/** People want to know whether a key is still used; a row written more often than this would be paid for nothing. */
export const LAST_USED_EVERY_MS = 60 * 60_000

/** A key as it is kept: by its hash alone. Times are epoch ms. An empty list of scopes is all of its kind's. */
export type StoredKey = {
  keyHash: string
  channelId: string
  kind: KeyKind
  scopes: Scope[]
  hint: string
  createdAt: number
  expiresAt: number | null
  lastUsedAt: number | null
}

/** These limits, but for those that are said. */
export const withLimits = (limits: ChannelLimits, said: { [name in keyof ChannelLimits]?: number | undefined }): ChannelLimits => ({
  writesPerMinute: said.writesPerMinute ?? limits.writesPerMinute,
  writesPerMinutePerAddress: said.writesPerMinutePerAddress ?? limits.writesPerMinutePerAddress,
  unpaidUnitsPerAddress: said.unpaidUnitsPerAddress ?? limits.unpaidUnitsPerAddress,
  unpaidUnitsPerKey: said.unpaidUnitsPerKey ?? limits.unpaidUnitsPerKey,
})

export const keyIdOf = ({ keyHash }: Pick<StoredKey, 'keyHash'>): string => keyHash.slice(0, KEY_ID_LENGTH)
export const isLive = ({ expiresAt }: Pick<StoredKey, 'expiresAt'>, now: number): boolean => expiresAt === null || now < expiresAt
export const scopesOf = ({ kind, scopes }: Pick<StoredKey, 'kind' | 'scopes'>): readonly Scope[] => (scopes.length > 0 ? scopes : SCOPES_OF_KIND[kind])

/** Whether a page of this origin may use the channel's keys. No origin at all is a program, which could claim any. */
export const takesOrigin = ({ allowedOrigins }: Pick<Channel, 'allowedOrigins'>, origin: string | null, own: string): boolean =>
  origin === null || allowedOrigins.length === 0 || origin === own || allowedOrigins.includes(origin)

export type ChannelBook = {
  find(channelId: string): Promise<Channel | null>
  list(): Promise<Channel[]>
  insert(channel: Channel): Promise<boolean>
  change(channelId: string, change: Partial<Pick<Channel, 'name' | 'allowedOrigins' | 'payInStore' | 'paymentProviders' | 'limits'>>): Promise<void>
  keysOf(channelId: string): Promise<StoredKey[]>
  insertKey(key: StoredKey): Promise<void>
  /** In one: the new key is there, and the old one ends at `endsAt`, unless it would have ended sooner. */
  rotateKey(keyHash: string, next: StoredKey, endsAt: number): Promise<void>
  /** From now on it opens nothing. False when there is no such key. */
  endKey(channelId: string, keyId: string, now: number): Promise<boolean>
  /** The live key with exactly this hash. */
  findByKey(keyHash: string, now: number): Promise<{ channel: Channel; key: StoredKey } | null>
  noteUse(keyHash: string, now: number): Promise<void>
}

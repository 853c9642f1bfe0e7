/** Where orders come from: a web shop, an app. Its keys say who calls. */
export type Channel = { channelId: string; name: string; allowedOrigins: string[]; payInStore: boolean; createdAt: number }

export type KeyKind = 'publishable' | 'secret'
export const KEY_PREFIX: Record<KeyKind, string> = { publishable: 'pk_', secret: 'sk_' }
/** Characters of a key that people may see again: enough to tell two apart. */
export const KEY_HINT_LENGTH = 8

export type ChannelBook = {
  find(channelId: string): Promise<Channel | null>
  list(): Promise<Channel[]>
  insert(channel: Channel): Promise<boolean>
  insertKey(key: { keyHash: string; channelId: string; kind: KeyKind; scopes: string[]; hint: string; createdAt: number }): Promise<void>
  /** By the hash: the lookup itself compares nothing of the key. */
  findByKey(keyHash: string): Promise<{ channel: Channel; kind: KeyKind; scopes: string[] } | null>
}

import type { Ports } from '../ports.ts'
import type { Channel, StoredKey } from '../channels/channel.ts'

/** What every route finds in its context. `channel` and `key` are there behind `channelKey`, `actor` behind `operator`. */
export type AppEnv = {
  Bindings: Env
  Variables: {
    ports: Ports
    requestId: string
    /** W3C Trace Context of this request: the caller's trace, or a new one. */
    traceparent: string
    /** Behind `chooseChannel`: which channel's prices are asked for. */
    channelId: string
    channel: Channel
    key: StoredKey
    actor: string
  }
}

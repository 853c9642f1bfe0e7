import type { Ports } from '../ports.ts'
import type { KeyKind } from '../../contract/operator.ts'
import type { Channel } from '../channels/channel.ts'

/** What every route finds in its context. `channel` and `keyKind` are there behind `channelKey`, `actor` behind `operator`. */
export type AppEnv = {
  Bindings: Env
  Variables: {
    ports: Ports
    requestId: string
    channel: Channel
    keyKind: KeyKind
    actor: string
  }
}

import type { Availability } from '../../contract/product.ts'

/** A page of a product that a whole town looks at. Beyond it the page asks again instead of listening. */
export const SUBSCRIBERS_PER_SKU_MAX = 500
/** Of all SKUs of a home. The platform holds 32,768 sockets of an object; a home has counters to keep besides. */
export const SUBSCRIBERS_PER_HOME_MAX = 10_000
const SUBSCRIBE_AGAIN_S = 30

export type LiveSource = {
  /** Whatever has to be heard before `now` is true. */
  prepare(sku: string): Promise<void>
  now(sku: string): Availability
}

/** Who watches the SKUs of a home, over sockets that outlive the object's sleep, each tagged with its SKU. */
export function createLive(ctx: DurableObjectState, { prepare, now }: LiveSource, perHome = SUBSCRIBERS_PER_HOME_MAX) {
  const telling = new Set<string>()
  ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair('ping', 'pong'))

  /** Reads the rows again after every wait, and sends what it read without another: an older number never follows a newer one. `known`: what needs no telling. */
  async function tell(sku: string, listeners: () => WebSocket[], known?: string): Promise<void> {
    await prepare(sku)
    const found = now(sku)
    const text = JSON.stringify(found)
    for (const socket of found.version === known ? [] : listeners()) {
      try {
        socket.send(text)
      } catch {
        // It went away; the platform takes it off the list.
      }
    }
  }

  return {
    /** `version` is of the last word that the caller has heard: it is told at once only if there is another. */
    open(sku: string, version?: string): Response {
      if (ctx.getWebSockets(sku).length >= SUBSCRIBERS_PER_SKU_MAX || ctx.getWebSockets().length >= perHome) {
        return new Response(null, { status: 503, headers: { 'Retry-After': String(SUBSCRIBE_AGAIN_S) } })
      }
      const { 0: client, 1: server } = new WebSocketPair()
      ctx.acceptWebSocket(server, [sku])
      ctx.waitUntil(tell(sku, () => [server], version))
      return new Response(null, { status: 101, webSocket: client })
    },
    /** Something of this SKU has changed. */
    tellAll(sku: string): void {
      if (telling.has(sku) || ctx.getWebSockets(sku).length === 0) return
      telling.add(sku)
      ctx.waitUntil(tell(sku, () => {
        telling.delete(sku)
        return ctx.getWebSockets(sku)
      }))
    },
  }
}

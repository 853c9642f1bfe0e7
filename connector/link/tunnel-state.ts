import { Agent, get } from 'node:http'
import type { TunnelConfig } from './tunnel-config.ts'

export type TunnelState = 'up' | 'down' | 'none'

/** On this machine it answers at once or not at all. */
const ASK_TIMEOUT_MS = 2_000

/**
 * Whether the tunnel stands, by the word of the cloudflared on this machine: its `/ready` answers 200 while at least one of its
 * connections to Cloudflare's network stands, and 503 otherwise. `none`: no tunnel is configured. Never throws.
 */
export function readTunnelState(tunnel: TunnelConfig | undefined): Promise<TunnelState> {
  if (!tunnel) return Promise.resolve('none')
  return new Promise((resolve) => {
    // An agent of its own: with a proxy in the environment the usual one would ask the proxy for this machine.
    const agent = new Agent()
    const request = get(new URL('/ready', tunnel.metricsUrl), { agent, signal: AbortSignal.timeout(ASK_TIMEOUT_MS) }, (response) => {
      resolve(response.statusCode === 200 ? 'up' : 'down')
      response.destroy()
    })
    request.on('error', () => resolve('down'))
  })
}

import type { ConnectorConfig } from '../../config/config.ts'
import { readTunnelState } from '../../link/tunnel-state.ts'
import { faultOf } from '../../fault.ts'
import { broken, doubtful, fine, type Finding } from './finding.ts'

const ANSWERS_WITHIN_MS = 10_000
/** Cloudflare's own words for a tunnel that nobody holds at this end. */
const TUNNEL_AWAY: ReadonlySet<number> = new Set([502, 504, 521, 522, 523, 530])

/** Whether pushes can arrive. Without a tunnel orders are fetched, a few seconds later; that is no fault. */
export async function lookAtTunnel({ tunnel, server, pull }: ConnectorConfig): Promise<Finding[]> {
  if (!tunnel) return [fine('tunnel', `none; orders are fetched every ${pull.everyMs / 1000} s, which is enough`)]
  const state = await readTunnelState(tunnel)
  const local = state === 'up'
    ? fine('tunnel agent', 'cloudflared is connected')
    : doubtful('tunnel agent', `cloudflared is not connected, or does not answer at ${tunnel.metricsUrl}`, 'look at its service and its log ("tillbridge-connector docs store-it", "The tunnel"); orders are fetched meanwhile')
  return [local, await publicFinding(tunnel.hostname, server.access !== undefined)]
}

/** What the world sees under the public name. Nothing is sent that Access or the connector would take for the edge's call. */
async function publicFinding(hostname: string, hasAccess: boolean): Promise<Finding> {
  const name = 'public hostname'
  try {
    const response = await fetch(`https://${hostname}/health`, { redirect: 'manual', signal: AbortSignal.timeout(ANSWERS_WITHIN_MS) })
    await response.body?.cancel()
    return publicAnswer(name, hostname, response.status, hasAccess)
  } catch (error) {
    return doubtful(name, `${hostname} does not answer from here (${faultOf(error)})`, 'look whether its DNS record exists (cloudflared tunnel route dns) and whether this machine may call out')
  }
}

export function publicAnswer(name: string, hostname: string, status: number, hasAccess: boolean): Finding {
  if (TUNNEL_AWAY.has(status)) return doubtful(name, `${hostname} answers ${status}: nobody holds the tunnel at this end`, 'start cloudflared with the configuration that "tunnel config" wrote')
  if (status === 200) {
    return hasAccess
      ? broken(name, `${hostname} lets anybody through to the connector`, 'put an Access application before the hostname ("tillbridge-connector docs secure-link", "Set up"); until then only the signature protects it')
      : doubtful(name, `${hostname} reaches the connector, with nothing but the signature before it`, 'put an Access application before it and set server.access ("tillbridge-connector docs secure-link", "Set up")')
  }
  return fine(name, `${hostname} answers ${status} to a call without credentials, as it should`)
}

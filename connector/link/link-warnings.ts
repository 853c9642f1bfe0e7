import type { AccessConfig } from './access-config.ts'
import type { TunnelConfig } from './tunnel-config.ts'

const LOOPBACK: ReadonlySet<string> = new Set(['127.0.0.1', 'localhost', '::1', '[::1]'])

/** Ways in on which nothing but the signature stands before the orders. */
export function linkWarnings({ server, tunnel }: { server: { host: string; access?: AccessConfig | undefined }; tunnel?: TunnelConfig | undefined }): { key: string; message: string }[] {
  const warnings: { key: string; message: string }[] = []
  if (!LOOPBACK.has(server.host)) {
    const message = 'others on the network reach this port past the tunnel: 127.0.0.1 is enough for a cloudflared on this machine'
    warnings.push({ key: 'server.host', message: server.access ? message : `${message}, and without server.access only the signature guards it` })
  }
  if (tunnel && !server.access) {
    warnings.push({ key: 'tunnel', message: 'a tunnel leads here and server.access is not set: only the signature guards the orders. Set server.access.team and server.access.audience' })
  }
  if (server.access?.issuer?.startsWith('http:') && !LOOPBACK.has(new URL(server.access.issuer).hostname)) {
    warnings.push({ key: 'server.access.issuer', message: 'plain http: whoever is on the way can put keys of their own under it; use https' })
  }
  return warnings
}

import { z } from 'zod'

/** Where `tunnel config` lets cloudflared answer about itself. */
export const TUNNEL_METRICS = '127.0.0.1:20241'

const LOOPBACK = /^http:\/\/(127\.0\.0\.1|localhost|\[::1\])(:\d+)?\/?$/

export const Hostname = z.string().max(253).regex(/^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$/i, 'a public hostname such as till.shop.example')

/** The tunnel that leads here: `tunnel` of the configuration. */
export const TunnelConfig = z.object({
  /** The public hostname of this store. */
  hostname: Hostname,
  /** Where cloudflared says on this machine whether it is connected. */
  metricsUrl: z.string().regex(LOOPBACK, 'an address on this machine, such as http://127.0.0.1:20241').default(`http://${TUNNEL_METRICS}`),
})
export type TunnelConfig = z.output<typeof TunnelConfig>

import type { HttpBindings } from '@hono/node-server'

const LOOPBACK_HOSTS: ReadonlySet<string> = new Set(['127.0.0.1', 'localhost', '[::1]'])
const LOOPBACK_ADDRESSES: ReadonlySet<string | undefined> = new Set(['127.0.0.1', '::1', '::ffff:127.0.0.1'])

/** From this machine and not through the tunnel, whose agent calls from here too but with the public name and Cloudflare's headers. */
export function isLocal(request: Request, { incoming }: HttpBindings): boolean {
  return LOOPBACK_ADDRESSES.has(incoming.socket.remoteAddress) && LOOPBACK_HOSTS.has(new URL(request.url).hostname) && !isTunnelled(request)
}

export const isTunnelled = (request: Request): boolean => request.headers.has('cf-ray')

import type { HttpBindings } from '@hono/node-server'

const LOOPBACK_HOSTS: ReadonlySet<string> = new Set(['127.0.0.1', 'localhost', '[::1]'])
const LOOPBACK_ADDRESSES: ReadonlySet<string | undefined> = new Set(['127.0.0.1', '::1', '::ffff:127.0.0.1'])

/** What an agent or a proxy writes into a call that it passes on, whoever it is: a tunnel's agent and a proxy on this machine call from here too. */
const PASSED_ON = ['x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'x-real-ip', 'forwarded', 'via', 'cdn-loop'] as const

/** From this machine, and not passed on by somebody here for somebody elsewhere: under another name, or with the headers of whoever passes on. */
export function isLocal(request: Request, { incoming }: HttpBindings): boolean {
  return LOOPBACK_ADDRESSES.has(incoming.socket.remoteAddress) && LOOPBACK_HOSTS.has(new URL(request.url).hostname)
    && !isTunnelled(request) && !PASSED_ON.some((name) => request.headers.has(name))
}

/** By Cloudflare's agent. */
export const isTunnelled = ({ headers }: Request): boolean => headers.has('cf-ray') || headers.has('cf-connecting-ip')

import { isIP } from 'node:net'
import { hostname } from 'node:os'
import type { HttpBindings } from '@hono/node-server'
import { Hono } from 'hono'
import type { DeskConfig } from '../config/desk-config.ts'
import { isLocal, isTunnelled } from '../delivery/is-local.ts'
import { listen, type RunningServer } from '../delivery/server.ts'
import { createDeskRoutes, type DeskAccess } from './routes.ts'
import type { Desk } from './desk.ts'

type Env = { Bindings: HttpBindings }

/** The desk's own listener, for tablets in the shop's network: the desk and nothing else. Throws when the address cannot be had. */
export function listenForDesk(desk: Desk, access: DeskAccess, address: NonNullable<DeskConfig['listen']>): Promise<RunningServer> {
  const app = new Hono<Env>()
  const routes = createDeskRoutes(desk, access)
  app.get('/', (c) => (isMeant(c.req.raw, c.env, access, address.host) ? c.redirect('/desk', 302) : c.text('', 404)))
  app.all('*', (c) => (isMeant(c.req.raw, c.env, access, address.host) ? routes.fetch(c.req.raw, c.env) : c.text('', 404)))
  return listen(app.fetch, address)
}

/**
 * A name that some web page lets point here (DNS rebinding) is not ours: an address, this machine's own name or the configured one
 * is what people type. Nothing comes here through a tunnel.
 */
function isMeant(request: Request, env: HttpBindings, access: DeskAccess, host: string): boolean {
  if (access.kind === 'local') return isLocal(request, env)
  const name = new URL(request.url).hostname.replace(/^\[|\]$/g, '')
  const own = hostname().toLowerCase()
  return !isTunnelled(request) && (isIP(name) !== 0 || [host.toLowerCase(), 'localhost', own, `${own}.local`].includes(name))
}

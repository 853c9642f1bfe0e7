import { createAdaptorServer } from '@hono/node-server'
import { Server } from 'node:http'
import { createRoutes, type Delivery } from './routes.ts'

export type RunningServer = {
  /** With the port that was chosen, when port 0 was asked for. */
  url: string
  /** Takes no new connection, lets calls under way end, then closes what is left. */
  close(): Promise<void>
}

/** Calls under way have this long to end. Each is one journal commit. */
const CLOSE_AFTER_MS = 1000

/** The server a tunnel leads to. Throws when the address cannot be had (`EADDRINUSE`). */
export const startServer = (delivery: Delivery, address: { host: string; port: number }): Promise<RunningServer> => listen(createRoutes(delivery).fetch, address)

/** Listens. Throws when the address cannot be had. */
export async function listen(fetch: Parameters<typeof createAdaptorServer>[0]['fetch'], address: { host: string; port: number }): Promise<RunningServer> {
  const server = createAdaptorServer({ fetch, overrideGlobalObjects: false })
  if (!(server instanceof Server)) throw new TypeError('expected a plain HTTP server')
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(address.port, address.host, () => {
      server.off('error', reject)
      resolve()
    })
  })
  const bound = server.address()
  const port = typeof bound === 'object' && bound ? bound.port : address.port
  const host = address.host.includes(':') ? `[${address.host}]` : address.host
  return {
    url: `http://${host}:${port}`,
    close: () => new Promise((resolve) => {
      const timer = setTimeout(() => server.closeAllConnections(), CLOSE_AFTER_MS)
      server.close(() => {
        clearTimeout(timer)
        resolve()
      })
      server.closeIdleConnections()
    }),
  }
}

import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { linkWarnings } from './link-warnings.ts'
import { readTunnelState } from './tunnel-state.ts'

let cloudflared: Server
let connections: number
let metricsUrl: string

beforeEach(async () => {
  connections = 4
  cloudflared = createServer((request, response) => {
    if (request.url !== '/ready') return void response.writeHead(404).end()
    response.writeHead(connections > 0 ? 200 : 503).end(JSON.stringify({ status: connections > 0 ? 200 : 503, readyConnections: connections }))
  })
  cloudflared.listen(0, '127.0.0.1')
  await once(cloudflared, 'listening')
  const address = cloudflared.address()
  metricsUrl = `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`
})
afterEach(() => void cloudflared.close())

test('the tunnel is up while cloudflared has a connection, down without one or without cloudflared, and none where there is none', async () => {
  const tunnel = { hostname: 'till.shop.example', metricsUrl }
  expect(await readTunnelState(tunnel)).toBe('up')
  connections = 0
  expect(await readTunnelState(tunnel)).toBe('down')
  cloudflared.close()
  cloudflared.closeAllConnections()
  await once(cloudflared, 'close')
  expect(await readTunnelState(tunnel)).toBe('down')
  expect(await readTunnelState(undefined)).toBe('none')
})

test('a way in that only the signature guards is warned of', () => {
  const tunnel = { hostname: 'till.shop.example', metricsUrl }
  const access = { team: 'shop', audience: 'a' }
  expect(linkWarnings({ server: { host: '127.0.0.1' } })).toEqual([])
  expect(linkWarnings({ server: { host: '127.0.0.1', access }, tunnel })).toEqual([])
  expect(linkWarnings({ server: { host: '127.0.0.1' }, tunnel })).toMatchObject([{ key: 'tunnel' }])
  expect(linkWarnings({ server: { host: '0.0.0.0' } })).toMatchObject([{ key: 'server.host', message: expect.stringContaining('only the signature') as string }])
  expect(linkWarnings({ server: { host: '127.0.0.1', access: { ...access, issuer: 'http://keys.example' } } })).toMatchObject([{ key: 'server.access.issuer' }])
})

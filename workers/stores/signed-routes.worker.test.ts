import { env } from 'cloudflare:workers'
import { Hono } from 'hono'
import { beforeAll, describe, expect, test } from 'vitest'
import { CONNECTOR_VERSION_HEADER } from '../../contract/connector-version.ts'
import { createSecret, signedHeaders } from '../../contract/signing.ts'
import type { AppEnv } from '../gateway/context.ts'
import { createPorts } from '../ports.ts'
import { connect } from './connect-routes.ts'
import { operatorStores } from './operator-routes.ts'

const app = new Hono<AppEnv>()
app.use(async (c, next) => {
  c.set('ports', createPorts(env))
  c.set('requestId', 'r')
  c.set('actor', 'tester')
  await next()
})
app.route('/connect/v1/stores/:storeId', connect)
app.route('/admin/v1/stores', operatorStores)

let secret = ''
beforeAll(async () => {
  const registered = await app.request('https://edge.example/admin/v1/stores', {
    method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ storeId: 'old', name: 'Old', timeZone: 'Europe/London', transport: { kind: 'pull' } }),
  }, env)
  secret = ((await registered.json()) as { secret: string }).secret
})

/** A store's call to an edge that takes nothing older than `least`, from a connector that says it is `version`. */
async function call(path: string, version: string | null, least: string, from: { body?: object; secret?: string } = {}): Promise<Response> {
  const target = `/connect/v1/stores/old${path}`
  const method = from.body ? 'POST' : 'GET'
  const body = new TextEncoder().encode(from.body ? JSON.stringify(from.body) : '')
  const headers = await signedHeaders([from.secret ?? secret], { id: crypto.randomUUID(), timestampS: Math.floor(Date.now() / 1000), method, target, body })
  return app.request(`https://edge.example${target}`, {
    method, headers: { ...headers, ...(version === null ? {} : { [CONNECTOR_VERSION_HEADER]: version }), 'Content-Type': 'application/json' }, ...(from.body ? { body } : {}),
  }, { ...env, CONNECTOR_VERSION_MIN: least })
}

describe('a connector that is too old', () => {
  test('is told what it is, what the edge needs and what to do, and nothing of what it says is taken', async () => {
    const refused = await call('/epochs', '0.1.9', '0.2.0', { body: { connectorId: 'till-1' } })
    expect(refused.status).toBe(426)
    expect(await refused.json()).toMatchObject({
      type: 'https://tillbridge.dev/problems/connector-too-old', version: '0.1.9', minVersion: '0.2.0',
      detail: 'This connector is 0.1.9; the edge needs at least 0.2.0. Install a newer one over it, with the same configuration and journal, and start it again: nothing is lost.',
    })
    // The epoch that the old one asked for was not given: the newer one gets the first.
    expect(await (await call('/epochs', '0.2.0', '0.2.0', { body: { connectorId: 'till-1' } })).json()).toEqual({ epoch: 1 })
  })

  test('is told so before its body is read: what it says may have another shape by now', async () => {
    expect((await call('/events', '0.1.0', '0.2.0', { body: { shape: 'of long ago' } })).status).toBe(426)
    expect((await call('/events', '0.2.0', '0.2.0', { body: { shape: 'of long ago' } })).status).toBe(422)
  })

  test('is the one that says no version, or none that can be read, when the first is no longer enough', async () => {
    for (const version of [null, '', 'latest']) {
      expect((await call('/state', version, '0.1.0')).status).toBe(200)
      expect((await call('/state', version, '0.1.1')).status).toBe(426)
    }
  })

  test('is refused as any other when it is not who it says: a stranger learns no version', async () => {
    const answer = await call('/state', '0.1.0', '9.0.0', { secret: createSecret() })
    expect(answer.status).toBe(401)
    expect(await answer.text()).not.toContain('9.0.0')
  })
})

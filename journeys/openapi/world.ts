import { randomUUID } from 'node:crypto'
import { systemClock, toInstant } from '../../contract/clock.ts'
import { EMPTY_DIGEST, nextDigest } from '../../contract/digest.ts'
import { signedHeaders } from '../../contract/signing.ts'
import type { Operation } from './api-document.ts'
import { sendRaw } from './send-raw.ts'
import type { RawAnswer, RawCall } from './send-raw.ts'

/** A shop, a channel and what they have, under the names that the document's examples use, so that these are true of it. */
export type World = {
  base: string
  adminToken: string
  storeSecret: string
  publishable: string
  secret: string
  accessToken: string
  /** What can stand in a path, by the name of its parameter. */
  ids: Record<string, string>
  journal: { epoch: number; seq: number; digest: string }
  /** The body of the call that was driven last. */
  sent: unknown
}

/** What a call says beside what the document's example says. `null` as body: none at all. */
export type Given = { ids?: Record<string, string>; query?: string; headers?: Record<string, string>; body?: unknown }

export const CONNECTOR = 'till-1'

export const newWorld = (base: string, adminToken: string): World => ({
  base, adminToken, storeSecret: '', publishable: '', secret: '', accessToken: '', ids: { storeId: 'high-street', channelId: 'boutique', sku: 'CLO-00003' }, journal: { epoch: 0, seq: 0, digest: EMPTY_DIGEST }, sent: undefined,
})

/** A valid call of the operation: its example, the world's names, and who may call it. */
export async function validCall(world: World, operation: Operation, given: Given = {}): Promise<RawCall> {
  const target = operation.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const id = given.ids?.[name] ?? world.ids[name]
    if (id === undefined) throw new Error(`${operation.id} is not driven: nothing is known of {${name}} in ${operation.path}. Give it a value in journeys/openapi/world.ts, or a step of its own in journeys/openapi/steps.ts`)
    return encodeURIComponent(id)
  }) + (given.query ?? queryOf(operation, world))
  const content = given.body === undefined ? operation.body?.example : given.body ?? undefined
  if (operation.body?.required && content === undefined) throw new Error(`${operation.id} is not driven: its body has no example. Add exampleOf(…) to the described-routes.ts that describes it`)
  const body = content === undefined ? undefined : new TextEncoder().encode(JSON.stringify(content))
  const headers = {
    ...(body ? { 'Content-Type': 'application/json' } : {}),
    ...Object.fromEntries(operation.parameters.filter((each) => each.in === 'header' && each.example !== undefined).map((each) => [each.name, String(each.example)])),
    ...given.headers,
  }
  const call = { method: operation.method, target, headers, ...(body ? { body } : {}) }
  return { ...call, headers: { ...headers, ...(await credentials(world, operation, call)) } }
}

/** Parameters that must be there. */
const queryOf = (operation: Operation, { ids }: World): string => {
  const asked = operation.parameters.filter((each) => each.in === 'query' && each.required).map(({ name }) => `${name}=${encodeURIComponent(ids[name] ?? '')}`)
  return asked.length > 0 ? `?${asked.join('&')}` : ''
}

export async function credentials(world: World, { security }: Operation, call: RawCall): Promise<Record<string, string>> {
  const scheme = security.flatMap((each) => Object.keys(each))
  if (scheme.includes('operatorToken')) return { Authorization: `Bearer ${world.adminToken}` }
  if (scheme.includes('channelKey')) return { Authorization: `Bearer ${world.publishable}` }
  if (scheme.includes('orderToken')) return { 'X-Order-Token': world.accessToken }
  if (!scheme.includes('storeSignature')) return {}
  return signedHeaders([world.storeSecret], { id: randomUUID(), timestampS: Math.floor(systemClock() / 1000), method: call.method, target: call.target, body: call.body ?? new Uint8Array() })
}

/** Events of the store, after those before. Fields are as the wire has them, so that a malformed one can be told, too. */
export async function tell(world: World, ...events: { type: string; data: unknown }[]): Promise<RawAnswer> {
  const { epoch, seq, digest } = world.journal
  const told = events.map((event, index) => ({ seq: seq + index + 1, occurredAt: toInstant(systemClock()), ...event }))
  const path = `/connect/v1/stores/${world.ids['storeId']}/events`
  const call: RawCall = {
    method: 'POST', target: path, headers: { 'Content-Type': 'application/json' },
    body: new TextEncoder().encode(JSON.stringify({ connectorId: CONNECTOR, epoch, after: { seq, digest }, events: told })),
  }
  const signed = await signedHeaders([world.storeSecret], { id: randomUUID(), timestampS: Math.floor(systemClock() / 1000), method: 'POST', target: path, body: call.body ?? new Uint8Array() })
  const answer = await sendRaw(world.base, { ...call, headers: { ...call.headers, ...signed } })
  if (answer.status !== 202) throw new Error(`the events were not taken: ${answer.text}`)
  for (const event of told) world.journal.digest = await nextDigest(world.journal.digest, event)
  world.journal.seq += told.length
  return answer
}

/** The operator's own calls, to bring about what an operation needs. */
export async function operate(world: World, method: string, path: string, body?: unknown): Promise<RawAnswer> {
  const answer = await sendRaw(world.base, {
    method, target: `/admin/v1${path}`, headers: { 'Authorization': `Bearer ${world.adminToken}`, ...(body === undefined ? {} : { 'Content-Type': 'application/json' }) },
    ...(body === undefined ? {} : { body: new TextEncoder().encode(JSON.stringify(body)) }),
  })
  if (answer.status >= 300) throw new Error(`${method} ${path} was answered ${answer.status}: ${answer.text}`)
  return answer
}

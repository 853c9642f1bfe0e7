import { randomUUID } from 'node:crypto'
import { systemClock } from '../../contract/clock.ts'
import { signedHeaders } from '../../contract/signing.ts'
import { call, type Answer } from './edge-api.ts'

type SignedRequest = { method?: 'GET' | 'POST'; path: string; body?: unknown }

/** A store's calls without a connector: signed as one would sign them, or wrongly, which a connector cannot be asked to do. */
export function signedClient(edgeUrl: string, secret: string, ageS = 0) {
  return async ({ method = 'POST', path, body }: SignedRequest): Promise<Answer> => {
    const text = body === undefined ? '' : JSON.stringify(body)
    const timestampS = Math.floor(systemClock() / 1000) - ageS
    const headers = await signedHeaders([secret], { id: randomUUID(), timestampS, method, target: path, body: new TextEncoder().encode(text) })
    return call(edgeUrl, { method, path, headers: { ...headers, 'Content-Type': 'application/json' }, ...(method === 'POST' ? { raw: text } : {}) })
  }
}

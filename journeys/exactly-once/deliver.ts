import { randomUUID } from 'node:crypto'
import { systemClock } from '../../contract/clock.ts'
import { PendingAnswer } from '../../contract/connect.ts'
import { signedHeaders } from '../../contract/signing.ts'
import type { Assignment } from '../../contract/assignment.ts'
import { call, expectAnswer, type Answer } from '../local/edge-api.ts'
import { signedClient } from '../local/signed-client.ts'
import { STORE_ID, type DatabaseHouse } from './database-house.ts'

type Party = Pick<DatabaseHouse, 'edge' | 'shop' | 'secret'>

/** What the edge offers the store for fetching, as a connector would ask for it. */
export async function offered({ edge, secret }: Party): Promise<Assignment[]> {
  const answer = await signedClient(edge.ready.url, secret)({ method: 'GET', path: `/connect/v1/stores/${STORE_ID}/orders/pending` })
  return expectAnswer(answer, 200, PendingAnswer).assignments
}

/** Brings it to the connector as the edge's push does. */
export async function push({ shop, secret }: Party, assignment: Assignment): Promise<Answer> {
  const path = `/orders/${assignment.assignmentId}`
  const raw = JSON.stringify(assignment)
  const headers = await signedHeaders([secret], { id: randomUUID(), timestampS: Math.floor(systemClock() / 1000), method: 'PUT', target: path, body: new TextEncoder().encode(raw) })
  return call(shop.url, { method: 'PUT', path, headers: { ...headers, 'Content-Type': 'application/json' }, raw })
}

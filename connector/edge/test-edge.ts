import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { toInstant } from '../../contract/clock.ts'
import { EventsRequest, HeartbeatRequest, type HeartbeatAnswer, type StateRow } from '../../contract/connect.ts'
import { CONNECTOR_VERSION_HEADER, isOlder } from '../../contract/connector-version.ts'
import { EMPTY_DIGEST, nextDigest } from '../../contract/digest.ts'
import { StoreEvent } from '../../contract/events.ts'
import { PROBLEM_BASE, PROBLEMS, type ProblemType } from '../../contract/problem.ts'
import { verifyCall } from '../../contract/signing.ts'
import type { NumberedEvent } from '../journal/outgoing-event.ts'
import { SECRET, STORE_ID } from '../test-shop.ts'

/** A small edge over real HTTP, by the contract: signatures, epochs, gaps, digests. For the connector's tests. */
export type TestEdge = {
  url: string
  epoch: number
  /** By epoch, what was taken. */
  taken: Map<number, NumberedEvent[]>
  events(): NumberedEvent[]
  state: Map<string, StateRow>
  pending: { assignments: unknown[]; cancels: { assignmentId: string }[] }
  /** Added to the next heartbeat answers. */
  answer: Partial<HeartbeatAnswer>
  /** Answered instead, once each, in order. `type` null: by something on the way, with a page of its own. */
  refusals: { path: string; status: number; type: ProblemType | null; more?: Record<string, unknown>; headers?: Record<string, string> }[]
  /** The oldest connector that it takes; null: any. */
  least: string | null
  /** The edge's own time minus this machine's. */
  skewMs: number
  calls: { path: string; signed: boolean }[]
  beats: HeartbeatRequest[]
  /** Takes a call in and closes the line without an answer. */
  loseAnswers: number
  mark: { seq: number; digest: string }
  close(): Promise<void>
}

export async function startTestEdge(port = 0): Promise<TestEdge> {
  const server = createServer((request, response) => void handle(request, response))
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const edge: TestEdge = {
    url: `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`,
    epoch: 0,
    taken: new Map(),
    events: () => edge.taken.get(edge.epoch) ?? [],
    state: new Map(),
    pending: { assignments: [], cancels: [] },
    answer: {},
    refusals: [],
    least: null,
    skewMs: 0,
    calls: [],
    beats: [],
    loseAnswers: 0,
    mark: { seq: 0, digest: EMPTY_DIGEST },
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close').catch(() => undefined)
    },
  }

  const prefix = `/connect/v1/stores/${STORE_ID}`

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const body = new Uint8Array(Buffer.concat(chunks))
    const target = request.url ?? ''
    const path = target.slice(prefix.length).split('?')[0] ?? ''
    const headers = new Headers(Object.entries(request.headers).flatMap(([name, value]) => (typeof value === 'string' ? [[name, value] as [string, string]] : [])))
    const signed = await verifyCall([SECRET], headers, { method: request.method ?? '', target, body }, Date.now() + edge.skewMs)
    edge.calls.push({ path, signed })
    response.sendDate = false
    response.setHeader('date', new Date(Date.now() + edge.skewMs).toUTCString())
    const refusal = edge.refusals.find((each) => each.path === path)
    if (refusal) {
      edge.refusals.splice(edge.refusals.indexOf(refusal), 1)
      if (refusal.type === null) return void response.writeHead(refusal.status, { 'content-type': 'text/html' }).end('<h1>No</h1>')
      return refuse(response, refusal.type, refusal.more, refusal.status, refusal.headers)
    }
    if (!signed) return refuse(response, 'bad-signature')
    if (edge.least !== null && isOlder(headers.get(CONNECTOR_VERSION_HEADER) ?? '', edge.least)) return refuse(response, 'connector-too-old', { minVersion: edge.least })
    const answer = await decide(path, body.length > 0 ? JSON.parse(new TextDecoder().decode(body)) : null)
    if ('problem' in answer) return refuse(response, answer.problem, answer.more)
    if (edge.loseAnswers > 0) {
      edge.loseAnswers -= 1
      return void response.destroy()
    }
    send(response, answer.status, answer.body)
  }

  type Answer = { status: number; body: unknown } | { problem: ProblemType; more?: Record<string, unknown> }

  async function decide(path: string, body: unknown): Promise<Answer> {
    switch (path) {
      case '/epochs':
        edge.epoch += 1
        edge.mark = { seq: 0, digest: EMPTY_DIGEST }
        return { status: 200, body: { epoch: edge.epoch } }
      case '/events':
        return takeEvents(EventsRequest.parse(body))
      case '/heartbeat': {
        const beat = HeartbeatRequest.parse(body)
        edge.beats.push(beat)
        if (beat.epoch !== edge.epoch) return { problem: 'epoch-forked' }
        const { answer } = edge
        return { status: 200, body: { serverTime: toInstant(Date.now() + edge.skewMs), ackedSeq: edge.mark.seq, pending: edge.pending.assignments.length, askAgain: [], requests: [], pushConfirmed: true, ...answer } }
      }
      case '/orders/pending':
        return { status: 200, body: edge.pending }
      case '/state':
        return { status: 200, body: { items: [...edge.state.values()], nextCursor: null } }
      default:
        return { problem: 'not-found' }
    }
  }

  async function takeEvents(call: EventsRequest): Promise<Answer> {
    if (call.epoch !== edge.epoch) return { problem: 'epoch-forked' }
    if (call.after.seq > edge.mark.seq) return { problem: 'sequence-gap', more: { expectedSeq: edge.mark.seq + 1 } }
    let digest = call.after.digest
    if (call.after.seq === edge.mark.seq && digest !== edge.mark.digest) return { problem: 'epoch-forked' }
    for (const event of call.events) {
      digest = await nextDigest(digest, event)
      if (event.seq === edge.mark.seq && digest !== edge.mark.digest) return { problem: 'epoch-forked' }
      if (event.seq <= edge.mark.seq) continue
      edge.mark = { seq: event.seq, digest }
      edge.taken.set(edge.epoch, [...edge.events(), StoreEvent.parse(event)])
    }
    return { status: 202, body: { ackedSeq: edge.mark.seq, rejected: [] } }
  }

  return edge
}

function refuse(response: ServerResponse, type: ProblemType, more: Record<string, unknown> = {}, status: number = PROBLEMS[type][0], headers: Record<string, string> = {}): void {
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
  send(response, status, { type: PROBLEM_BASE + type, title: PROBLEMS[type][1], status, ...more })
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(JSON.stringify(body))
}

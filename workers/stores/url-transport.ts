import type { Clock } from '../../contract/clock.ts'
import type { Transport } from '../../contract/operator.ts'
import { signedHeaders } from '../../contract/signing.ts'
import { nextSpan, TRACEPARENT_HEADER } from '../../contract/trace.ts'
import { Fault } from '../fault.ts'
import type { StoreTransport, TransportAnswer } from './port.ts'

/** A journal answers in milliseconds. Twice what the breaker calls slow, so that slow is seen before it is a fault. */
export const CALL_TIMEOUT_MS = 10_000

export type UrlTransportOptions = {
  transport: Extract<Transport, { kind: 'tunnel' }>
  /** All live ones: the connector may know only one of them while they rotate. */
  secrets: readonly string[]
  clock: Clock
  fetch?: (url: string, init: RequestInit) => Promise<Response>
}

/** The store behind a tunnel's hostname (or plain loopback in development). A fault is thrown; nobody knows then whether it arrived. */
export function createUrlTransport({ transport, secrets, clock, fetch: send = fetch }: UrlTransportOptions): StoreTransport {
  const base = new URL(transport.url)
  const prefix = base.pathname.replace(/\/$/, '')
  const access: Record<string, string> = transport.accessClientId && transport.accessClientSecret
    ? { 'CF-Access-Client-Id': transport.accessClientId, 'CF-Access-Client-Secret': transport.accessClientSecret }
    : {}

  async function call(method: 'PUT' | 'POST', path: string, body: Uint8Array, traceparent?: string): Promise<TransportAnswer> {
    const target = prefix + path
    const signed = await signedHeaders(secrets, { id: crypto.randomUUID(), timestampS: Math.floor(clock() / 1000), method, target, body })
    let response
    try {
      response = await send(base.origin + target, {
        method,
        headers: { ...signed, ...access, 'Content-Type': 'application/json', ...(traceparent === undefined ? {} : { [TRACEPARENT_HEADER]: nextSpan(traceparent) }) },
        ...(body.length > 0 ? { body } : {}),
        redirect: 'manual',
        signal: AbortSignal.timeout(CALL_TIMEOUT_MS),
      })
    } catch (error) {
      const late = error instanceof Error && error.name === 'TimeoutError'
      throw new Fault(late ? `the store did not answer within ${CALL_TIMEOUT_MS} ms` : 'the store cannot be reached', 'is its tunnel up, and its connector running?')
    }
    // Only the head is believed. A body of any length stays where it is; that it cannot be dropped changes nothing.
    await response.body?.cancel().catch(() => undefined)
    return answerOf(response.status, response.headers.get('Content-Type')?.startsWith(PROBLEM_JSON) === true)
  }

  return {
    put: (assignment) => call('PUT', `/orders/${encodeURIComponent(assignment.assignmentId)}`, new TextEncoder().encode(JSON.stringify(assignment)), assignment.traceparent),
    cancel: (assignmentId, traceparent) => call('POST', `/orders/${encodeURIComponent(assignmentId)}/cancel`, new Uint8Array(), traceparent),
  }
}

/** How a connector says no. A parser that met a broken line, or a proxy on the way, says it otherwise, and knows nothing of the work. */
const PROBLEM_JSON = 'application/problem+json'
/** What a client is told of itself or of the moment, not of the work it brings. */
const NOT_OF_THE_WORK: ReadonlySet<number> = new Set([401, 403, 404, 408, 429])

/** A refusal is the connector's word on this work. What says that we did not reach it, or that it cannot now, is a fault. */
function answerOf(status: number, isProblem: boolean): TransportAnswer {
  if (status === 200 || status === 202) return { kind: 'journaled' }
  // Access, set to say no to a bad service token with 401, stands before the connector and does not speak as it does.
  if (status === 401 && !isProblem) throw new Fault('Access did not let us through (401)', 'check the service token of the store\'s transport, and whether it has expired')
  if (status === 401) throw new Fault('the store did not accept our signature (401)', 'do both sides have the same secret, and does the store\'s clock run right?')
  if (status === 403 || (status >= 300 && status < 400)) throw new Fault(`Access did not let us through (${status})`, 'check the service token of the store\'s transport')
  if (status === 404) throw new Fault('no connector answers at the store\'s address (404)', 'does the transport\'s url lead to the connector?')
  const isOfTheWork = status >= 400 && status < 500 && !NOT_OF_THE_WORK.has(status)
  if (!isOfTheWork) throw new Fault(`the store cannot take it now (${status})`, 'see the connector\'s status on the store\'s machine')
  if (!isProblem) throw new Fault(`something on the way to the store refused the call (${status})`, 'look at the tunnel, and at what stands between it and the connector')
  if (status === 409) return { kind: 'conflict' }
  return status === 410 ? { kind: 'struck' } : { kind: 'refused', status }
}

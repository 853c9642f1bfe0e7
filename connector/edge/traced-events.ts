import { traceIdOf } from '../../contract/trace.ts'
import { assignmentOf, type NumberedEvent } from '../journal/outgoing-event.ts'
import type { Batch } from '../journal/outbox.ts'

/** Inside of a text the quotes would be escaped, so this is the member and nothing else; levels and items are not read for it. */
const MEMBER = '"traceparent":'

export type TracedEvent = { seq: number; type: string; assignmentId: string | null; traceId: string }

/** The events of a batch that belong to a trace, up to what the edge has confirmed: what the log says of them. */
export function tracedEvents({ after, events }: Pick<Batch, 'after' | 'events'>, ackedSeq: number): TracedEvent[] {
  return events.slice(0, ackedSeq - after.seq).filter((text) => text.includes(MEMBER)).flatMap((text) => {
    // Our own text, written by `numberEvents`.
    const event = JSON.parse(text) as NumberedEvent
    return event.traceparent === undefined ? [] : [{ seq: event.seq, type: event.type, assignmentId: assignmentOf(event), traceId: traceIdOf(event.traceparent) }]
  })
}

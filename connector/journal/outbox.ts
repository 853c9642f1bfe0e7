import { Buffer } from 'node:buffer'
import { EMPTY_DIGEST } from '../../contract/digest.ts'
import { integer, text, textOrNull, type Database } from './database.ts'
import { nextDigestSync } from './digest-sync.ts'
import { wireText, type TooLarge } from './event-size.ts'
import type { Meta } from './meta.ts'
import { assignmentOf, type NumberedEvent, type OutgoingEvent } from './outgoing-event.ts'

/** A place in the numbering, and the rolling digest there. */
export type Mark = { seq: number; digest: string }

/** The next events to send: their texts exactly as numbered and digested. `after` is where they go on from. */
export type Batch = { after: Mark; events: string[]; lastSeq: number }

export type Outbox = {
  /** The last seq given; 0 before the first. A POS read takes its `asOf` from here, before it reads. */
  lastSeq(): number
  /** Up to where the edge has confirmed, as far as this journal has sent it. */
  acked(): Mark
  /** How many events wait for the edge's word. */
  waiting(): number
  next(eventsMax: number, bytesMax: number): Batch
  /** Confirmed up to `seq`; older rows go, except the last ones. A seq that is not held is ignored. */
  markAcked(seq: number): void
  /** The edge wants everything from `seq` on again. False when that is no longer held. */
  goBackTo(seq: number): boolean
  allWaiting(): OutgoingEvent[]
}

/** Confirmed events kept for an edge that was itself restored and asks for the last ones again. */
const ACKED_KEPT = 1000

export function openOutbox(db: Database, meta: Meta): Outbox {
  const lastMark = (): Mark => ({ seq: meta.number('lastSeq') ?? 0, digest: meta.get('lastDigest') ?? EMPTY_DIGEST })
  const acked = (): Mark => ({ seq: meta.number('ackedSeq') ?? 0, digest: meta.get('ackedDigest') ?? EMPTY_DIGEST })

  const digestAt = (seq: number): string | null => {
    if (seq === 0) return EMPTY_DIGEST
    if (seq === acked().seq) return acked().digest
    const row = db.get('SELECT digest FROM outbox WHERE seq = ?', seq)
    return row ? text(row, 'digest') : null
  }

  const setAcked = (mark: Mark): void => {
    meta.set('ackedSeq', String(mark.seq))
    meta.set('ackedDigest', mark.digest)
  }

  return {
    lastSeq: () => lastMark().seq,
    acked,
    waiting: () => lastMark().seq - acked().seq,
    next(eventsMax, bytesMax) {
      const after = acked()
      const events: string[] = []
      let bytes = 0
      let lastSeq = after.seq
      for (const row of db.all('SELECT seq, event FROM outbox WHERE seq > ? ORDER BY seq LIMIT ?', after.seq, eventsMax)) {
        const event = text(row, 'event')
        bytes += Buffer.byteLength(event) + 1
        if (events.length > 0 && bytes > bytesMax) break
        events.push(event)
        lastSeq = integer(row, 'seq')
      }
      return { after, events, lastSeq }
    },
    markAcked(seq) {
      const digest = seq > acked().seq ? digestAt(seq) : null
      if (digest === null) return
      db.transaction(() => {
        setAcked({ seq, digest })
        db.run('DELETE FROM outbox WHERE seq <= ?', seq - ACKED_KEPT)
      })
    },
    goBackTo(seq) {
      const digest = digestAt(seq - 1)
      const held = seq > lastMark().seq || db.get('SELECT 1 FROM outbox WHERE seq = ?', seq) !== undefined
      if (digest === null || !held || seq - 1 > lastMark().seq) return false
      db.transaction(() => setAcked({ seq: seq - 1, digest }))
      return true
    },
    allWaiting() {
      return db.all('SELECT event FROM outbox WHERE seq > ? ORDER BY seq', acked().seq).map((row) => {
        // Our own text, written by `numberEvents` below.
        const { seq: _, ...event } = JSON.parse(text(row, 'event')) as NumberedEvent
        return event
      })
    },
  }
}

/** As it came with the work, as long as its body is here. */
function traceparentOf(db: Database, assignmentId: string): string | undefined {
  const row = db.get(`SELECT body ->> '$.traceparent' AS traceparent FROM inbox WHERE assignment_id = ?`, assignmentId)
  return (row && textOrNull(row, 'traceparent')) ?? undefined
}

/**
 * Gives each event the next number and writes it with the digest after it. Only inside a transaction: a number that was
 * given and whose event was not kept would be a gap. Also notes at the assignment that the edge is being told. Answers the
 * seqs, and which events went in as stubs.
 */
export function numberEvents(db: Database, meta: Meta, events: readonly OutgoingEvent[]): { seqs: number[]; tooLarge: TooLarge[] } {
  let seq = meta.number('lastSeq') ?? 0
  let digest = meta.get('lastDigest') ?? EMPTY_DIGEST
  const epoch = meta.number('epoch')
  const seqs: number[] = []
  const tooLarge: TooLarge[] = []
  for (const event of events) {
    seq += 1
    const assignmentId = assignmentOf(event)
    // What is told again under a new epoch keeps the trace it had.
    const traceparent = event.traceparent ?? (assignmentId === null ? undefined : traceparentOf(db, assignmentId))
    const text = wireText(seq, traceparent === undefined ? event : { ...event, traceparent })
    const { wire } = text
    if (text.tooLarge) tooLarge.push(text.tooLarge)
    digest = nextDigestSync(digest, JSON.parse(wire))
    db.run('INSERT INTO outbox (seq, event, digest) VALUES (?, ?, ?)', seq, wire, digest)
    if (assignmentId) db.run('UPDATE inbox SET told_epoch = ?, told_seq = ? WHERE assignment_id = ?', epoch, seq, assignmentId)
    seqs.push(seq)
  }
  meta.set('lastSeq', String(seq))
  meta.set('lastDigest', digest)
  return { seqs, tooLarge }
}

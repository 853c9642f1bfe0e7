import { isOnDisk, openDatabase, text } from './database.ts'
import { openHeld, type Held } from './held.ts'
import { openInbox, type Inbox, type InboxRow } from './inbox.ts'
import { listInbox, type InboxFilter } from './list-inbox.ts'
import { openMeta, type Meta } from './meta.ts'
import type { NumberedEvent } from './outgoing-event.ts'
import { openOutbox, type Outbox } from './outbox.ts'
import { openRefused, type Refused } from './refused.ts'
import { checkSchema, JournalRefused, SCHEMA_VERSION } from './schema.ts'

/** The parts of a journal that a person may look at. Their writing halves throw: the file is open for reading. */
export type JournalReader = {
  meta: Meta
  inbox: Pick<Inbox, 'get' | 'countByState' | 'unfinished'>
  outbox: Pick<Outbox, 'lastSeq' | 'acked' | 'waiting' | 'next'>
  refused: Pick<Refused, 'count' | 'list' | 'get'>
  held: Pick<Held, 'quarantine' | 'count' | 'sample'>
  list(filter: InboxFilter): InboxRow[]
  /** The newest order with this number, as shoppers and staff say it. */
  findByNumber(number: string): InboxRow | null
  /** The events that mention an assignment and are still kept, told or not, in order. */
  eventsAbout(assignmentId: string, limit: number): NumberedEvent[]
  /** How many events the outbox holds of each type, the confirmed ones included. */
  eventTypes(): Record<string, number>
}

/** There is no journal: the connector has not run with this configuration. */
export class NoJournal extends Error {
  override name = 'NoJournal'
}

/** Reads a journal beside a running connector without writing to it. Throws `NoJournal`, `JournalRefused`. */
export function readJournal<T>(file: string, work: (journal: JournalReader) => T): T {
  if (!isOnDisk(file)) throw new NoJournal(`there is no journal at ${file} yet`)
  const db = openDatabase(file, { readOnly: true })
  try {
    const found = checkSchema(db)
    if (found < SCHEMA_VERSION) throw new JournalRefused(`the journal has schema version ${found}, this connector reads ${SCHEMA_VERSION}: start the connector once, which brings the journal up to date`)
    const meta = openMeta(db)
    const inbox = openInbox(db)
    return work({
      meta, inbox, outbox: openOutbox(db, meta), refused: openRefused(db), held: openHeld(db, meta),
      list: (filter) => listInbox(db, inbox, filter),
      findByNumber(number) {
        const row = db.get(`SELECT assignment_id FROM inbox WHERE body ->> 'number' = ? ORDER BY arrival DESC LIMIT 1`, number)
        return row ? inbox.get(text(row, 'assignment_id')) : null
      },
      // Our own text, as it was numbered.
      eventsAbout: (assignmentId, limit) =>
        db.all(`SELECT event FROM outbox WHERE event -> 'data' ->> 'assignmentId' = ? ORDER BY seq LIMIT ?`, assignmentId, limit).map((row) => JSON.parse(text(row, 'event')) as NumberedEvent),
      eventTypes: () => Object.fromEntries(db.all(`SELECT event ->> 'type' AS type, count(*) AS n FROM outbox GROUP BY 1 ORDER BY 1`).map((row) => [String(row['type']), Number(row['n'])])),
    })
  } finally {
    db.close()
  }
}

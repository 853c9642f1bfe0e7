import { createHash } from 'node:crypto'
import { closeSync, mkdirSync, openSync } from 'node:fs'
import { hostname } from 'node:os'
import { dirname, resolve } from 'node:path'
import { EMPTY_DIGEST } from '../../contract/digest.ts'
import { applyToBaseline, openBaseline, type Baseline } from './baseline.ts'
import { isDatabaseBusy, isDiskFault, isDiskFull, JournalCannotWrite, openDatabase, type Database } from './database.ts'
import type { TooLarge } from './event-size.ts'
import { openErasing, type Erasing } from './erase.ts'
import { openForgetting, type Forgetting } from './forget.ts'
import { openHealed, type Healed } from './healed.ts'
import { openHeld, type Held } from './held.ts'
import { openInbox, type Inbox } from './inbox.ts'
import { openLetGo, type LetGo } from './let-go.ts'
import { openMemory, type Memory } from './memory.ts'
import { openMeta, type Meta } from './meta.ts'
import { numberEvents, openOutbox, type Outbox } from './outbox.ts'
import type { OutgoingEvent } from './outgoing-event.ts'
import { openRefused, type Refused } from './refused.ts'
import { openRoom, releaseBallast, type Room, type RoomLimits } from './room.ts'
import { JournalRefused, mustBeJournal, prepareSchema } from './schema.ts'

/**
 * Everything that is not yet acknowledged in the shop, on disk before anybody is told. One process at a time.
 * Its parts write only through `transaction`, so that what belongs together is one commit (rules.md 1).
 */
export type Journal = {
  connectorId: string
  inbox: Inbox
  outbox: Outbox
  baseline: Baseline
  held: Held
  letGo: LetGo
  healed: Healed
  meta: Meta
  /** What the POS's adapter has seen. It stays over epochs: what the edge was told is the baseline's business. */
  memory: Memory
  /** What the adapter could not read. */
  refused: Refused
  /** How much it may still take. A full disk, or the ceiling of the configuration, ends new orders and captures and nothing else. */
  room: Room
  forget: Forgetting
  erasing: Erasing
  transaction<T>(work: () => T): T
  /** Numbers and keeps the events, in order, and answers their seqs. Joins the transaction around it. Throws `JournalFull` for captures without room. */
  append(events: readonly OutgoingEvent[]): number[]
  /** The epoch of the first connection: what was numbered before it belongs to it. */
  takeFirstEpoch(epoch: number): void
  /** Starts the numbering anew under `epoch` with the events that are carried over; the baseline is forgotten and a reconcile is due. */
  startEpoch(epoch: number, carried: readonly OutgoingEvent[]): void
  /** Called after events were numbered. */
  onAppend(listener: () => void): void
  /** Called for each event that was too large for the edge and went in as a stub. */
  onTooLarge(listener: (event: TooLarge) => void): void
  close(): void
}

export type JournalOptions = {
  file: string
  storeId: string
  /** From the configuration; a journal that knows another keeps its own only when this is undefined. */
  connectorId?: string | undefined
  /** What it may take of its disk; left out, it is not bounded. */
  room?: RoomLimits | undefined
}

/** The edge counts a store's epochs from here: under it no journal was before this one. */
export const FIRST_EPOCH = 1

/** Another process has the journal open: two writers of one store's numbering would fork it. */
export class JournalInUse extends Error {
  override name = 'JournalInUse'
}

/** Opens or creates the journal. Throws `JournalRefused`, `JournalInUse`, or a disk's fault. */
export function openJournal(options: JournalOptions): Journal {
  const file = resolve(options.file)
  mkdirSync(dirname(file), { recursive: true })
  // Orders hold names and addresses: nobody but the connector's own user reads them.
  closeSync(openSync(file, 'a', 0o600))
  const lock = lockJournal(file)
  try {
    try {
      return open(file, lock, options)
    } catch (error) {
      // On a disk that has filled up meanwhile the orders already taken are still finished.
      if ((isDiskFault(error) || error instanceof JournalCannotWrite) && releaseBallast(file)) return open(file, lock, options)
      throw error
    }
  } catch (error) {
    lock.close()
    throw error
  }
}

function open(file: string, lock: Database, options: JournalOptions): Journal {
  const db = openDatabase(file)
  try {
    mustBeJournal(db)
    // What is deleted or overwritten is gone from the file as well: it held names and addresses.
    db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA secure_delete = ON')
    prepareSchema(db)
    return createJournal(db, lock, identify(openMeta(db), options, file), (bounded) => openRoom(bounded, file, options.room ?? null))
  } catch (error) {
    db.close()
    throw error
  }
}

/** An exclusive transaction on a file beside the journal, held for life: the operating system lets go when the process dies. */
function lockJournal(file: string): Database {
  const lock = openDatabase(`${file}.lock`)
  try {
    // Whoever looks whether it is held, reads it for a moment. Nothing is ever written, so a full disk need not have room for it.
    lock.exec('PRAGMA busy_timeout = 200; PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE')
  } catch (error) {
    lock.close()
    if (isDatabaseBusy(error)) throw new JournalInUse(`another connector process uses the journal ${file}`, { cause: error })
    throw error
  }
  return lock
}

function identify(meta: Meta, options: JournalOptions, file: string): string {
  const storeId = meta.get('storeId')
  if (storeId !== null && storeId !== options.storeId) {
    throw new JournalRefused(`the journal belongs to store "${storeId}", the configuration says "${options.storeId}": each store needs a journal file of its own`)
  }
  // The place of the file is part of the name: a lost journal comes back under the same lease, a second installation does not.
  const byPlace = `${hostname()}-${createHash('sha256').update(file).digest('hex').slice(0, 8)}`
  const connectorId = options.connectorId ?? meta.get('connectorId') ?? byPlace
  if (storeId === null) meta.set('storeId', options.storeId)
  if (connectorId !== meta.get('connectorId')) meta.set('connectorId', connectorId)
  return connectorId
}

/**
 * Another life of this journal, or a journal before it, may have written what this one believes unwritten: it goes on as
 * INTENT, which is looked up in the POS first, and is in doubt where that is not possible. So does what was struck unasked.
 */
const doubtUnwritten = (db: Database): void =>
  void db.run(`UPDATE inbox SET state = 'intent' WHERE state = 'received' OR (state = 'struck' AND cancel = 'requested' AND body IS NOT NULL)`)

function createJournal(opened: Database, lock: Database, connectorId: string, roomIn: (db: Database) => Room): Journal {
  const room = roomIn(opened)
  const db: Database = {
    ...opened,
    transaction(work) {
      try {
        return opened.transaction(work)
      } catch (error) {
        if (isDiskFull(error)) room.failed()
        throw error
      }
    },
  }
  const meta = openMeta(db)
  const held = openHeld(db, meta)
  const letGo = openLetGo(db)
  const listeners: (() => void)[] = []
  const tooLargeListeners: ((event: TooLarge) => void)[] = []

  const number = (events: readonly OutgoingEvent[]): number[] => {
    if (events.length === 0) return []
    const { seqs, tooLarge } = db.transaction(() => {
      const given = numberEvents(db, meta, events)
      events.forEach((event, index) => applyToBaseline(db, event, given.seqs[index] ?? 0))
      return given
    })
    for (const event of tooLarge) for (const listener of tooLargeListeners) listener(event)
    for (const listener of listeners) listener()
    return seqs
  }

  return {
    connectorId,
    inbox: openInbox(db),
    outbox: openOutbox(db, meta),
    baseline: openBaseline(db),
    held,
    letGo,
    healed: openHealed(db),
    meta,
    room,
    forget: openForgetting(db, meta),
    erasing: openErasing(db, meta),
    memory: openMemory(db),
    refused: openRefused(db),
    transaction: (work) => db.transaction(work),
    append(events) {
      // What came of an order always has room. The rest the POS can tell again, and its cursor stands until it is taken down.
      if (events.some(({ type }) => !type.startsWith('order.'))) room.demandFor('capture')
      return number(events)
    },
    takeFirstEpoch(epoch) {
      db.transaction(() => {
        meta.set('epoch', String(epoch))
        meta.delete('epochWanted')
        db.run('UPDATE inbox SET told_epoch = ? WHERE told_seq IS NOT NULL', epoch)
        if (epoch > FIRST_EPOCH) doubtUnwritten(db)
      })
    },
    startEpoch(epoch, carried) {
      db.transaction(() => {
        db.run('DELETE FROM outbox')
        db.run('DELETE FROM baseline')
        // Held levels count in the old numbering; the reconcile that follows finds them again.
        held.clear()
        letGo.clear()
        db.run('UPDATE inbox SET told_epoch = NULL, told_seq = NULL')
        doubtUnwritten(db)
        meta.set('epoch', String(epoch))
        for (const key of ['lastSeq', 'ackedSeq'] as const) meta.set(key, '0')
        for (const key of ['lastDigest', 'ackedDigest'] as const) meta.set(key, EMPTY_DIGEST)
        meta.set('reconcileWanted', '1')
        meta.delete('epochWanted')
        number(carried)
      })
    },
    onAppend: (listener) => void listeners.push(listener),
    onTooLarge: (listener) => void tooLargeListeners.push(listener),
    close() {
      db.close()
      lock.close()
    },
  }
}

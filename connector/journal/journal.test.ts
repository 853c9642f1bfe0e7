import { spawn } from 'node:child_process'
import { copyFileSync, existsSync, readFileSync, statSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { EMPTY_DIGEST, nextDigest } from '../../contract/digest.ts'
import { toInstant } from '../../contract/clock.ts'
import { assignmentOf, NOW, openTestJournal, STORE_ID, testFolder, waitingEvents } from '../test-shop.ts'
import { JournalCannotWrite, openDatabase } from './database.ts'
import { readJournalStatus } from './journal-status.ts'
import { JournalInUse, openJournal, type Journal } from './journal.ts'
import { openMeta } from './meta.ts'
import type { OutgoingEvent } from './outgoing-event.ts'
import { JournalRefused } from './schema.ts'

const counted = (sku: string, onHand: number, asOf = 0): OutgoingEvent => ({ type: 'stock.counted', occurredAt: toInstant(NOW), data: { sku, onHand, asOf } })

let folder: ReturnType<typeof testFolder>
let file: string
let journal: Journal

beforeEach(() => {
  folder = testFolder()
  file = folder.file('journal.sqlite')
  journal = openTestJournal(file)
})
afterEach(() => {
  try {
    journal.close()
  } catch {
    // Some tests close it themselves.
  }
  folder.remove()
})

describe('the numbering', () => {
  test('gives every event the next number and keeps the contract\'s rolling digest', async () => {
    expect(journal.append([counted('A', 1), counted('B', 2)])).toEqual([1, 2])
    expect(journal.append([counted('A', 3)])).toEqual([3])
    let digest = EMPTY_DIGEST
    for (const event of waitingEvents(journal)) digest = await nextDigest(digest, event)
    journal.outbox.markAcked(3)
    expect(journal.outbox.acked()).toEqual({ seq: 3, digest })
  })

  test('goes on after a restart where it was', () => {
    journal.append([counted('A', 1)])
    journal.outbox.markAcked(1)
    const acked = journal.outbox.acked()
    journal.close()
    journal = openTestJournal(file)
    expect(journal.outbox.acked()).toEqual(acked)
    expect(journal.append([counted('A', 2)])).toEqual([2])
  })

  test('is one commit with what belongs to it: a throw leaves neither event nor number', () => {
    expect(() => journal.transaction(() => {
      journal.append([counted('A', 1)])
      throw new Error('power cut')
    })).toThrow('power cut')
    expect(journal.outbox.lastSeq()).toBe(0)
    expect(journal.baseline.of(['A']).size).toBe(0)
  })

  test('a batch ends at its bytes, but has at least one event', () => {
    journal.append([counted('A', 1), counted('B', 2), counted('C', 3)])
    const one = Buffer.byteLength(JSON.stringify(waitingEvents(journal)[0]))
    expect(journal.outbox.next(500, 2 * one + 10).events).toHaveLength(2)
    expect(journal.outbox.next(500, 1).events).toHaveLength(1)
    expect(journal.outbox.next(2, 1e6)).toMatchObject({ after: { seq: 0 }, lastSeq: 2 })
  })

  test('half a surrogate pair from a POS stops nothing', () => {
    journal.append([{ type: 'order.in_doubt', occurredAt: toInstant(NOW), data: { assignmentId: 'ord_1', detail: 'bad \ud800 text' } }])
    expect(JSON.stringify(waitingEvents(journal))).toContain('bad � text')
  })
})

describe('what the edge has confirmed', () => {
  test('is never more than was numbered here', () => {
    journal.append([counted('A', 1)])
    journal.outbox.markAcked(7)
    expect(journal.outbox.acked().seq).toBe(0)
  })

  test('is pruned but for the last thousand, and the chain continues', () => {
    journal.append(Array.from({ length: 1500 }, (_, index) => counted('A', index)))
    journal.outbox.markAcked(1400)
    expect(waitingEvents(journal).map(({ seq }) => seq).at(0)).toBe(1401)
    expect(journal.outbox.goBackTo(300)).toBe(false)
    expect(journal.outbox.goBackTo(1000)).toBe(true)
    expect(journal.outbox.next(10, 1e6).after.seq).toBe(999)
  })

  test('can be taken back by an edge that was restored, with the digest of that place', async () => {
    journal.append([counted('A', 1), counted('A', 2)])
    const [first] = waitingEvents(journal)
    journal.outbox.markAcked(2)
    expect(journal.outbox.goBackTo(2)).toBe(true)
    expect(journal.outbox.acked()).toEqual({ seq: 1, digest: await nextDigest(EMPTY_DIGEST, first) })
    expect(journal.outbox.goBackTo(9)).toBe(false)
  })
})

describe('the baseline', () => {
  test('is what the events told; the level with the highest asOf stands', () => {
    journal.append([counted('A', 5, 4)])
    journal.append([counted('A', 9, 2)])
    expect(journal.baseline.of(['A']).get('A')).toMatchObject({ onHand: 5, asOf: 4 })
  })

  test('a removed item forgets its level, so that it is told anew when it comes back', () => {
    journal.append([counted('A', 5), { type: 'catalog.item_removed', occurredAt: toInstant(NOW), data: { sku: 'A' } }])
    expect(journal.baseline.of(['A']).get('A')).toMatchObject({ itemHash: null, onHand: null })
  })
})

describe('a new epoch', () => {
  test('starts the numbering, the digests and the baseline anew and asks for a reconcile', () => {
    journal.append([counted('A', 1), counted('B', 1)])
    journal.takeFirstEpoch(4)
    journal.startEpoch(5, [counted('B', 2)])
    expect(waitingEvents(journal)).toMatchObject([{ seq: 1, data: { sku: 'B', onHand: 2 } }])
    expect(journal.outbox.next(1, 1e6).after).toEqual({ seq: 0, digest: EMPTY_DIGEST })
    expect(journal.baseline.of(['A', 'B'])).toMatchObject(new Map([['B', { onHand: 2 }]]))
    expect(journal.meta.get('reconcileWanted')).toBe('1')
  })
})

describe('opening', () => {
  test('brings a journal of the first version up, with what it holds', () => {
    const seqs = journal.append([{ type: 'stock.counted', occurredAt: toInstant(NOW), data: { sku: 'A', onHand: 3, asOf: 0 } }])
    journal.close()
    const db = openDatabase(folder.file('journal.sqlite'))
    db.exec(`ALTER TABLE baseline DROP COLUMN price_minor; ALTER TABLE baseline DROP COLUMN level_seq; DROP TABLE held; DROP TABLE let_go; DROP TABLE healed; DROP TABLE pos_memory; DROP TABLE refused;
      DROP INDEX inbox_open; DROP INDEX inbox_changed; ALTER TABLE inbox DROP COLUMN last_try;
      UPDATE meta SET value = '1' WHERE key = 'schemaVersion'`)
    db.close()
    expect(readJournalStatus(folder.file('journal.sqlite'))).toMatchObject({ lastSeq: seqs.at(-1), feed: { state: 'flowing' }, drift: null })
    journal = openTestJournal(folder.file('journal.sqlite'))
    expect(journal.baseline.of(['A']).get('A')).toMatchObject({ onHand: 3, priceMinor: null })
    expect([journal.held.count(), journal.held.quarantine(), journal.inbox.stuck(1)]).toEqual([0, null, []])
  })

  test('a second connector on the same journal is refused', () => {
    expect(() => openTestJournal(file)).toThrow(JournalInUse)
  })

  test('a journal from the future is refused and left alone', () => {
    journal.close()
    const db = openDatabase(file)
    db.run(`UPDATE meta SET value = '99' WHERE key = 'schemaVersion'`)
    db.close()
    expect(() => openTestJournal(file)).toThrow(JournalRefused)
    expect(() => readJournalStatus(file)).toThrow(/version 99/)
  })

  test.each(['CREATE TABLE products (id INTEGER PRIMARY KEY)', 'CREATE TABLE meta (name TEXT)', 'CREATE TABLE meta (key TEXT, value TEXT)'])('the till\'s own database is refused and left alone: %s', (sql) => {
    const till = folder.file('till.sqlite')
    const db = openDatabase(till)
    db.exec(sql)
    db.close()
    const before = readFileSync(till)
    expect(() => openTestJournal(till)).toThrow(JournalRefused)
    expect(readFileSync(till).equals(before)).toBe(true)
    expect(() => readJournalStatus(till)).toThrow(JournalRefused)
  })

  test('the journal of another store is refused', () => {
    journal.close()
    expect(() => openJournal({ file, storeId: 'other' })).toThrow(/belongs to store "main-street"/)
  })

  test('without a configured id the connector keeps the one it had', () => {
    journal.close()
    journal = openJournal({ file, storeId: STORE_ID })
    expect(journal.connectorId).toBe('test')
  })

  test('nobody but its owner reads it', () => {
    expect(statSync(file).mode & 0o077).toBe(0)
  })

  test('its state is read beside a running connector', () => {
    journal.append([counted('A', 1)])
    expect(readJournalStatus(file)).toMatchObject({ storeId: STORE_ID, running: true, lastSeq: 1, outbox: 1 })
    journal.close()
    expect(readJournalStatus(file)).toMatchObject({ running: false })
  })
})

test('a full disk is told as such, and leaves the journal as it was', () => {
  journal.append([counted('A', 1)])
  journal.close()
  const db = openDatabase(file)
  db.exec('PRAGMA journal_mode = WAL; PRAGMA max_page_count = 16')
  expect(() => db.transaction(() => {
    for (let n = 0; n < 1000; n += 1) db.run('INSERT INTO outbox (seq, event, digest) VALUES (?, ?, ?)', n + 2, 'x'.repeat(1000), '')
  })).toThrow(JournalCannotWrite)
  expect(db.get('SELECT count(*) AS n FROM outbox')).toEqual({ n: 1 })
  // One write by itself, as of a single fact.
  expect(() => openMeta(db).set('heldBy', 'x'.repeat(100_000))).toThrow(JournalCannotWrite)
  db.close()
})

test('what was acknowledged is there after a SIGKILL, and the chain of digests holds', async () => {
  const killed = folder.file('killed.sqlite')
  const child = spawn(process.execPath, ['--input-type=module-typescript', '--eval', `
    import { openJournal } from ${JSON.stringify(new URL('./journal.ts', import.meta.url).href)}
    import { receiveOrder } from ${JSON.stringify(new URL('../delivery/receive-order.ts', import.meta.url).href)}
    const journal = openJournal({ file: ${JSON.stringify(killed)}, storeId: 'main-street' })
    const body = ${JSON.stringify(assignmentOf(0, { A: 1 }))}
    for (let n = 1; n < 100000; n += 1) {
      const assignmentId = 'ord_' + String(n).padStart(26, '0') + '.1'
      receiveOrder(journal, { ...body, assignmentId }, n)
      process.stdout.write(assignmentId + '\\n')
    }
  `], { stdio: ['ignore', 'pipe', 'inherit'] })
  const told: string[] = []
  for await (const line of createInterface({ input: child.stdout })) {
    told.push(line)
    if (told.length === 40) child.kill('SIGKILL')
  }
  expect(told.length).toBeGreaterThanOrEqual(40)
  expect(existsSync(killed)).toBe(true)

  const reopened = openTestJournal(killed)
  for (const id of told) expect(reopened.inbox.get(id)).toMatchObject({ state: 'received' })
  const events = waitingEvents(reopened)
  expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1))
  let digest = EMPTY_DIGEST
  for (const event of events) digest = await nextDigest(digest, event)
  reopened.outbox.markAcked(events.length)
  expect(reopened.outbox.acked().digest).toBe(digest)
  expect(events.length).toBe(reopened.inbox.unfinished())
  reopened.close()
})

test('a copy taken while it was written opens and has every commit', () => {
  journal.append([counted('A', 1)])
  for (const suffix of ['', '-wal']) if (existsSync(file + suffix)) copyFileSync(file + suffix, folder.file(`copy.sqlite${suffix}`))
  const copy = openTestJournal(folder.file('copy.sqlite'))
  expect(waitingEvents(copy)).toMatchObject([{ seq: 1, data: { sku: 'A' } }])
  copy.close()
})

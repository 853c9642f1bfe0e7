import { execFileSync } from 'node:child_process'
import { closeSync, existsSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { toInstant } from '../../contract/clock.ts'
import { acceptOrder, type Shop } from '../delivery/accept-order.ts'
import { receiveOrder } from '../delivery/receive-order.ts'
import { assignmentId, assignmentOf, itemOf, memoryPos, NOW, STORE_ID, testFolder, waitingEvents } from '../test-shop.ts'
import { createTurn } from '../turn.ts'
import { JournalCannotWrite } from './database.ts'
import { openJournal, type Journal } from './journal.ts'
import type { OutgoingEvent } from './outgoing-event.ts'
import { JournalFull, type RoomLimits } from './room.ts'

const KILOBYTE = 1024
/** So that a small journal is a full one. */
const SMALL: RoomLimits = { maxBytes: 1000 * KILOBYTE, keepFreeBytes: 0, ballastBytes: 64 * KILOBYTE, lookEveryMs: 0 }
const UNBOUNDED = Number.MAX_SAFE_INTEGER

let folder: ReturnType<typeof testFolder>
let journal: Journal

const open = (file: string, room: RoomLimits): Journal => openJournal({ file, storeId: STORE_ID, connectorId: 'test', room })
beforeEach(() => {
  folder = testFolder()
})
afterEach(() => {
  closeIfOpen()
  folder.remove()
})
function closeIfOpen(): void {
  try {
    journal.close()
  } catch {
    // It is closed, or a failing test could not open it again.
  }
}

const captured = (n: number): OutgoingEvent => ({ type: 'catalog.item_upserted', occurredAt: toInstant(NOW), data: { ...itemOf(`S${n}`), description: 'y'.repeat(1500) } })
const told = (n: number): OutgoingEvent => ({ type: 'order.journaled', occurredAt: toInstant(NOW), data: { assignmentId: assignmentId(n) } })
const receive = (n: number): string => receiveOrder(journal, assignmentOf(n, { A: 1 }), NOW).kind
/** How often it could be done before the journal said no. */
function untilRefused(step: (n: number) => unknown): { times: number; error: unknown } {
  for (let times = 0; times < 20_000; times += 1) {
    try {
      step(times)
    } catch (error) {
      return { times, error }
    }
  }
  throw new Error('it never said no')
}
const accept = (n: number) => {
  const shop: Shop = { journal, pos: memoryPos({ A: 1000 }), turn: createTurn(), now: () => NOW, holdsStore: () => true }
  return acceptOrder(shop, journal.inbox.get(assignmentId(n))!, new Map())
}

describe('a journal at its ceiling', () => {
  test('pauses captures before it ends orders, finishes what it has, and goes on when the edge has taken what waited', async () => {
    journal = open(folder.file('journal.sqlite'), SMALL)
    const heard: string[] = []
    journal.room.onChange((state, hint) => heard.push(state.kind, ...(hint === null ? [] : [hint])))
    journal.meta.set('posCursor', 'before')
    const captures = untilRefused((n) => journal.transaction(() => {
      journal.append([captured(n)])
      journal.meta.set('posCursor', `after ${n}`)
    }))
    expect(captures.error).toBeInstanceOf(JournalFull)
    expect(journal.room.state()).toEqual({ kind: 'filling', why: 'ceiling' })
    expect([journal.meta.get('posCursor'), journal.outbox.lastSeq()]).toEqual([`after ${captures.times - 1}`, captures.times])

    const orders = untilRefused(receive)
    expect(orders.error).toBeInstanceOf(JournalFull)
    expect(orders.times).toBeGreaterThan(5)
    expect([journal.inbox.get(assignmentId(orders.times)), receive(0)]).toEqual([null, 'known'])
    expect(heard).toEqual(['filling', expect.stringContaining('journal.maxMegabytes'), 'full', expect.stringContaining('journal.maxMegabytes')])

    for (let n = 0; n < orders.times; n += 1) expect(await accept(n)).toBe('accepted')
    const outcomes = waitingEvents(journal).filter(({ type }) => type === 'order.accepted')
    expect(outcomes).toHaveLength(orders.times)

    // The last thousand confirmed events are kept for an edge that was itself restored: small ones push the large ones out.
    journal.transaction(() => journal.append(Array.from({ length: 1000 }, () => told(0))))
    journal.outbox.markAcked(journal.outbox.lastSeq())
    expect(journal.room.state().kind).toBe('open')
    expect(heard.at(-1)).toBe('open')
    expect(receive(orders.times)).toBe('journaled')
    journal.append([captured(0)])
  })

  test('a journal that nobody bounded asks no disk', () => {
    journal = openJournal({ file: folder.file('journal.sqlite'), storeId: STORE_ID })
    expect([journal.room.state(), journal.room.use().freeBytes, existsSync(folder.file('journal.sqlite.reserve'))]).toEqual([{ kind: 'open' }, null, false])
  })
})

/** A disk of 6 MB of its own, where this machine lets us make one. */
function smallDisk(): { path: string; unmount(): void } | null {
  const path = folder.file('disk')
  mkdirSync(path)
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=6m', 'tillbridge-test', path], { stdio: 'ignore' })
    return { path, unmount: () => void execFileSync('umount', [path]) }
  } catch {
    return null
  }
}
/** Takes the disk to the last byte. */
function fill(file: string): void {
  const fd = openSync(file, 'w')
  for (let size = 64 * KILOBYTE; size >= 1;) {
    try {
      if (writeSync(fd, Buffer.alloc(size, 1)) < size) throw new Error('no room')
    } catch {
      size = Math.floor(size / 2)
    }
  }
  closeSync(fd)
}

describe('a disk that is full', () => {
  test('ends orders and nothing else: what was taken is finished out of the reserve, also after a restart, and orders come again with room', async () => {
    const disk = smallDisk()
    const path = disk?.path ?? folder.path
    const file = `${path}/journal.sqlite`
    // Where no small disk can be had, a large one counts as full while more is to be kept free than it has.
    const bound = (isFull: boolean): RoomLimits =>
      ({ maxBytes: UNBOUNDED, keepFreeBytes: disk || !isFull ? 256 * KILOBYTE : Number.MAX_SAFE_INTEGER, ballastBytes: 512 * KILOBYTE, lookEveryMs: 0 })
    // A neighbour that fills the disk between two looks of ours.
    journal = open(file, { ...bound(false), lookEveryMs: disk ? 3_600_000 : 0 })
    try {
      for (let n = 0; n < 4; n += 1) receive(n)
      expect(existsSync(`${file}.reserve`)).toBe(true)
      if (disk) {
        fill(`${path}/neighbour`)
        const { error } = untilRefused((n) => receive(10 + n))
        expect(error).toBeInstanceOf(JournalCannotWrite)
        expect(error).not.toBeInstanceOf(JournalFull)
        expect(existsSync(`${file}.reserve`)).toBe(false)
      } else {
        journal.close()
        journal = open(file, bound(true))
      }
      expect(journal.room.state()).toEqual({ kind: 'full', why: 'disk' })
      expect(() => receive(5000)).toThrow(JournalFull)
      expect(() => journal.append([captured(1)])).toThrow(/nearly full/)
      expect([await accept(0), await accept(1), receive(1)]).toEqual(['accepted', 'accepted', 'known'])
      journal.outbox.markAcked(journal.outbox.lastSeq())
      journal.close()

      rmSync(`${path}/neighbour`, { force: true })
      journal = open(file, bound(false))
      expect([journal.room.state().kind, receive(5000)]).toEqual(['open', 'journaled'])
      journal.close()

      if (disk) fill(`${path}/neighbour`)
      journal = open(file, bound(true))
      expect(journal.room.state()).toEqual({ kind: 'full', why: 'disk' })
      expect(() => receive(5001)).toThrow(JournalFull)
      expect([await accept(2), await accept(3), await accept(5000)]).toEqual(['accepted', 'accepted', 'accepted'])
      expect(journal.inbox.unfinished()).toBe(journal.inbox.countByState()['received'] ?? 0)
    } finally {
      closeIfOpen()
      disk?.unmount()
    }
  })
})

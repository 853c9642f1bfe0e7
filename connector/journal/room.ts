import { randomFillSync } from 'node:crypto'
import { closeSync, existsSync, fsyncSync, openSync, rmSync, statfsSync, statSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { integer, JournalCannotWrite, type Database } from './database.ts'

/**
 * What a journal may take of its disk. Orders end at `maxBytes`, or when less than `keepFreeBytes` is left; captures, which the
 * POS can tell again at any time, end earlier. What ends neither is the rest of an order that was taken: its outcome, the
 * answers, and the edge's confirmations, by which the journal shrinks again.
 */
export type RoomLimits = {
  maxBytes: number
  keepFreeBytes: number
  /**
   * A file beside the journal that holds room which nobody else on this disk can take meanwhile. When a write fails all the same
   * it is given up, and what is left of the orders already taken goes there.
   */
  ballastBytes: number
  /** How old what is known of the disk may be. */
  lookEveryMs: number
}

const MEGABYTE = 1_048_576
/** The log of the journal grows to 4 MB between two checkpoints; and a disk that is full to the last byte harms the POS beside us too. */
const KEEP_FREE_BYTES = 64 * MEGABYTE
/** The outcomes of thousands of orders. */
const BALLAST_BYTES = 8 * MEGABYTE

export const roomLimits = (journal: { maxMegabytes: number }): RoomLimits =>
  ({ maxBytes: journal.maxMegabytes * MEGABYTE, keepFreeBytes: KEEP_FREE_BYTES, ballastBytes: BALLAST_BYTES, lookEveryMs: LOOK_EVERY_MS })

/** Captures pause here, so that orders still have room when the edge is away for long. */
const CAPTURE_SHARE = 0.9
/** A look at the disk is cheap, and not that cheap. */
const LOOK_EVERY_MS = 500

/** `filling`: orders are taken, captures pause. `full`: neither. */
export type RoomState = { kind: 'open' } | { kind: 'filling' | 'full'; why: 'disk' | 'ceiling' }
export type RoomUse = { journalBytes: number; maxBytes: number | null; freeBytes: number | null }

const WHAT_TO_DO = {
  disk: 'the journal\'s disk is nearly full: make room on it. Nothing that was taken is lost, and it goes on by itself',
  ceiling: 'the journal has grown to journal.maxMegabytes: the edge has not taken what waits in it, so look at the line. It goes on by itself; or raise the limit',
} as const

/** Why no order is taken down, with what to do; null while there is room for them. */
export const fullInWords = (state: RoomState): string | null => (state.kind === 'full' ? WHAT_TO_DO[state.why] : null)

/** There is no room for more, and what asked is not the rest of an order. Nothing was written. */
export class JournalFull extends JournalCannotWrite {
  override name = 'JournalFull'
  constructor(why: 'disk' | 'ceiling') {
    super(WHAT_TO_DO[why])
  }
}

export type Room = {
  state(): RoomState
  use(): RoomUse
  /** Throws `JournalFull` when there is no room for a new order, or for what was captured. */
  demandFor(what: 'order' | 'capture'): void
  /** The disk refused a write: what was kept in reserve is free from now on for the rest of what was taken. */
  failed(): void
  /** Hears each change of state. */
  onChange(listener: (state: RoomState, hint: string | null) => void): void
}

const ballastOf = (file: string): string => `${file}.reserve`

/** Gives up the reserve. False when there was none. */
export function releaseBallast(file: string): boolean {
  const ballast = ballastOf(file)
  if (!existsSync(ballast)) return false
  rmSync(ballast, { force: true })
  return true
}

/** Without limits it is always open: a journal that nobody bounded. */
export function openRoom(db: Database, file: string, limits: RoomLimits | null, monotonic: () => number = () => performance.now()): Room {
  const listeners: ((state: RoomState, hint: string | null) => void)[] = []
  let state: RoomState = { kind: 'open' }
  let lookedAt = Number.NEGATIVE_INFINITY

  const journalBytes = (): number => {
    const row = db.get('SELECT (page_count - freelist_count) * page_size AS n FROM pragma_page_count, pragma_freelist_count, pragma_page_size')
    return row ? integer(row, 'n') : 0
  }
  const freeBytes = (): number => {
    const { bavail, bsize } = statfsSync(dirname(file))
    return bavail * bsize
  }
  const hasBallast = ({ ballastBytes, keepFreeBytes }: RoomLimits): boolean => {
    const ballast = ballastOf(file)
    if (existsSync(ballast) && statSync(ballast).size >= ballastBytes) return true
    if (freeBytes() < keepFreeBytes + ballastBytes) return false
    return writeBallast(ballast, ballastBytes)
  }
  const look = (limits: RoomLimits): RoomState => {
    const bytes = journalBytes()
    const kept = hasBallast(limits)
    const free = freeBytes()
    if (!kept || free < limits.keepFreeBytes) return { kind: 'full', why: 'disk' }
    if (bytes >= limits.maxBytes) return { kind: 'full', why: 'ceiling' }
    if (free < 2 * limits.keepFreeBytes) return { kind: 'filling', why: 'disk' }
    return bytes >= limits.maxBytes * CAPTURE_SHARE ? { kind: 'filling', why: 'ceiling' } : { kind: 'open' }
  }
  const current = (): RoomState => {
    if (!limits || monotonic() - lookedAt < limits.lookEveryMs) return state
    lookedAt = monotonic()
    const before = state
    state = look(limits)
    if (before.kind !== state.kind) for (const listener of listeners) listener(state, state.kind === 'open' ? null : WHAT_TO_DO[state.why])
    return state
  }

  return {
    state: current,
    use: () => ({ journalBytes: journalBytes(), maxBytes: limits?.maxBytes ?? null, freeBytes: limits ? freeBytes() : null }),
    demandFor(what) {
      const now = current()
      if (now.kind === 'full' || (now.kind === 'filling' && what === 'capture')) throw new JournalFull(now.why)
    },
    failed() {
      if (!limits) return
      releaseBallast(file)
      lookedAt = Number.NEGATIVE_INFINITY
      current()
    },
    onChange: (listener) => void listeners.push(listener),
  }
}

/** Real blocks: zeros would take none on a disk that compresses. False when they cannot be had after all. */
function writeBallast(path: string, bytes: number): boolean {
  try {
    const fd = openSync(path, 'w', 0o600)
    try {
      const chunk = randomFillSync(Buffer.alloc(Math.min(bytes, MEGABYTE)))
      for (let written = 0; written < bytes;) written += writeSync(fd, chunk, 0, Math.min(chunk.length, bytes - written))
      fsyncSync(fd)
    } finally {
      closeSync(fd)
    }
    return true
  } catch {
    rmSync(path, { force: true })
    return false
  }
}

import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readdirSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { AssignmentId } from '../../../contract/values.ts'

/**
 * A web order is given to the POS as a file in orders/, exactly once, whatever breaks off in between, and also after the POS has taken the file away:
 *
 * 1. staged/ID.csv is written and on disk;
 * 2. ledger/ID.json is written and on disk;
 * 3. one rename takes the staged file to orders/ID.csv.
 *
 * No ledger: never given. Ledger and staged: not given yet. Ledger and nothing staged: given. What the POS does with the file changes none of it.
 * Taking it back is one rename too: orders/ID.csv to withdrawn/ID.csv, which fails when the POS was quicker. A cancel file goes the way of an order.
 */
export type OrderFiles = {
  /** `waiting`: the POS has not taken it. `staged`: it never left. */
  state(id: string): 'absent' | 'staged' | 'waiting' | 'taken' | 'void'
  /** Throws what the disk throws; then `state` says how far it came, and it is begun anew. */
  give(id: string, csv: string, ledger: string): void
  /** False when the POS has taken the file. */
  withdraw(id: string): boolean
  cancel(id: string, csv: string): void
  /** What never left, or is long settled, is forgotten. */
  forget(id: string): void
  /** All that was ever given or begun, with what the ledger says. */
  ledger(): { id: string; text: string }[]
}

export function openOrderFiles(folder: string): OrderFiles {
  const own = join(folder, '.tillbridge')
  const at = {
    staged: (id: string, what = '') => join(own, 'staged', `${safe(id)}${what}.csv`),
    ledger: (id: string, what = '') => join(own, 'ledger', `${safe(id)}${what}.json`),
    withdrawn: (id: string) => join(own, 'withdrawn', `${safe(id)}.csv`),
    given: (id: string, what = '') => join(folder, 'orders', `${safe(id)}${what}.csv`),
  }
  const deliver = (id: string, what: string, csv: string, ledger: string): void => {
    // A marker without its staged file says "given": it goes before a new beginning, and comes after it.
    rmSync(at.ledger(id, what), { force: true })
    syncFolder(join(own, 'ledger'))
    writeDurably(at.staged(id, what), csv)
    writeDurably(at.ledger(id, what), ledger)
    renameDurably(at.staged(id, what), at.given(id, what))
  }

  return {
    state(id) {
      if (!existsSync(at.ledger(id))) return 'absent'
      if (existsSync(at.staged(id))) return 'staged'
      if (existsSync(at.withdrawn(id))) return 'void'
      if (existsSync(at.ledger(id, '.cancel')) && !existsSync(at.staged(id, '.cancel'))) return 'void'
      return existsSync(at.given(id)) ? 'waiting' : 'taken'
    },
    give: (id, csv, ledger) => deliver(id, '', csv, ledger),
    withdraw(id) {
      try {
        renameDurably(at.given(id), at.withdrawn(id))
        return true
      } catch (error) {
        if (isMissing(error)) return false
        throw error
      }
    },
    cancel: (id, csv) => deliver(id, '.cancel', csv, '{}'),
    forget(id) {
      rmSync(at.ledger(id), { force: true })
      syncFolder(join(own, 'ledger'))
      for (const path of [at.staged(id), at.withdrawn(id), at.ledger(id, '.cancel'), at.staged(id, '.cancel')]) rmSync(path, { force: true })
    },
    ledger: () => readdirSync(join(own, 'ledger')).flatMap((name) => {
      const id = AssignmentId.safeParse(name.replace(/\.json$/, ''))
      return id.success ? [{ id: id.data, text: readFileSync(at.ledger(id.data), 'utf8') }] : []
    }),
  }
}

/** A reference becomes a file name; one that is none could lead out of the folder. */
function safe(id: string): string {
  if (!AssignmentId.safeParse(id).success) throw new TypeError(`${JSON.stringify(id)} is no assignment id`)
  return id
}

export function writeDurably(path: string, text: string): void {
  writeInPieces(path, text).end()
}

/** A list may be as long as the file it is of. Under its name only once it is whole; what breaks off is begun anew. */
export function writeInPieces(path: string, beginning: string): { add(text: string): void; end(): void } {
  const half = `${path}.part`
  const file = openSync(half, 'w')
  let piece = beginning
  const flush = (): void => {
    // A disk that is nearly full takes a part of it, and says so only with the next.
    for (let left = Buffer.from(piece); left.length > 0;) left = left.subarray(writeSync(file, left))
    piece = ''
  }
  const orClose = (work: () => void): void => {
    try {
      work()
    } catch (error) {
      closeSync(file)
      throw error
    }
  }
  return {
    add(text) {
      piece += text
      if (piece.length >= PIECE_LENGTH) orClose(flush)
    },
    end() {
      orClose(() => {
        flush()
        fsyncSync(file)
      })
      closeSync(file)
      renameDurably(half, path)
    },
  }
}

const PIECE_LENGTH = 65_536

function renameDurably(from: string, to: string): void {
  renameSync(from, to)
  syncFolder(join(to, '..'))
  if (join(from, '..') !== join(to, '..')) syncFolder(join(from, '..'))
}

/** The name of a file is on disk only with its folder. Windows opens no folders, and needs none of this. */
function syncFolder(folder: string): void {
  if (process.platform === 'win32') return
  mkdirSync(folder, { recursive: true })
  const handle = openSync(folder, 'r')
  try {
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}

export const isMissing = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'ENOENT'

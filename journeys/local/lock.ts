import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'

/** SQLite's code for "somebody else holds it". */
const SQLITE_BUSY = 5
const LOOK_EVERY_MS = 100

export type Lock = { release(): void }

/**
 * Holds `file` for this process alone, and answers `null` when another one holds it for longer than `withinMs`.
 * It is a lock of the system on an empty SQLite file and not a process number written down: it ends with its process, whatever ended it.
 */
export async function holdLock(file: string, withinMs = 0): Promise<Lock | null> {
  const deadline = performance.now() + withinMs
  for (;;) {
    const lock = tryLock(file)
    if (lock || performance.now() >= deadline) return lock
    await sleep(LOOK_EVERY_MS)
  }
}

function tryLock(file: string): Lock | null {
  const database = new DatabaseSync(file, { timeout: 0 })
  try {
    database.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE')
    return { release: () => database.close() }
  } catch (error) {
    database.close()
    if (error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY) return null
    throw error
  }
}

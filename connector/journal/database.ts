import { statSync } from 'node:fs'
import { DatabaseSync, type SQLInputValue, type SQLOutputValue, type StatementSync } from 'node:sqlite'

export type Row = Record<string, SQLOutputValue>

/** The journal's SQLite file: synchronous, so that whatever happens inside `transaction` happens at once. */
export type Database = {
  all(sql: string, ...values: SQLInputValue[]): Row[]
  get(sql: string, ...values: SQLInputValue[]): Row | undefined
  /** The number of rows changed. Throws `JournalCannotWrite` when the disk refuses. */
  run(sql: string, ...values: SQLInputValue[]): number
  exec(sql: string): void
  /** One commit. Inside another transaction it becomes part of that one. Throws `JournalCannotWrite` when the disk refuses. */
  transaction<T>(work: () => T): T
  close(): void
}

/** SQLite's primary result codes that mean: the disk, not the data. */
const SQLITE = { BUSY: 5, READONLY: 8, IOERR: 10, CORRUPT: 11, FULL: 13, CANTOPEN: 14, NOTADB: 26 } as const
const DISK_CODES: ReadonlySet<number> = new Set([SQLITE.READONLY, SQLITE.IOERR, SQLITE.FULL, SQLITE.CANTOPEN])

/** Whether there is a file. Throws where this user may not even look: `existsSync` would say no, and a journal that runs for years would be told as none. */
export const isOnDisk = (file: string): boolean => statSync(file, { throwIfNoEntry: false }) !== undefined

/** The journal's disk is full or broken: nothing was written, and nothing may be acknowledged. */
export class JournalCannotWrite extends Error {
  override name = 'JournalCannotWrite'
  /** What it is and what to do; without anything of the data. */
  readonly hint: string
  constructor(hint: string, options?: ErrorOptions) {
    super(hint, options)
    this.hint = hint
  }
}

/** Extended codes carry the primary one in their low byte. */
const primaryCode = (error: unknown): number | null =>
  error instanceof Error && 'errcode' in error && typeof error.errcode === 'number' ? error.errcode & 0xff : null

export const isDiskFull = (error: unknown): boolean => primaryCode(error) === SQLITE.FULL || (error instanceof JournalCannotWrite && isDiskFull(error.cause))
export const isDatabaseBusy = (error: unknown): boolean => primaryCode(error) === SQLITE.BUSY

export const isDiskFault = (error: unknown): boolean => DISK_CODES.has(primaryCode(error) ?? 0)

/** The file system's own words for a disk that takes nothing now. */
const DISK_WORDS: ReadonlySet<unknown> = new Set(['ENOSPC', 'EDQUOT', 'EIO', 'EROFS'])
/** The disk takes nothing now, and may again: whoever tries later may succeed. */
export const mayPass = (error: unknown): boolean =>
  error instanceof JournalCannotWrite || (isDiskFault(error) && primaryCode(error) !== SQLITE.CANTOPEN) || (error instanceof Error && 'code' in error && DISK_WORDS.has(error.code))

/** What stands in the file is not what SQLite wrote. */
export const isDamaged = (error: unknown): boolean => [SQLITE.CORRUPT, SQLITE.NOTADB].some((code) => code === primaryCode(error))

function asDiskFault(error: unknown): unknown {
  if (!isDiskFault(error)) return error
  return new JournalCannotWrite('the journal cannot write: free disk space or look at the file system', { cause: error })
}

export function openDatabase(file: string, options: { readOnly?: boolean } = {}): Database {
  const sqlite = new DatabaseSync(file, { readOnly: options.readOnly ?? false, timeout: 5000 })
  const statements = new Map<string, StatementSync>()
  let depth = 0

  const prepare = (sql: string): StatementSync => {
    let statement = statements.get(sql)
    if (!statement) {
      statement = sqlite.prepare(sql)
      statements.set(sql, statement)
    }
    return statement
  }

  return {
    all: (sql, ...values) => prepare(sql).all(...values),
    get: (sql, ...values) => prepare(sql).get(...values),
    run(sql, ...values) {
      try {
        return Number(prepare(sql).run(...values).changes)
      } catch (error) {
        throw asDiskFault(error)
      }
    },
    exec: (sql) => sqlite.exec(sql),
    transaction(work) {
      if (depth > 0) return work()
      try {
        sqlite.exec('BEGIN IMMEDIATE')
        depth = 1
        const result = work()
        sqlite.exec('COMMIT')
        return result
      } catch (error) {
        // A full disk may have rolled back by itself.
        if (sqlite.isTransaction) sqlite.exec('ROLLBACK')
        throw asDiskFault(error)
      } finally {
        depth = 0
      }
    },
    close() {
      statements.clear()
      sqlite.close()
    },
  }
}

/** A column that the schema says is text. Anything else is a bug of ours, or not our file. */
export function text(row: Row, column: string): string {
  const value = row[column]
  if (typeof value !== 'string') throw new TypeError(`journal: ${column} is not text`)
  return value
}

export function integer(row: Row, column: string): number {
  const value = row[column]
  if (typeof value !== 'number') throw new TypeError(`journal: ${column} is not an integer`)
  return value
}

export const textOrNull = (row: Row, column: string): string | null => (row[column] == null ? null : text(row, column))
export const integerOrNull = (row: Row, column: string): number | null => (row[column] == null ? null : integer(row, column))

import { cutText } from '../cut-text.ts'
import type { PosRefusal } from '../pos/port.ts'
import { integer, text, type Database } from './database.ts'

/** A row or line of the POS that could not be read, waiting for a person. Times are epoch ms. */
export type RefusedRow = { key: string; reason: string; text: string; firstAt: number; lastAt: number }

/** What the POS said and nobody could use. It stands in nobody's way, and goes when it is read in order or dropped. */
export type Refused = {
  /** As the readings say it: a reason quarantines, none heals. Answers the keys that are new. */
  note(refusals: readonly PosRefusal[], at: number): string[]
  count(): number
  /** By key, after the given one. */
  list(after: string | null, limit: number): RefusedRow[]
  get(key: string): RefusedRow | null
  /** Off the list until it changes. */
  drop(key: string): boolean
  /** As if it had never been refused: the next reading that meets it says it anew. */
  forget(key: string): boolean
}

/** A row of a POS is shown to a person, not kept as an archive. */
const TEXT_LENGTH_MAX = 2_000
const REASON_LENGTH_MAX = 500
/** A file of dirt must not fill the disk that orders need: beyond this the newest are counted in the log alone. */
const ROWS_MAX = 10_000

export function openRefused(db: Database): Refused {
  const count = (): number => integer(db.get('SELECT count(*) AS n FROM refused WHERE dropped = 0') ?? {}, 'n')
  const rows = (): number => integer(db.get('SELECT count(*) AS n FROM refused') ?? {}, 'n')
  return {
    note(refusals, at) {
      const fresh: string[] = []
      for (const refusal of refusals) {
        const { key } = refusal
        if (refusal.reason === null) {
          db.run('DELETE FROM refused WHERE key = ?', key)
          continue
        }
        const reason = cutText(refusal.reason, REASON_LENGTH_MAX)
        const stands = cutText(refusal.text, TEXT_LENGTH_MAX)
        const known = db.get('SELECT dropped, reason, text FROM refused WHERE key = ?', key)
        const isDropped = known !== undefined && integer(known, 'dropped') === 1
        if (isDropped && text(known, 'reason') === reason && text(known, 'text') === stands) continue
        if (!known || isDropped) fresh.push(key)
        if (!known && rows() >= ROWS_MAX) continue
        db.run(
          `INSERT INTO refused (key, reason, text, first_at, last_at) VALUES (?1, ?2, ?3, ?4, ?4)
           ON CONFLICT (key) DO UPDATE SET reason = excluded.reason, text = excluded.text, last_at = excluded.last_at,
             first_at = CASE dropped WHEN 1 THEN excluded.first_at ELSE first_at END, dropped = 0`,
          key, reason, stands, at,
        )
      }
      return fresh
    },
    count,
    list: (after, limit) => db.all('SELECT * FROM refused WHERE key > ? AND dropped = 0 ORDER BY key LIMIT ?', after ?? '', limit).map(toRow),
    get(key) {
      const row = db.get('SELECT * FROM refused WHERE key = ? AND dropped = 0', key)
      return row ? toRow(row) : null
    },
    drop: (key) => db.run('UPDATE refused SET dropped = 1 WHERE key = ? AND dropped = 0', key) > 0,
    forget: (key) => db.run('DELETE FROM refused WHERE key = ? AND dropped = 0', key) > 0,
  }
}

const toRow = (row: Parameters<typeof text>[0]): RefusedRow =>
  ({ key: text(row, 'key'), reason: text(row, 'reason'), text: text(row, 'text'), firstAt: integer(row, 'first_at'), lastAt: integer(row, 'last_at') })

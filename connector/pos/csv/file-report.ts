import { DatabaseSync } from 'node:sqlite'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Logger } from 'pino'
import { z } from 'zod'
import { Instant } from '../../../contract/values.ts'
import type { CsvConfig } from './csv-config.ts'
import type { ShopState } from './shop-state.ts'

const count = z.int().min(0)

/** What one file brought: numbers and names, never what stands in it. */
export const FileReport = z.object({
  name: z.string(),
  kind: z.enum(['goods', 'sales', 'status']).nullable(),
  /** It lists all goods. */
  whole: z.boolean(),
  /** The moment that what it says was so. */
  asOf: Instant,
  takenAt: Instant,
  ms: count,
  /** `older`: read, and nothing of it used, because what is known is newer. `rejected`: it could not be read to its end. */
  outcome: z.enum(['taken', 'older', 'rejected']),
  /** Where it lies now; `left`: where it will, as soon as it can be moved. */
  to: z.string(),
  left: z.boolean(),
  /** Why it was not used, or not read to its end. */
  why: z.string().nullable(),
  /** Records under the header. */
  rows: count,
  /** Lines of goods in order; of them new or changed; taken away because a file of all goods did not name them; levels that changed. */
  goods: count,
  items: count,
  removed: count,
  levels: count,
  /** Sales and returns told; those that were told before; those older than the numbers that are kept. */
  sales: count,
  known: count,
  tooOld: count,
  /** Steps of web orders. */
  statuses: count,
  refused: count,
  notGoods: count,
})
export type FileReport = z.infer<typeof FileReport>

/** Files that are remembered, for `status` and for lines that come back mended. */
export const FILES_KEPT = 10_000
/** A screen's worth. */
const FILES_SHOWN = 20

/** Puts a file on record. Inside a transaction of the state. */
export function noteFile(state: ShopState, { origin, target, moment }: { origin: string; target: string; moment: number }, report: FileReport): void {
  state.run('INSERT INTO files (name, target, moment, report) VALUES (?, ?, ?, ?)', origin, target, moment, JSON.stringify({ ...report, why: withoutContent(report.why) }))
}

/** What stands in a file is no business of logs and of what support is sent: of a header that does not fit, it is in rejected/. */
const withoutContent = (why: string | null): string | null => why?.replace(/; it has .*$/s, '') ?? null

/** The last files, newest first, beside a running connector too; `null`: the state cannot be read, or not by this user. */
export function lastFiles(config: CsvConfig): FileReport[] | null {
  const file = stateFileOf(config)
  try {
    if (!existsSync(file)) return []
    const db = new DatabaseSync(file, { readOnly: true, timeout: 1_000 })
    try {
      return db.prepare('SELECT report FROM files ORDER BY id DESC LIMIT ?').all(FILES_SHOWN).map((row) => FileReport.parse(JSON.parse(String(row['report']))))
    } finally {
      db.close()
    }
  } catch {
    return null
  }
}

export const stateFileOf = (config: CsvConfig): string => config.stateFile ?? join(config.folder, '.tillbridge', 'state.sqlite')

/** "118 goods (12 new or changed, 3 gone), 40 levels changed; 2 lines refused": what a file brought, in words. */
export function reportInWords(report: FileReport): string {
  const { kind, rows, goods, items, removed, levels, sales, known, tooOld, statuses, refused, notGoods } = report
  const brought = kind === 'goods' ? [`${goods} goods (${items} new or changed${report.whole ? `, ${removed} gone` : ''})`, `${levels} levels changed`]
    : kind === 'sales' ? [`${sales} sales`, ...some(known, 'told before'), ...some(tooOld, 'older than the numbers that are kept, not told')]
      : kind === 'status' ? [`${statuses} steps of orders`] : []
  return [[`${rows} ${rows === 1 ? 'row' : 'rows'}`, ...brought].join(', '), ...some(notGoods, 'of no goods, passed over'), ...some(refused, refused === 1 ? 'line refused' : 'lines refused')].join('; ')
}

const some = (n: number, words: string): string[] => (n > 0 ? [`${n} ${words}`] : [])

/** One event for each file. */
export const logFiles = (log: Logger) => ({ outcome, why, ...report }: FileReport): void => {
  const fields = { ...report, ...(why === null ? {} : { why: withoutContent(why) }) }
  if (outcome === 'taken') log.info({ event: 'csv.file-taken', ...fields })
  else if (outcome === 'older') log.warn({ event: 'csv.file-older', ...fields, hint: `${report.name}: ${report.to}.not-used.txt says why; export it anew if it is the newest` })
  else log.warn({ event: 'csv.file-rejected', ...fields, hint: `${report.name}: ${report.to}.reasons.csv says why; mend it, then drop it again` })
  if (report.left) log.warn({ event: 'csv.file-left', name: report.name, hint: `${report.name} was read and cannot be moved away: close it in the program that has it open, or give the connector's user the right to move it` })
}

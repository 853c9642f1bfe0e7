import { toInstant, type Clock } from '../../../contract/clock.ts'
import { settle, settleFile, settleGoodsFiles, tellRefusal } from './ailing.ts'
import { readHeader } from './columns.ts'
import { withoutLinesEnd, type CsvConfig } from './csv-config.ts'
import type { DropFolder, DueFile, RefusedLine } from './drop-folder.ts'
import { noteFile, type FileReport } from './file-report.ts'
import { removeUnnamed } from './goods-book.ts'
import { openLeftFiles } from './left-files.ts'
import { BrokenFile, openRecords, type Records } from './open-records.ts'
import { isMissing } from './order-files.ts'
import { createIntake, NO_COUNTS, type Reading } from './reading-file.ts'
import type { ShopState } from './shop-state.ts'

export type Ingest = {
  /** One step of the file that is due: a batch of its lines, a part of what follows. False when no file is due. Throws what will pass. */
  step(): Promise<boolean>
  /** A file is due, or begun. */
  pending(): boolean
  close(): Promise<void>
}
export type IngestOptions = { state: ShopState; folder: DropFolder; config: CsvConfig; now: Clock; onFile?: (report: FileReport) => void }

/** About as many facts as one call to the edge carries. */
const BATCH_LINES = 500
/** A list of reasons is read in pieces. */
const REASONS_PAGE = 100
/** The right to read it will not come by waiting, and the files behind it must not wait. */
const NEVER_READABLE: ReadonlySet<string> = new Set(['EACCES', 'EPERM', 'EISDIR', 'ELOOP', 'ENXIO'])

const REQUIRED = { goods: ['sku', 'name', 'price'], sales: ['invoice', 'sku', 'quantity', 'price', 'soldAt'], status: ['order', 'status'] } as const

type Open = { identity: string; records: Records; intake: ReturnType<typeof createIntake>; reading: Reading }

/**
 * Reads one dropped file after the other into the state: lines, for a whole file what it did not name, then the lists of refused lines and the
 * move. Each step is one transaction that also says how far the file has come, so a crash anywhere goes on where the last step ended.
 */
export function createIngest({ state, folder, config, now, onFile = () => {} }: IngestOptions): Ingest {
  let open: Open | null = null
  const left = openLeftFiles(state, folder)

  const begun = (): Reading | null => {
    const kept = state.meta('reading')
    return kept === null ? null : JSON.parse(kept) as Reading
  }
  const keep = (reading: Reading | null): void => state.setMeta('reading', reading ? JSON.stringify(reading) : null)

  const begin = (file: DueFile): Reading => state.transaction(() => {
    const number = Number(state.meta('files') ?? 0) + 1
    const plain = withoutLinesEnd(file.name)
    // Lines that come back mended are of the moment of the file that they stood in.
    const before = plain === file.name ? undefined : state.get('SELECT name, moment FROM files WHERE target = ? OR target = ? ORDER BY id DESC LIMIT 1', plain, file.name)
    const reading: Reading = {
      ...file, file: number, origin: before ? String(before['name']) : plain, moment: before ? Number(before['moment']) : file.moment, target: folder.freeName(file.name), beganAt: now(),
      phase: file.kind ? 'lines' : 'end', done: 0, after: '', invoice: null, counts: { ...NO_COUNTS }, used: 0, newer: 0, blind: false,
      broken: file.kind ? null : 'its name is none of pos.goods.files, pos.sales.files and pos.status.files',
    }
    state.setMeta('files', String(number))
    forgetLines(state)
    keep(reading)
    return reading
  })

  const shut = async (): Promise<void> => {
    const records = open?.records
    open = null
    await records?.close()
  }

  const openFile = async (reading: Reading): Promise<Open> => {
    if (open?.identity === reading.identity) return open
    await shut()
    const records = await openRecords(folder.pathOf(reading.name), config)
    try {
      const { records: [header] } = await records.next(1)
      if (!header || !reading.kind) throw new BrokenFile('the file has no header')
      const { columns } = config[reading.kind]
      const read = readHeader<string>(header.cells, columns, REQUIRED[reading.kind])
      if (!read.ok) throw new BrokenFile(read.refusal)
      for (let skip = reading.done; skip > 0;) {
        const skipped = await records.next(Math.min(skip, BATCH_LINES))
        if (skipped.ended) break
        skip -= skipped.records.length
      }
      open = { identity: reading.identity, records, reading, intake: createIntake(state, config, reading, read.value, now) }
      state.setMeta('header', header.text)
      return open
    } catch (error) {
      await records.close()
      throw error
    }
  }

  const stepLines = async (kept: Reading): Promise<void> => {
    try {
      const { records, intake, reading } = await openFile(kept)
      const { records: batch, ended } = await records.next(BATCH_LINES)
      // Somebody writes on in what seemed finished, or puts another in its place: what was just read may be half of each. From the
      // beginning, once it stands still. What was told of it before stays true.
      if (folder.identityOf(kept.name) !== kept.identity) return await drop()
      state.transaction(() => {
        intake.take(batch)
        if (ended) {
          intake.end()
          finish(reading)
        }
        keep(reading)
      })
    } catch (error) {
      await shut()
      if (isMissing(error)) return await drop()
      const reason = error instanceof BrokenFile ? error.message : neverReadable(error)
      if (reason === null) throw error
      if (folder.identityOf(kept.name) !== kept.identity) return await drop()
      state.transaction(() => keep({ ...(begun() ?? kept), phase: 'end', broken: reason }))
    }
  }

  const finish = (reading: Reading): void => {
    const { kind, whole, counts, blind } = reading
    if (kind === 'goods' && whole && counts.goods === 0) reading.broken = 'a file of all goods without one line of goods is not taken for an empty shop'
    reading.phase = kind === 'goods' && whole && !blind && reading.broken === null ? 'sweep' : 'end'
  }

  const drop = async (): Promise<void> => {
    await shut()
    state.transaction(() => keep(null))
  }

  const sweep = (reading: Reading): void => state.transaction(() => {
    const { next, removed } = removeUnnamed(state, reading.moment, reading.file, reading.after, BATCH_LINES)
    const counts = { ...reading.counts, removed: reading.counts.removed + removed }
    keep({ ...reading, counts, ...(next === null ? { phase: 'end' } : { after: next }) })
  })

  const stepEnd = async (reading: Reading): Promise<void> => {
    await shut()
    const { name, identity, target, broken, counts, moment } = reading
    const isOlder = broken === null && reading.used === 0 && ((reading.kind === 'goods' && counts.goods > 0) || (counts.tooOld > 0 && counts.known === 0))
    const why = broken ?? (isOlder ? olderWords(reading, config) : null)
    const place = broken === null ? 'processed' : 'rejected'
    if (broken !== null || counts.refused > 0) folder.setAside({ target, moment, broken, header: state.meta('header') ?? '' }, refusedLines(state))
    if (isOlder) folder.explain(target, `${name}: ${why}\r\n`)
    const moved = left.move({ name, identity, target, to: place })
    const report: FileReport = {
      name, kind: reading.kind, whole: reading.whole, asOf: toInstant(moment), takenAt: toInstant(now()), ms: Math.max(0, Math.round(now() - reading.beganAt)),
      outcome: broken !== null ? 'rejected' : isOlder ? 'older' : 'taken', to: `${place}/${target}`, left: !moved, why, ...counts,
    }
    state.transaction(() => {
      settleAfter(state, reading)
      noteFile(state, reading, report)
      if (reading.kind === 'goods' && broken === null) state.setMeta('goodsKnown', '1')
      forgetLines(state)
      keep(null)
    })
    onFile(report)
  }

  const advance = async (reading: Reading): Promise<void> => {
    switch (reading.phase) {
      case 'lines': return stepLines(reading)
      case 'sweep': return sweep(reading)
      case 'end': return stepEnd(reading)
    }
  }

  return {
    async step() {
      const reading = begun()
      if (reading === null) {
        const [next] = left.without(folder.due())
        if (!next) return false
        await advance(begin(next))
        return true
      }
      await advance(reading)
      return true
    },
    pending: () => begun() !== null || left.without(folder.due()).length > 0,
    close: shut,
  }
}

function neverReadable(error: unknown): string | null {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  return NEVER_READABLE.has(code) ? `the file cannot be read (${code})` : null
}

function olderWords({ moment, newer, kind }: Reading, { keepDays }: CsvConfig): string {
  const asOf = toInstant(moment)
  if (kind === 'sales') return `not used: its sales are older than the ${keepDays} days for which numbers of sales are kept (pos.keepDays), so whether they were told before cannot be known`
  return `not used: it is older than what is known. It is of ${asOf} (the date in its name, else its own); the newest of these goods are known as of ${toInstant(newer)}`
}

/** What this file has mended of what others could not say, and what is to be said of it itself. */
function settleAfter(state: ShopState, reading: Reading): void {
  const { broken, origin, name, kind, target, file, moment, counts } = reading
  if (broken !== null) return tellRefusal(state, { key: `files/${origin}`, name: origin, kind, target, file, moment, reason: `${name}: ${broken}`, text: `it lies in rejected/ as ${target}` })
  // Sales of another day may come under the same name: they mend nothing. The same sales again do, and lines that were sent back.
  if (kind !== 'sales' || name !== origin || counts.known > 0) settleFile(state, origin, file)
  else settle(state, `files/${origin}`, file)
  if (kind === 'goods' && reading.whole && !reading.blind) settleGoodsFiles(state, moment, file)
}

/** What is kept of the lines of one file, as long as it is read. */
function forgetLines(state: ShopState): void {
  state.run('DELETE FROM refused_lines')
  state.run('DELETE FROM named_lines')
}

function* refusedLines(state: ShopState): Generator<RefusedLine> {
  for (let after = 0; ;) {
    const page = state.all('SELECT line, reason, text FROM refused_lines WHERE line > ? ORDER BY line LIMIT ?', after, REASONS_PAGE)
    for (const row of page) yield { line: Number(row['line']), reason: String(row['reason']), text: String(row['text']) }
    if (page.length < REASONS_PAGE) return
    after = Number(page.at(-1)?.['line'])
  }
}

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { stringify } from 'csv-stringify/sync'
import type { CsvConfig } from './csv-config.ts'
import { readHeader } from './columns.ts'
import { safeName, type DropFolder, type DueFile } from './drop-folder.ts'
import { removeUnnamed, tellRefusal } from './goods-book.ts'
import { BrokenFile, openRecords, type Records } from './open-records.ts'
import { isMissing, writeDurably } from './order-files.ts'
import { createIntake, type Reading } from './reading-file.ts'
import type { ShopState } from './shop-state.ts'

export type Ingest = {
  /** One step of the file that is due: a batch of its lines, a part of what follows. False when no file is due. Throws what will pass. */
  step(): Promise<boolean>
  /** A file is due, or begun. */
  pending(): boolean
  close(): Promise<void>
}

/** About as many facts as one call to the edge carries. */
const BATCH_LINES = 500
/** A list of reasons is written in pieces. */
const REASONS_PAGE = 1_000
/** The right to read it will not come by waiting, and the files behind it must not wait. */
const NEVER_READABLE: ReadonlySet<string> = new Set(['EACCES', 'EPERM', 'EISDIR', 'ELOOP', 'ENXIO'])

const REQUIRED = { goods: ['sku', 'name', 'price'], sales: ['invoice', 'sku', 'quantity', 'price', 'soldAt'], status: ['order', 'status'] } as const

type Open = { identity: string; records: Records; intake: ReturnType<typeof createIntake>; reading: Reading; headerText: string }

/**
 * Reads one dropped file after the other into the state: lines, for a whole file what it did not name, then the lists of refused lines and the
 * move. Each step is one transaction that also says how far the file has come, so a crash anywhere goes on where the last step ended.
 */
export function createIngest(state: ShopState, folder: DropFolder, config: CsvConfig): Ingest {
  let open: Open | null = null

  const begun = (): Reading | null => {
    const kept = state.meta('reading')
    return kept === null ? null : JSON.parse(kept) as Reading
  }
  const keep = (reading: Reading | null): void => state.setMeta('reading', reading ? JSON.stringify(reading) : null)

  const begin = (file: DueFile): Reading => state.transaction(() => {
    const reading: Reading = {
      ...file, target: freeName(config.folder, file.name), phase: file.kind ? 'lines' : 'end', done: 0, after: '', invoice: null, accepted: 0, used: 0, refused: 0, blind: false,
      broken: file.kind ? null : 'its name is none of pos.goods.files, pos.sales.files and pos.status.files',
    }
    state.run('DELETE FROM refused_lines')
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
    const records = await openRecords(join(config.folder, reading.name), config)
    try {
      const { records: [header] } = await records.next(1)
      if (!header || !reading.kind) throw new BrokenFile('the file has no header')
      const { columns } = config[reading.kind]
      const read = readHeader<string>(header.cells, columns, REQUIRED[reading.kind])
      if (!read.ok) throw new BrokenFile(read.refusal)
      for (let left = reading.done; left > 0;) {
        const skipped = await records.next(Math.min(left, BATCH_LINES))
        if (skipped.ended) break
        left -= skipped.records.length
      }
      open = { identity: reading.identity, records, reading, intake: createIntake(state, config, reading, read.value), headerText: header.text }
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
      // Somebody writes on in what seemed finished: read from the beginning once it stands still. What was told of it stays true.
      const grew = ended && folder.identityOf(kept.name) !== kept.identity
      state.transaction(() => {
        intake.take(batch)
        if (ended && !grew) {
          intake.end()
          finish(reading)
        }
        keep(grew ? null : reading)
      })
      if (grew) await shut()
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
    const { kind, whole, accepted, blind } = reading
    if (kind === 'goods' && whole && accepted === 0) reading.broken = 'a file of all goods without one line of goods is not taken for an empty shop'
    reading.phase = kind === 'goods' && whole && !blind && reading.broken === null ? 'sweep' : 'end'
  }

  const drop = async (): Promise<void> => {
    await shut()
    state.transaction(() => keep(null))
  }

  const sweep = (reading: Reading): void => state.transaction(() => {
    const after = removeUnnamed(state, reading.moment, reading.after, BATCH_LINES)
    keep({ ...reading, ...(after === null ? { phase: 'end' } : { after }) })
  })

  const stepEnd = async (reading: Reading): Promise<void> => {
    await shut()
    const { name, identity, target, kind, broken } = reading
    if (broken !== null || reading.refused > 0) writeReasons(state, config, reading)
    folder.move(name, identity, target, broken === null ? 'processed' : 'rejected')
    state.transaction(() => {
      const isOlder = kind === 'goods' && broken === null && reading.accepted > 0 && reading.used === 0
      const problem = broken ?? (isOlder ? 'everything in it is older than what is known, so nothing of it was used' : null)
      if (problem !== null) tellRefusal(state, `files/${name}`, `${name}: ${problem}`, `rejected or processed as ${target}`)
      else if (state.meta(`ailing/${name}`) !== null) tellRefusal(state, `files/${name}`, null, '')
      state.setMeta(`ailing/${name}`, problem === null ? null : '1')
      if (kind === 'goods' && broken === null) state.setMeta('goodsKnown', '1')
      state.run('DELETE FROM refused_lines')
      keep(null)
    })
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
        const [next] = folder.due()
        if (!next) return false
        await advance(begin(next))
        return true
      }
      await advance(reading)
      return true
    },
    pending: () => begun() !== null || folder.due().length > 0,
    close: shut,
  }
}

function neverReadable(error: unknown): string | null {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  return NEVER_READABLE.has(code) ? `the file cannot be read (${code})` : null
}

/** Free in both places, with its list of reasons. */
function freeName(folder: string, name: string): string {
  for (let n = 1; ; n += 1) {
    const candidate = safeName(name, n)
    if (['processed', 'rejected'].every((place) => !existsSync(join(folder, place, candidate)) && !existsSync(join(folder, place, `${candidate}.reasons.csv`)))) return candidate
  }
}

/** Beside a refused file, or for the refused lines of one that was read: why, and the lines under their header, to be mended and dropped again. */
function writeReasons(state: ShopState, config: CsvConfig, { target, broken }: Reading): void {
  const place = join(config.folder, 'rejected')
  const bad = [state.meta('header') ?? '']
  const reasons = [['line', 'reason', 'text'], ...(broken === null ? [] : [['', broken, '']])]
  for (let after = 0; ;) {
    const page = state.all('SELECT line, reason, text FROM refused_lines WHERE line > ? ORDER BY line LIMIT ?', after, REASONS_PAGE)
    for (const row of page) {
      reasons.push([String(row['line']), String(row['reason']), String(row['text'])])
      bad.push(String(row['text']))
    }
    if (page.length < REASONS_PAGE) break
    after = Number(page.at(-1)?.['line'])
  }
  writeDurably(join(place, `${target}.reasons.csv`), stringify(reasons, { record_delimiter: 'windows', escape_formulas: true }))
  // A file refused as a whole lies there itself.
  if (broken === null) writeDurably(join(place, target), `${bad.join('\r\n')}\r\n`)
}

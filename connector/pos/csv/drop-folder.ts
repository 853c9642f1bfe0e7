import { copyFileSync, existsSync, lstatSync, mkdirSync, readdirSync, renameSync, statSync, unlinkSync, utimesSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { stringify } from 'csv-stringify/sync'
import type { Clock } from '../../../contract/clock.ts'
import { kindOf, LINES_END, withoutLinesEnd, type CsvConfig, type FileKind } from './csv-config.ts'
import { momentOf } from './name-date.ts'
import { writeDurably, writeInPieces } from './order-files.ts'
import { CsvStateFault } from './shop-state.ts'

/** A file that has stopped growing. `identity` changes when its content may have. `moment`: when what it says was so, epoch ms. */
export type DueFile = { name: string; kind: FileKind | null; whole: boolean; identity: string; moment: number }

/** A line for the list of reasons. */
export type RefusedLine = { line: number; reason: string; text: string }

export type DropFolder = {
  /** The finished files in the order in which they are read: by their moment, then by name. Looks at the folder. */
  due(): DueFile[]
  /** What the file at this name is now; `null` when there is none. */
  identityOf(name: string): string | null
  pathOf(name: string): string
  /** What it will be called in processed/ and rejected/, where nothing has that name yet. */
  freeName(name: string): string
  /** Out of the drop folder; does nothing when the file is no longer that one. Throws what the disk says. */
  move(name: string, identity: string, target: string, to: 'processed' | 'rejected'): void
  /** Why lines were refused, or the whole file (`broken`), in rejected/; and the lines under their header, to be mended and dropped again. */
  setAside(refused: { target: string; moment: number; broken: string | null; header: string }, lines: Iterable<RefusedLine>): void
  /** Beside a file in processed/ that was not used: why. */
  explain(target: string, text: string): void
}

/** Made beside the dropped files. */
export const PLACES = ['orders', 'processed', 'rejected', '.tillbridge/staged', '.tillbridge/ledger', '.tillbridge/withdrawn'] as const

export function makePlaces(folder: string): void {
  try {
    PLACES.forEach((place) => mkdirSync(join(folder, place), { recursive: true }))
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
    throw new CsvStateFault(`Nothing can be written in ${folder} (${code})`, 'Give the folder to the connector\'s user, mount it for writing, or make room on its disk; it is tried again', error)
  }
  // An order is given by one rename, which no two disks have between them.
  if (statSync(join(folder, 'orders')).dev !== statSync(join(folder, '.tillbridge/staged')).dev) {
    throw new CsvStateFault(`${join(folder, 'orders')} is on another disk than ${join(folder, '.tillbridge')}`, 'Put both on one: an order is given by a rename, whole or not at all, and that cannot be done between two')
  }
}

/** Names under which a program writes what is not finished; such a file is finished when it gets its own name. */
const UNFINISHED = /(^\.|^~|~$|\.(tmp|temp|part|partial|filepart|crdownload|swp|lock)$)/i
/** Only such files are ours to read or to refuse; what else lies in the folder stays where it is. */
const TABLES = /\.(csv|tsv|txt)$/i
/** So that ".reasons.csv" and a number still fit behind it. */
const NAME_BYTES_MAX = 200

export function openDropFolder(config: CsvConfig, now: Clock, monotonic: () => number): DropFolder {
  const seen = new Map<string, { identity: string; since: number }>()
  const unfinished = new Set<string>()
  /** Files that were read lately, by their name in processed/. */
  const read = new Map<string, { name: string; size: bigint; since: number }>()

  const sizeOf = (target: string): bigint | null => {
    const stat = lstatSync(join(config.folder, 'processed', target), { throwIfNoEntry: false, bigint: true })
    return stat?.isFile() ? stat.size : null
  }
  /** Whoever paused for longer than a file has to rest writes on into the one that was moved; it comes back, and what it said before says nothing new. */
  const takeBackWhatGrew = (): void => {
    for (const [target, { name, size, since }] of read) {
      const now = sizeOf(target)
      if (now !== null && now > size) moveFile(join(config.folder, 'processed', target), join(config.folder, existsSync(join(config.folder, name)) ? target : name))
      if (now === null || now > size || monotonic() - since > GROWS_WITHIN_MS) read.delete(target)
    }
  }

  const look = (name: string): { identity: string; inode: string; mtimeMs: number } | null => {
    const stat = lstatSync(join(config.folder, name), { throwIfNoEntry: false, bigint: true })
    if (!stat?.isFile()) return null
    return { identity: `${stat.ino}-${stat.size}-${stat.mtimeNs}`, inode: String(stat.ino), mtimeMs: Number(stat.mtimeMs) }
  }

  return {
    due() {
      takeBackWhatGrew()
      const names = readdirSync(config.folder)
      const due: DueFile[] = []
      const [growing, present] = [new Set<string>(), new Set<string>()]
      for (const name of names) {
        const file = look(name)
        if (!file) continue
        present.add(file.inode)
        if (UNFINISHED.test(name)) {
          growing.add(file.inode)
          continue
        }
        if (!TABLES.test(name)) continue
        const known = seen.get(name)
        // Seen under an unfinished name before: whoever wrote it has said that it is finished.
        const renamed = unfinished.has(file.inode)
        if (known?.identity !== file.identity) seen.set(name, { identity: file.identity, since: renamed ? Number.NEGATIVE_INFINITY : monotonic() })
        if (monotonic() - (seen.get(name)?.since ?? 0) < config.settleMs) continue
        const kind = kindOf(name, config)
        due.push({ name, kind: kind?.kind ?? null, whole: kind?.whole ?? false, identity: file.identity, moment: momentOf(withoutLinesEnd(name), file.mtimeMs, config.timeZone, now()) })
      }
      const here = new Set(names)
      for (const name of seen.keys()) if (!here.has(name)) seen.delete(name)
      for (const inode of growing) unfinished.add(inode)
      // The disk gives the number of a file that is gone to the next one, which nobody has said to be finished.
      for (const inode of unfinished) if (!present.has(inode)) unfinished.delete(inode)
      return due.sort((a, b) => a.moment - b.moment || (a.name < b.name ? -1 : 1))
    },
    identityOf: (name) => look(name)?.identity ?? null,
    pathOf: (name) => join(config.folder, name),
    freeName(name) {
      const [original, end] = [withoutLinesEnd(name), name === withoutLinesEnd(name) ? '' : LINES_END]
      for (let n = 1; ; n += 1) {
        const plain = safeName(original, n)
        const taken = ['', '.reasons.csv', LINES_END].some((behind) => ['processed', 'rejected'].some((place) => existsSync(join(config.folder, place, `${plain}${behind}`))))
        if (!taken) return `${plain}${end}`
      }
    },
    move(name, identity, target, to) {
      if (look(name)?.identity !== identity) return
      moveFile(join(config.folder, name), join(config.folder, to, target))
      const size = to === 'processed' ? sizeOf(target) : null
      if (size !== null) read.set(target, { name, size, since: monotonic() })
    },
    setAside({ target, moment, broken, header }, lines) {
      const place = join(config.folder, 'rejected')
      mkdirSync(place, { recursive: true })
      const reasons = writeInPieces(join(place, `${target}.reasons.csv`), `line,reason,text\r\n${broken === null ? '' : reasonRow('', broken, '')}`)
      // A file refused as a whole lies there itself.
      const linesFile = join(place, `${withoutLinesEnd(target)}${LINES_END}`)
      const bad = broken === null ? writeInPieces(linesFile, `${header}\r\n`) : null
      for (const { line, reason, text } of lines) {
        reasons.add(reasonRow(String(line), reason, text))
        bad?.add(`${text}\r\n`)
      }
      reasons.end()
      bad?.end()
      // Mended in place, the lines are still of the moment of their file.
      if (bad) utimesSync(linesFile, moment / 1000, moment / 1000)
    },
    explain: (target, text) => writeDurably(join(config.folder, 'processed', `${target}${NOT_USED_END}`), text),
  }
}

/** For so long a file is looked at after it was read. */
const GROWS_WITHIN_MS = 600_000

export const NOT_USED_END = '.not-used.txt'

const reasonRow = (...cells: string[]): string => stringify([cells], { record_delimiter: 'windows', escape_formulas: true })

/** One rename; where the place is another disk, a copy that is whole under its name. Somebody may have cleared the place away meanwhile. */
function moveFile(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true })
  try {
    renameSync(from, to)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EXDEV')) throw error
    const { atime, mtime } = statSync(from)
    copyFileSync(from, `${to}.part`)
    utimesSync(`${to}.part`, atime, mtime)
    renameSync(`${to}.part`, to)
    unlinkSync(from)
  }
}

/** The name without anything a shell, a terminal or Windows would take for more than a name; the n-th of them. */
export function safeName(name: string, n: number): string {
  const plain = name.replaceAll(/[\p{C}<>:"/\\|?*]/gu, '_')
  const [, stem = plain, end = ''] = /^(.+?)(\.[^.]{1,5})$/s.exec(plain) ?? []
  const short = Buffer.byteLength(stem) <= NAME_BYTES_MAX ? stem : Buffer.from(stem).subarray(0, NAME_BYTES_MAX).toString('utf8').replaceAll('\uFFFD', '')
  return n === 1 ? `${short}${end}` : `${short}.${n}${end}`
}

import { lstatSync, mkdirSync, readdirSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { DateTime } from 'luxon'
import type { Clock } from '../../../contract/clock.ts'
import { kindOf, type CsvConfig, type FileKind } from './csv-config.ts'

/** A file that has stopped growing. `identity` changes when its content may have. `moment`: when what it says was so, epoch ms. */
export type DueFile = { name: string; kind: FileKind | null; whole: boolean; identity: string; moment: number }

export type DropFolder = {
  /** The finished files in the order in which they are read: by their moment, then by name. Looks at the folder. */
  due(): DueFile[]
  /** What the file at this name is now; `null` when there is none. */
  identityOf(name: string): string | null
  /** Out of the drop folder; does nothing when the file is no longer that one. */
  move(name: string, identity: string, target: string, to: 'processed' | 'rejected'): void
}

/** Made beside the dropped files. */
export const PLACES = ['orders', 'processed', 'rejected', '.tillbridge/staged', '.tillbridge/ledger', '.tillbridge/withdrawn'] as const
export const makePlaces = (folder: string): void => PLACES.forEach((place) => mkdirSync(join(folder, place), { recursive: true }))

/** Names under which a program writes what is not finished; such a file is finished when it gets its own name. */
const UNFINISHED = /(^\.|^~|~$|\.(tmp|temp|part|partial|filepart|crdownload|swp|lock)$)/i
/** Only such files are ours to read or to refuse; what else lies in the folder stays where it is. */
const TABLES = /\.(csv|tsv|txt)$/i
/** So that ".reasons.csv" and a number still fit behind it. */
const NAME_BYTES_MAX = 200

export function openDropFolder(config: CsvConfig, now: Clock, monotonic: () => number): DropFolder {
  const seen = new Map<string, { identity: string; since: number }>()
  const unfinished = new Set<string>()

  const look = (name: string): { identity: string; inode: string; mtimeMs: number } | null => {
    const stat = lstatSync(join(config.folder, name), { throwIfNoEntry: false, bigint: true })
    if (!stat?.isFile()) return null
    return { identity: `${stat.ino}-${stat.size}-${stat.mtimeNs}`, inode: String(stat.ino), mtimeMs: Number(stat.mtimeMs) }
  }

  return {
    due() {
      const names = readdirSync(config.folder)
      const due: DueFile[] = []
      const growing = new Set<string>()
      for (const name of names) {
        const file = look(name)
        if (!file) continue
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
        due.push({ name, kind: kind?.kind ?? null, whole: kind?.whole ?? false, identity: file.identity, moment: momentOf(name, file.mtimeMs, config, now()) })
      }
      const here = new Set(names)
      for (const name of seen.keys()) if (!here.has(name)) seen.delete(name)
      for (const inode of growing) unfinished.add(inode)
      // An inode that lives under no unfinished name and was read is forgotten with the folder's next change.
      if (unfinished.size > names.length + UNFINISHED_KEPT_MAX) unfinished.clear()
      return due.sort((a, b) => a.moment - b.moment || (a.name < b.name ? -1 : 1))
    },
    identityOf: (name) => look(name)?.identity ?? null,
    move(name, identity, target, to) {
      if (look(name)?.identity !== identity) return
      renameSync(join(config.folder, name), join(config.folder, to, target))
    },
  }
}

const UNFINISHED_KEPT_MAX = 1_000

/** A time in the name ("stock-20260501T1000.csv") is the shop's wall clock when the file was begun. Else its date. Never in the future. */
function momentOf(name: string, mtimeMs: number, { timeZone }: CsvConfig, now: number): number {
  const [, date, hour, second = '00'] = /(?<!\d)(\d{8})[-_T]?(\d{4})(\d\d)?(?!\d)/.exec(name) ?? []
  const named = date ? DateTime.fromFormat(`${date}${hour}${second}`, 'yyyyMMddHHmmss', { zone: timeZone }) : null
  return Math.min(named?.isValid ? named.toMillis() : mtimeMs, now)
}

/** The name without anything a shell, a terminal or Windows would take for more than a name; the n-th of them. */
export function safeName(name: string, n: number): string {
  const plain = name.replaceAll(/[\p{C}<>:"/\\|?*]/gu, '_')
  const [, stem = plain, end = ''] = /^(.+?)(\.[^.]{1,5})$/s.exec(plain) ?? []
  const short = Buffer.byteLength(stem) <= NAME_BYTES_MAX ? stem : Buffer.from(stem).subarray(0, NAME_BYTES_MAX).toString('utf8').replaceAll('\uFFFD', '')
  return n === 1 ? `${short}${end}` : `${short}.${n}${end}`
}

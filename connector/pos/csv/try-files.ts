import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join, resolve } from 'node:path'
import { backup, DatabaseSync } from 'node:sqlite'
import type { Clock } from '../../../contract/clock.ts'
import { kindOf, type CsvConfig } from './csv-config.ts'
import { openDropFolder, type DropFolder, type DueFile, type RefusedLine } from './drop-folder.ts'
import { stateFileOf, type FileReport } from './file-report.ts'
import { createIngest } from './ingest.ts'
import { momentOf } from './name-date.ts'
import { openShopState } from './shop-state.ts'

/** What a file would bring, and its refused lines, as many as a person reads. */
export type TriedFile = FileReport & { refusedLines: RefusedLine[] }
export const REFUSED_LINES_MAX = 1_000

type Found = DueFile & { path: string }

/**
 * Reads files as the connector would, over a copy of what it knows already, and says what each would bring. Nothing is moved, written beside them
 * or told. Without `paths`, those that lie in the folder now, also one that is still written.
 */
export async function tryFiles(config: CsvConfig, paths: readonly string[], now: Clock): Promise<TriedFile[]> {
  const place = mkdtempSync(join(tmpdir(), 'tillbridge-csv-try-'))
  try {
    const file = join(place, 'state.sqlite')
    await copyState(stateFileOf(config), file)
    const state = openShopState(file)
    try {
      state.transaction(() => ['reading', 'left'].forEach((what) => state.setMeta(what, null)))
      const tried: TriedFile[] = []
      for (const found of findFiles(config, paths, now)) {
        const refusedLines: RefusedLine[] = []
        const ingest = createIngest({ state, folder: onlyFile(found, refusedLines), config, now, onFile: (report) => tried.push({ ...report, refusedLines }) })
        try {
          while (await ingest.step());
        } finally {
          await ingest.close()
        }
      }
      return tried
    } finally {
      state.close()
    }
  } finally {
    rmSync(place, { recursive: true, force: true })
  }
}

/** In the order in which they would be read. */
function findFiles(config: CsvConfig, paths: readonly string[], now: Clock): Found[] {
  if (paths.length === 0) {
    return openDropFolder({ ...config, settleMs: 0 }, now, () => 0).due().map((file) => ({ ...file, path: join(config.folder, file.name) }))
  }
  return paths.map((each): Found => {
    const path = resolve(each)
    const [name, stat] = [basename(path), statSync(path)]
    const kind = kindOf(name, config)
    return { name, path, kind: kind?.kind ?? null, whole: kind?.whole ?? false, identity: path, moment: momentOf(name, stat.mtimeMs, config.timeZone, now()) }
  }).toSorted((a, b) => a.moment - b.moment || (a.name < b.name ? -1 : 1))
}

/** A drop folder with one file, which goes nowhere. */
function onlyFile({ path, ...file }: Found, refusedLines: RefusedLine[]): DropFolder {
  let isRead = false
  return {
    due: () => (isRead ? [] : [file]),
    identityOf: () => file.identity,
    pathOf: () => path,
    freeName: (name) => name,
    move: () => { isRead = true },
    setAside(_refused, lines) {
      for (const line of lines) {
        if (refusedLines.length >= REFUSED_LINES_MAX) return
        refusedLines.push(line)
      }
    },
    explain: () => {},
  }
}

/** What the connector knows, as of one moment, beside a running one too. */
async function copyState(from: string, to: string): Promise<void> {
  if (!existsSync(from)) return
  const db = new DatabaseSync(from, { readOnly: true, timeout: COPY_TIMEOUT_MS })
  try {
    await backup(db, to, { rate: COPY_PAGES })
  } finally {
    db.close()
  }
}

const COPY_TIMEOUT_MS = 10_000
/** All at once: a page that is written meanwhile would begin it anew. */
const COPY_PAGES = 1_000_000_000


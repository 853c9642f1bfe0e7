import { existsSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { ReadAgain } from '../port.ts'
import { ailingOf } from './ailing.ts'
import { LINES_END, withoutLinesEnd, type CsvConfig } from './csv-config.ts'
import type { ShopState } from './shop-state.ts'

/**
 * Puts what was refused back into the drop folder, from rejected/, as it lies there now: mended by a person, or to be read under a mended
 * configuration. Lines come back alone, under a name that never stands for all goods; a whole file under its own.
 */
export function sendBack(state: ShopState, { folder }: Pick<CsvConfig, 'folder'>, key: string): ReadAgain {
  const ailing = ailingOf(state, key)
  if (!ailing) return { again: false, why: 'the files in the folder say nothing of it any more', todo: 'drop it from the list: tillbridge-connector quarantine drop' }
  const { target, name } = ailing
  const isFile = key.startsWith('files/')
  const lies = isFile ? target : `${withoutLinesEnd(target)}${LINES_END}`
  const at = join(folder, 'rejected', lies)
  const back = isFile ? name : lies
  if (!existsSync(at)) {
    return { again: false, why: `rejected/${lies} is not there any more`, todo: `drop the mended file into ${folder}; when its lines are in order, the row leaves the list by itself` }
  }
  if (existsSync(join(folder, back))) return { again: false, why: `a file ${back} waits in ${folder} already`, todo: 'try again once it has been read' }
  renameSync(at, join(folder, back))
  rmSync(join(folder, 'rejected', `${target}.reasons.csv`), { force: true })
  return { again: true, what: `rejected/${lies}, with ${isFile ? 'everything in it' : 'the other refused lines of that file'}, is back in ${folder} and is read now; what still cannot be read comes back to the list` }
}

import { lstatSync, readdirSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { kindOf, type CsvConfig, type FileKind } from './csv-config.ts'
import { NOT_USED_END } from './drop-folder.ts'
import { moveOrder, putOrder } from './order-book.ts'
import type { OrderFiles } from './order-files.ts'
import type { ShopState } from './shop-state.ts'

const Ledger = z.object({ method: z.string(), lines: z.array(z.object({ sku: z.string(), quantity: z.int() })) })

/**
 * A state that is new beside a folder that is not has been lost. The orders come back from their ledger, and what the POS said from processed/: the
 * newest file of all goods and everything after it is put back and read once more. A sale told twice has its number, by which the edge knows it.
 */
export function recover(state: ShopState, files: OrderFiles, config: CsvConfig, now: number): void {
  if (state.meta('recovered') !== null) return
  state.transaction(() => {
    for (const { id, text } of files.ledger()) {
      const given = files.state(id)
      if (given === 'absent' || given === 'staged') continue
      putOrder(state, id, Ledger.parse(JSON.parse(text)), now)
      moveOrder(state, id, given === 'void' ? 'void' : 'open')
    }
  })
  putBack(config, ['goods', 'sales', 'status'])
  state.transaction(() => state.setMeta('recovered', '1'))
}

/** The newest file of all goods and what is not older, of these kinds, out of processed/ to be read once more. Answers the names. */
export function putBack(config: CsvConfig, kinds: readonly FileKind[]): string[] {
  const processed = join(config.folder, 'processed')
  const read = readdirSync(processed).flatMap((name) => {
    const kind = name.endsWith(NOT_USED_END) ? null : kindOf(name, config)
    const stat = lstatSync(join(processed, name))
    return kind && kinds.includes(kind.kind) && stat.isFile() ? [{ name, ...kind, mtimeMs: stat.mtimeMs }] : []
  })
  const newestWhole = Math.max(Number.NEGATIVE_INFINITY, ...read.filter(({ whole }) => whole).map(({ mtimeMs }) => mtimeMs))
  const back = read.filter(({ name, mtimeMs }) => mtimeMs >= newestWhole && !lstatSync(join(config.folder, name), { throwIfNoEntry: false })).map(({ name }) => name)
  for (const name of back) renameSync(join(processed, name), join(config.folder, name))
  return back
}

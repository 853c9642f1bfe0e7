import { lstatSync, readdirSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { kindOf, type CsvConfig } from './csv-config.ts'
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
  const processed = join(config.folder, 'processed')
  const read = readdirSync(processed).flatMap((name) => {
    const kind = name.endsWith(NOT_USED_END) ? null : kindOf(name, config)
    const stat = lstatSync(join(processed, name))
    return kind && stat.isFile() ? [{ name, ...kind, mtimeMs: stat.mtimeMs }] : []
  })
  const newestWhole = Math.max(Number.NEGATIVE_INFINITY, ...read.filter(({ whole }) => whole).map(({ mtimeMs }) => mtimeMs))
  for (const { name, mtimeMs } of read) {
    if (mtimeMs >= newestWhole && !lstatSync(join(config.folder, name), { throwIfNoEntry: false })) renameSync(join(processed, name), join(config.folder, name))
  }
  state.transaction(() => state.setMeta('recovered', '1'))
}

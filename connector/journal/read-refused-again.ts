import type { Journal } from './journal.ts'

/**
 * Forgets a refused row; the comparison that is now due reads every row of the POS, and says it again if it still cannot be read.
 * False when nothing is refused under this key.
 */
export function readRefusedAgain(journal: Journal, key: string): boolean {
  return journal.transaction(() => {
    if (!journal.refused.forget(key)) return false
    journal.meta.set('reconcileWanted', '1')
    return true
  })
}

import type { Journal } from './journal.ts'

/**
 * Lets the adapter forget a refused row, so that the comparison that is now due reads it anew. False when nothing is refused under
 * this key. Inside its own commit.
 */
export function readRefusedAgain(journal: Journal, key: string): boolean {
  return journal.transaction(() => {
    if (!journal.refused.drop(key)) return false
    journal.meta.set('reconcileWanted', '1')
    return true
  })
}

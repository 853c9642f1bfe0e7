import type { Logger } from 'pino'
import { JournalCannotWrite } from '../journal/database.ts'
import type { Journal } from '../journal/journal.ts'
import type { Pos } from '../pos/port.ts'

const HINT = 'all goods are read anew and compared with the edge, which may take some minutes; a change of much of the shop waits for a person as always. Of files, those in processed/ that say what the goods are now are read once more. Sales that were told stay as they were'

/**
 * Rows do not change with the configuration, and what is remembered of them would hide that they are read as something else now: another unit, currency,
 * rate of tax. So a reading that is not the last run's has all goods looked at, and what was refused or held by the old one judged again.
 */
export function lookAnewIfChanged(journal: Journal, pos: Pick<Pos, 'lookAnew'>, reading: string, log: Logger): void {
  const before = journal.meta.get('reading')
  if (before === reading) return
  try {
    journal.transaction(() => {
      journal.meta.set('reading', reading)
      if (journal.meta.get('synced') === null) return
      journal.memory.remember(pos.lookAnew?.() ?? [])
      journal.meta.set('reconcileWanted', '1')
    })
  } catch (error) {
    // The next start finds the same difference; a full disk is told by itself.
    if (!(error instanceof JournalCannotWrite)) throw error
    return
  }
  if (journal.meta.get('synced') !== null) log.info({ event: 'pos.read-anew', why: before === null ? 'it is not known how this journal\'s shop was read before' : 'the configuration of the POS, or how this version reads it, is another than in the last run', hint: HINT })
}

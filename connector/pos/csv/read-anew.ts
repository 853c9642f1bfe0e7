import { hashSync } from '../../journal/digest-sync.ts'
import type { CsvConfig } from './csv-config.ts'
import { putBack } from './recover.ts'
import { sendBack } from './send-back.ts'
import type { ShopState } from './shop-state.ts'

/** More than anybody mends by one line of configuration; the rest is sent back by hand. */
const AILING_MAX = 10_000

/** All that decides what a file's text is read as. */
const readingOf = ({ currency, timeZone, encoding, delimiter, decimal, timeFormat, goods, sales, status }: CsvConfig): string =>
  hashSync({ currency, timeZone, encoding, delimiter, decimal, ...(timeFormat === undefined ? {} : { timeFormat }), goods, sales, status })

/**
 * A file says something once, so under another configuration what it said is still as the old one read it. Then the newest file of all goods and the
 * goods after it are put back and read once more, and so is what was refused. Sales that were told stay as they were told. Every step may be done
 * twice: a crash between two finds the same difference again.
 */
export function readAnewIfChanged(state: ShopState, config: CsvConfig): void {
  const reading = readingOf(config)
  // How a version before this one read it was not kept; a folder that is new has nothing to put back.
  if (state.meta('readBy') === reading) return
  const back = new Set(putBack(config, ['goods']))
  for (const row of state.all('SELECT key, target FROM ailing ORDER BY key LIMIT ?', AILING_MAX)) if (!back.has(String(row['target']))) sendBack(state, config, String(row['key']))
  state.transaction(() => {
    // A file that is half read is read from its beginning.
    state.setMeta('reading', null)
    state.setMeta('readBy', reading)
  })
}

import { toInstant } from '../../../contract/clock.ts'
import { cutText } from '../../cut-text.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { withJournal } from '../open-shop.ts'
import { readConfig } from '../read-config.ts'
import { say, sayJson, table } from '../say.ts'

const ROWS_MAX = 1000
const REASON_SHOWN = 100

/** The rows of the POS that could not be read, and the changes that wait for the operator. */
export function listQuarantine(configPath: string, options: { json?: boolean | undefined }): ExitCode {
  const config = readConfig(configPath)
  if (!config) return EXIT.configuration
  const read = withJournal(config, ({ refused, held }) => ({ rows: refused.list(null, ROWS_MAX), count: refused.count(), feed: held.quarantine() }))
  if ('exit' in read) return read.exit
  const { rows, count, feed } = read.value
  if (options.json) {
    sayJson({ count, rows: rows.map((row) => ({ key: row.key, reason: row.reason, firstAt: toInstant(row.firstAt), lastAt: toInstant(row.lastAt) })), feed: feed ?? { state: 'flowing' } })
    return EXIT.ok
  }
  if (count === 0) say('Every row of the POS could be read.')
  else {
    say(`${count} ${count === 1 ? 'row' : 'rows'} of the POS cannot be read. Mend them in the POS; they are read again when they change there.`)
    say(table([['ROW', 'SINCE', 'WHY'], ...rows.map((row) => [row.key, toInstant(row.firstAt), cutText(row.reason, REASON_SHOWN)])]))
    if (count > rows.length) say(`… and ${count - rows.length} more.`)
  }
  if (feed) {
    say(`The feed is held since ${feed.since}: ${feed.zeroed} SKUs would fall to zero, ${feed.removed} go, ${feed.repriced} change their price by more than half, ${feed.drifted} differ from the edge.`)
    say(`The operator decides at the edge (quarantine ${feed.id})${feed.refused ? ', and has refused it: it stays held until the POS changes' : ''}; when the POS is normal again it ends by itself.`)
  }
  return EXIT.ok
}

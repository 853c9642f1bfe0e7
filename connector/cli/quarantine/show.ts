import { toInstant } from '../../../contract/clock.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { withJournal } from '../open-shop.ts'
import { readConfig } from '../read-config.ts'
import { complain, say, sayJson } from '../say.ts'

/** One refused row with what stands there; or, as `feed`, the changes that wait for the operator. */
export function showQuarantine(configPath: string, key: string, options: { json?: boolean | undefined }): ExitCode {
  const config = readConfig(configPath)
  if (!config) return EXIT.configuration
  const read = withJournal(config, ({ refused, held }) => ({ row: refused.get(key), feed: key === 'feed' ? held.quarantine() : null }))
  if ('exit' in read) return read.exit
  const { row, feed } = read.value
  if (row) {
    const shown = { ...row, firstAt: toInstant(row.firstAt), lastAt: toInstant(row.lastAt) }
    if (options.json) sayJson(shown)
    else say([`row     ${row.key}`, `why     ${row.reason}`, `since   ${shown.firstAt}, last seen ${shown.lastAt}`, 'there stands', ...row.text.split('\n').map((line) => `  ${line}`)].join('\n'))
    return EXIT.ok
  }
  if (feed) {
    if (options.json) sayJson(feed)
    else say([
      `held since ${feed.since}, quarantine ${feed.id}, because of: ${feed.reasons.join(', ')}`, 'for example',
      ...feed.sample.map(({ sku, kind, was, becomes }) => `  ${sku}: ${kind}, from ${was ?? 'nothing'} to ${becomes ?? 'nothing'}`),
      'The operator approves or refuses it at the edge; nothing is decided here.',
    ].join('\n'))
    return EXIT.ok
  }
  const todo = 'see "quarantine list"; the held feed is shown as "quarantine show feed"'
  complain({ what: `There is nothing refused under "${key}"`, why: key === 'feed' ? 'no change is held' : 'it was read in order since, dropped, or never refused', todo })
  return EXIT.notFound
}

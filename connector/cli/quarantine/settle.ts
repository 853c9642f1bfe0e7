import { z } from 'zod'
import { readRefusedAgain } from '../../journal/read-refused-again.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { act } from '../open-shop.ts'
import { readConfig } from '../read-config.ts'
import { complain, say } from '../say.ts'

/**
 * `retry`: of goods, the row is read again with the comparison that is now due, and comes back when it still cannot be read; a sale is
 * told when the POS's adapter meets it again. `drop`: it is out of the list until it changes in the POS.
 */
export async function settleRefused(configPath: string, key: string, how: 'retry' | 'drop'): Promise<ExitCode> {
  const config = readConfig(configPath)
  if (!config) return EXIT.configuration
  const done = (found: boolean, when: string): ExitCode => {
    if (!found) {
      complain({ what: `There is nothing refused under "${key}"`, why: key === 'feed' ? 'what is held of the feed is decided by the operator, at the edge' : 'it was read in order since, dropped, or never refused', todo: 'see "quarantine list"' })
      return EXIT.notFound
    }
    say(how === 'retry' ? `Row ${key} is off the list, and all goods are read again ${when}: it comes back if it still cannot be read. A sale is read again when it changes in the POS.` : `Row ${key} is dropped from the list; it comes back when it changes in the POS and still cannot be read.`)
    return EXIT.ok
  }
  return act(config, {
    running: async (connector) => done((await connector.ask('POST', `/refused/${how}`, z.object({ found: z.boolean() }), { key })).found, 'now, with a comparison of everything'),
    stopped: async ({ journal }) => done(how === 'retry' ? readRefusedAgain(journal, key) : journal.refused.drop(key), 'when the connector starts'),
  })
}

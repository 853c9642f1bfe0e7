import { z } from 'zod'
import { Retried, retryRefused } from '../../journal/read-refused-again.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { act } from '../open-shop.ts'
import { readConfig } from '../read-config.ts'
import { complain, say } from '../say.ts'

/**
 * `retry`: of goods in a database, the row is read again with the comparison that is now due, and comes back when it still cannot be read; a sale is
 * told when the POS's adapter meets it again. What was refused of a file is read again from where it lies. `drop`: it is out of the list until it
 * changes in the POS.
 */
export async function settleRefused(configPath: string, key: string, how: 'retry' | 'drop'): Promise<ExitCode> {
  const config = readConfig(configPath)
  if (!config) return EXIT.configuration
  const unknown = (): ExitCode => {
    complain({ what: `There is nothing refused under "${key}"`, why: key === 'feed' ? 'what is held of the feed is decided by the operator, at the edge' : 'it was read in order since, dropped, or never refused', todo: 'see "quarantine list"' })
    return EXIT.notFound
  }
  const dropped = (found: boolean): ExitCode => {
    if (!found) return unknown()
    say(`Row ${key} is dropped from the list; it comes back when it changes in the POS and still cannot be read.`)
    return EXIT.ok
  }
  const retried = (answer: Retried, when: string): ExitCode => {
    switch (answer.kind) {
      case 'unknown': return unknown()
      case 'compared':
        say(`Row ${key} is off the list, and all goods are read again ${when}: it comes back if it still cannot be read. A sale is read again when it changes in the POS.`)
        return EXIT.ok
      case 'read':
        say(`Row ${key} is off the list: ${answer.what}.`)
        return EXIT.ok
      case 'not':
        complain({ what: `Row ${key} cannot be read again and stays on the list`, why: answer.why, todo: answer.todo })
        return EXIT.notDone
    }
  }
  if (how === 'drop') {
    return act(config, {
      running: async (connector) => dropped((await connector.ask('POST', '/refused/drop', z.object({ found: z.boolean() }), { key })).found),
      stopped: async ({ journal }) => dropped(journal.refused.drop(key)),
    })
  }
  return act(config, {
    running: async (connector) => retried(await connector.ask('POST', '/refused/retry', Retried, { key }), 'now, with a comparison of everything'),
    stopped: async (shop) => retried(await retryRefused(shop, key), 'when the connector starts'),
  })
}

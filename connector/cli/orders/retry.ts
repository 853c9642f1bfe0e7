import { z } from 'zod'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { act, withJournal } from '../open-shop.ts'
import { readConfig } from '../read-config.ts'
import { complain, say } from '../say.ts'
import { IN_DOUBT_TODO, STATE_WORDS } from './list.ts'

/** Tries an order again now, whatever it waits for after a fault. Harmless twice: the order is looked up in the POS before every write. */
export async function retryOrder(configPath: string, id: string): Promise<ExitCode> {
  const config = readConfig(configPath)
  if (!config) return EXIT.configuration
  const read = withJournal(config, (journal) => journal.inbox.get(id) ?? journal.findByNumber(id))
  if ('exit' in read) return read.exit
  const row = read.value
  if (!row) {
    complain({ what: `There is no order "${id}"`, why: 'the journal has neither an id nor a number like it', todo: 'look for it with "orders list"' })
    return EXIT.notFound
  }
  if (row.state === 'in_doubt') {
    complain({
      what: `Order ${row.assignmentId} is not tried again`, why: 'nobody knows whether the POS has it, so a second try could be a second sale',
      todo: IN_DOUBT_TODO,
    })
    return EXIT.notDone
  }
  const settled = (): ExitCode => {
    say(`Nothing to try: order ${row.assignmentId} is ${row.state} (${STATE_WORDS[row.state]}).`)
    return EXIT.ok
  }
  return act(config, {
    async running(connector) {
      const { tried } = await connector.ask('POST', `/orders/${encodeURIComponent(row.assignmentId)}/retry`, z.object({ tried: z.boolean() }))
      if (!tried) return settled()
      say(`Order ${row.assignmentId} is tried now. See what becomes of it with "orders show ${row.assignmentId}".`)
      return EXIT.ok
    },
    async stopped({ journal }) {
      const current = journal.inbox.get(row.assignmentId)
      if (current && current.state !== 'received' && current.state !== 'intent' && current.cancel !== 'requested') return settled()
      complain({ what: `Order ${row.assignmentId} is not tried now`, why: 'the connector does not run', todo: 'start it: it tries every unfinished order at once' })
      return EXIT.notDone
    },
  })
}

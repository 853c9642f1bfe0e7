import type { Command } from 'commander'
import { CONFIG, JSON_FLAG } from '../flags.ts'
import type { ExitCode } from '../exit-codes.ts'
import { giveUpOrder, REASON_WORDS, type GiveUpOptions } from './give-up.ts'
import { listOrders, STATE_WORDS, type ListOptions } from './list.ts'
import { retryOrder } from './retry.ts'
import { showOrder } from './show.ts'

type Configured<T = unknown> = T & { config: string; json?: boolean }
const words = (of: Record<string, string>): string => Object.entries(of).map(([word, meaning]) => `  ${word.padEnd(15)} ${meaning}`).join('\n')

export function addOrdersCommand(program: Command, onExit: (code: ExitCode) => void): void {
  const orders = program.command('orders').description('see the web orders of this store, and help one that is stuck')
    .addHelpText('after', `
Examples:
  tillbridge-connector orders list --config shop.yaml --open
  tillbridge-connector orders show W-1042 --config shop.yaml
  tillbridge-connector orders retry W-1042 --config shop.yaml`)

  orders.command('list').description('the orders in the journal, the newest first; nothing of the customers')
    .requiredOption(...CONFIG).option(...JSON_FLAG)
    .option('--open', 'only what is not finished, or in doubt')
    .option('--state <state...>', 'only orders in these states')
    .option('--since <time>', 'changed since: 30m, 2h, 3d, or an instant')
    .option('--limit <n>', 'at most so many', '50')
    .addHelpText('after', `
States:
${words(STATE_WORDS)}

Examples:
  tillbridge-connector orders list --config shop.yaml --open
  tillbridge-connector orders list --config shop.yaml --state in_doubt rejected --since 3d`)
    .action(({ config, ...options }: Configured<ListOptions>) => onExit(listOrders(config, options)))

  orders.command('show').description('everything about one order: its way, its lines, its customer').argument('<order>', 'its assignment id, or its number')
    .requiredOption(...CONFIG).option(...JSON_FLAG)
    .addHelpText('after', `
Example:
  tillbridge-connector orders show W-1042 --config shop.yaml`)
    .action((id: string, { config, json }: Configured) => onExit(showOrder(config, id, { json })))

  orders.command('retry').description('try an order again now, whatever it waits for after a fault').argument('<order>', 'its assignment id, or its number')
    .requiredOption(...CONFIG)
    .addHelpText('after', `
It is looked up in the POS before it is written, so it never becomes two sales.

Example:
  tillbridge-connector orders retry W-1042 --config shop.yaml`)
    .action(async (id: string, { config }: Configured) => onExit(await retryOrder(config, id)))

  orders.command('give-up').description('end an order that cannot be brought into the POS, or one in doubt as you found it').argument('<order>', 'its assignment id, or its number')
    .requiredOption(...CONFIG).option(...JSON_FLAG)
    .option('--reason <reason>', 'why; the edge routes the order by it')
    .option('--detail <text>', 'a sentence for the operator')
    .option('--in-pos <reference>', 'for an order in doubt: it is in the POS, under this reference')
    .option('--not-in-pos', 'you have looked: it is not in the POS')
    .option('--yes', 'do not ask')
    .addHelpText('after', `
Reasons:
${words(REASON_WORDS)}

Where the POS can be searched the connector looks first, and an order that is there is accepted. Where it cannot, or is
away, only your word counts: look in the till before you say --not-in-pos. A wrong word sells goods twice.

Examples:
  tillbridge-connector orders give-up W-1042 --config shop.yaml --reason store_closed
  tillbridge-connector orders give-up W-1042 --config shop.yaml --in-pos 20871
  tillbridge-connector orders give-up W-1042 --config shop.yaml --not-in-pos --reason out_of_stock`)
    .action(async (id: string, { config, ...options }: Configured<GiveUpOptions>) => onExit(await giveUpOrder(config, id, options)))
}

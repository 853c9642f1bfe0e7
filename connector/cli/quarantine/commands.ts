import type { Command } from 'commander'
import type { ExitCode } from '../exit-codes.ts'
import { CONFIG, JSON_FLAG } from '../flags.ts'
import { listQuarantine } from './list.ts'
import { settleRefused } from './settle.ts'
import { showQuarantine } from './show.ts'

type Configured = { config: string; json?: boolean }
const KEY = ['<row>', 'the row, as "quarantine list" names it'] as const

export function addQuarantineCommand(program: Command, onExit: (code: ExitCode) => void): void {
  const quarantine = program.command('quarantine').description('see what of the POS could not be read or is held back')
    .addHelpText('after', `
Examples:
  tillbridge-connector quarantine list --config shop.yaml
  tillbridge-connector quarantine show items/17 --config shop.yaml
  tillbridge-connector quarantine retry items/17 --config shop.yaml`)

  quarantine.command('list').description('rows of the POS that could not be read, and the feed if it is held')
    .requiredOption(...CONFIG).option(...JSON_FLAG)
    .addHelpText('after', `
A row that cannot be read (a price without a number, a barcode of the wrong length) never stops its neighbours.

Example:
  tillbridge-connector quarantine list --config shop.yaml`)
    .action(({ config, json }: Configured) => onExit(listQuarantine(config, { json })))

  quarantine.command('show').description('one row and what stands there; "feed" shows the held changes').argument(...KEY)
    .requiredOption(...CONFIG).option(...JSON_FLAG)
    .addHelpText('after', `
Examples:
  tillbridge-connector quarantine show items/17 --config shop.yaml
  tillbridge-connector quarantine show feed --config shop.yaml`)
    .action((key: string, { config, json }: Configured) => onExit(showQuarantine(config, key, { json })))

  quarantine.command('retry').description('read a row again, with a comparison of everything').argument(...KEY)
    .requiredOption(...CONFIG)
    .addHelpText('after', `
Example:
  tillbridge-connector quarantine retry items/17 --config shop.yaml`)
    .action(async (key: string, { config }: Configured) => onExit(await settleRefused(config, key, 'retry')))

  quarantine.command('drop').description('take a row off the list until it changes').argument(...KEY)
    .requiredOption(...CONFIG)
    .addHelpText('after', `
Example:
  tillbridge-connector quarantine drop items/17 --config shop.yaml`)
    .action(async (key: string, { config }: Configured) => onExit(await settleRefused(config, key, 'drop')))
}

import type { Command } from 'commander'
import type { ExitCode } from '../exit-codes.ts'
import { CONFIG, JSON_FLAG } from '../flags.ts'
import { resumeSelling, stopSelling } from './selling.ts'

type Configured = { config: string; json?: boolean }
const SKU = ['<sku>', 'the item, as the till names it'] as const

export function addSellingCommands(program: Command, onExit: (code: ExitCode) => void): void {
  program.command('stop-selling').description('take an item off the web at once, though it lies on the shelf').argument(...SKU)
    .requiredOption(...CONFIG).requiredOption('--why <reason>', 'for the colleagues who ask').option('--until <moment>', 'when it is sold again by itself, such as 2026-12-01T09:00:00+01:00').option(...JSON_FLAG)
    .addHelpText('after', `
Of this store only; the till sells it on, and web orders that stand go on. For all stores ask the operator.

Examples:
  tillbridge-connector stop-selling TEA-250 --why "on the window display" --config shop.yaml
  tillbridge-connector stop-selling TEA-250 --why "broken in transit" --until 2026-12-01T09:00:00+01:00 --config shop.yaml`)
    .action(async (sku: string, { config, json, why, until }: Configured & { why: string; until?: string }) => onExit(await stopSelling(config, sku, why, until, { json })))

  program.command('sell').description('put an item that this store has stopped back on the web').argument(...SKU)
    .requiredOption(...CONFIG).option(...JSON_FLAG)
    .addHelpText('after', `
Example:
  tillbridge-connector sell TEA-250 --config shop.yaml`)
    .action(async (sku: string, { config, json }: Configured) => onExit(await resumeSelling(config, sku, { json })))
}

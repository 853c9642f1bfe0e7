import type { Command } from 'commander'
import type { ExitCode } from '../exit-codes.ts'
import { CONFIG } from '../flags.ts'
import { diag, type DiagOptions } from './diag.ts'

export function addDiagCommand(program: Command, onExit: (code: ExitCode) => void): void {
  program.command('diag').description('pack what support needs into one archive, without customers and secrets')
    .requiredOption(...CONFIG)
    .option('--out <file>', 'where to write it', 'tillbridge-diag.zip')
    .option('--log <file>', 'the connector\'s log, if it goes to a file: its last lines are packed too')
    .option('--force', 'write over a file that is there')
    .addHelpText('after', `
It holds the configuration without its secrets, status, doctor, versions, the journal's counts and, with --log, the last
lines of the log. No order, no customer, no secret, no password; look into it before you send it.

Examples:
  tillbridge-connector diag --config shop.yaml --log /var/log/tillbridge.log
  journalctl -u NAME -o cat -n 2000 > connector.log        the log of a service of systemd, without what journald puts before each line`)
    .action(async ({ config, ...options }: { config: string } & DiagOptions) => onExit(await diag(config, options)))
}

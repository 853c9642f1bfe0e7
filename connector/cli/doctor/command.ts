import type { Command } from 'commander'
import type { ExitCode } from '../exit-codes.ts'
import { CONFIG, JSON_FLAG } from '../flags.ts'
import { doctor } from './doctor.ts'

export function addDoctorCommand(program: Command, onExit: (code: ExitCode) => void): void {
  program.command('doctor').description('does everything answer as it should? each finding with a fix')
    .requiredOption(...CONFIG).option(...JSON_FLAG)
    .addHelpText('after', `
Looks at the disk, the journal, orders that are tried in vain, the POS (reachable, whether it would run each statement for
this user, time zone, clock), the edge (reachable, signature, clock), the tunnel and the desk. It runs none of those statements,
and is safe beside a running connector. All that it writes is a file of one byte beside the journal, gone again at once, to see
whether the disk takes it. A store that is not paired yet is looked at all the same.

Ends with 0 when nothing is broken (warnings included), with 7 when something must be mended, with 2 when the configuration
cannot be read.

Examples:
  tillbridge-connector doctor --config shop.yaml
  tillbridge-connector doctor --config shop.yaml --json | jq '.findings[] | select(.level != "ok")'`)
    .action(async ({ config, json }: { config: string; json?: boolean }) => onExit(await doctor(config, { json })))
}

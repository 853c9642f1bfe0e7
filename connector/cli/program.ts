import { Command } from 'commander'
import { check } from './check.ts'
import { addCsvCommand } from './csv/command.ts'
import { addDiagCommand } from './diag/command.ts'
import { addDocsCommand } from './docs/command.ts'
import { addDoctorCommand } from './doctor/command.ts'
import { EXIT, EXIT_HELP, type ExitCode } from './exit-codes.ts'
import { CONFIG, JSON_FLAG } from './flags.ts'
import { addInitCommand } from './init/command.ts'
import { addPairCommand } from './init/pair-command.ts'
import { addServiceCommand } from './install-service.ts'
import { addOrdersCommand } from './orders/commands.ts'
import { addQuarantineCommand } from './quarantine/commands.ts'
import { reconcile } from './reconcile.ts'
import { run } from './run.ts'
import { addSellingCommands } from './selling/commands.ts'
import { sayJson, say } from './say.ts'
import { status } from './status.ts'
import { addTriggersCommand } from './triggers.ts'
import { addTunnelCommand } from './tunnel.ts'
import { versions, versionsInWords } from './version.ts'

const HELP = `
The connector runs beside the till of one store. It brings web orders into the POS and tells the web what the till sells.

First steps:
  1. tillbridge-connector init   shop.yaml              asks what it must know, writes the configuration, gets the secret
  2. tillbridge-connector check  --config shop.yaml     is everything there and well formed? touches nothing
  3. tillbridge-connector doctor --config shop.yaml     does everything answer? POS, edge, clocks, disk, each with a fix
  4. tillbridge-connector run    --config shop.yaml     stays up; Ctrl-C ends it in good order
  5. tillbridge-connector install-service --config shop.yaml    as a service of this machine

Every day:
  tillbridge-connector status      --config shop.yaml   what it does now, how far behind it is, the last errors
  tillbridge-connector orders list --config shop.yaml --open
  tillbridge-connector quarantine list --config shop.yaml
  tillbridge-connector stop-selling TEA-250 --why "recalled" --config shop.yaml

When something is wrong: doctor, then "docs store-it"; "diag" packs what support needs, without customers and secrets.
${EXIT_HELP}`

type Configured = { config: string; json?: boolean }

/** The command line. Each command answers its exit code. */
export function createProgram(onExit: (code: ExitCode) => void): Command {
  const program = new Command('tillbridge-connector')
    .description('Connects one store\'s till with Tillbridge.')
    .version(versionsInWords(), '-V, --version', 'the versions of connector, journal and Node')
    .addHelpText('after', HELP)
    // Help that is asked about a command that is not there is a mistake all the same: a script with a slip in it would go on.
    .addHelpText('beforeAll', ({ command, error }) => {
      const [name] = command.args
      if (!error && name !== undefined && !name.startsWith('-') && command.commands.length > 0) command.error(`error: unknown command '${name}'`)
      return ''
    })
    .configureHelp({ showGlobalOptions: true })
    .showHelpAfterError('(tillbridge-connector --help shows how)')
    // A command line that cannot be read is a wrong configuration, not something unexpected.
    .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? EXIT.ok : EXIT.configuration))

  addInitCommand(program, onExit)
  addPairCommand(program, onExit)

  program.command('check').description('check the configuration without touching network, POS or journal')
    .requiredOption(...CONFIG).option(...JSON_FLAG)
    .addHelpText('after', `
Says file, line, column, key, what was expected and what stands there. Ends with 0 when all is in order, with 2 when something
is wrong, with 9 when only the store's secret is missing: then run "pair".

Example:
  tillbridge-connector check --config shop.yaml`)
    .action(({ config, json }: Configured) => onExit(check(config, { json })))

  addDoctorCommand(program, onExit)

  program.command('run').description('serve this store until told to stop; prints one ready line on stdout, logs on stderr')
    .requiredOption(...CONFIG)
    .addHelpText('after', `
SIGTERM and Ctrl-C end it in good order: the write under way is finished, what waits keeps in the journal.

Example:
  tillbridge-connector run --config shop.yaml 2>> connector.log`)
    .action(async ({ config }: { config: string }) => onExit(await run(config)))

  program.command('status').description('what the connector does now, how far behind it is, the last errors')
    .requiredOption(...CONFIG).option(...JSON_FLAG)
    .addHelpText('after', `
Reads the journal, and asks the connector when it runs. --json has the same for a monitor: "lagS" is the age of the oldest
event that the edge has not confirmed, "fresh" how old the knowledge is (a quiet shop stays fresh), "live.troubles" the last errors.

Examples:
  tillbridge-connector status --config shop.yaml
  tillbridge-connector status --config shop.yaml --json | jq .lagS`)
    .action(async ({ config, json }: Configured) => onExit(await status(config, { json })))

  program.command('reconcile').description('compare everything with the edge now, send what differs, and say why it differed')
    .requiredOption(...CONFIG).option(...JSON_FLAG)
    .addHelpText('after', `
A running connector is asked to do it and watched; without one it is done here, and the connector cannot start meanwhile.

Example:
  tillbridge-connector reconcile --config shop.yaml`)
    .action(async ({ config, json }: Configured) => onExit(await reconcile(config, { json })))

  addOrdersCommand(program, onExit)
  addQuarantineCommand(program, onExit)
  addSellingCommands(program, onExit)
  addCsvCommand(program, onExit)
  addDiagCommand(program, onExit)
  addTriggersCommand(program, onExit)
  addServiceCommand(program, onExit)
  addTunnelCommand(program, onExit)
  addDocsCommand(program, onExit)

  program.command('version').description('the versions of connector, journal and Node').option(...JSON_FLAG)
    .addHelpText('after', `
Example:
  tillbridge-connector version --json`)
    .action(({ json }: { json?: boolean }) => {
      if (json) sayJson(versions())
      else say(versionsInWords())
      onExit(EXIT.ok)
    })
  return program
}

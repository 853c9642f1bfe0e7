import { Command } from 'commander'
import { check } from './check.ts'
import { EXIT, EXIT_HELP, type ExitCode } from './exit-codes.ts'
import { run } from './run.ts'
import { status } from './status.ts'
import { version } from './version.ts'

const HELP = `
The connector runs beside the till of one store. It brings web orders into the POS and tells the web what the till sells.

First steps:
  1. Copy connector/config/example.yaml, fill in edge.url, store.id and the file with the store's secret.
  2. tillbridge-connector check  --config shop.yaml     is everything there and well formed?
  3. tillbridge-connector run    --config shop.yaml     stays up; Ctrl-C ends it in good order
  4. tillbridge-connector status --config shop.yaml     how many orders and events wait?
${EXIT_HELP}`

const CONFIG = ['--config <file>', 'the YAML configuration of this store'] as const
const JSON_FLAG = ['--json', 'answer with one JSON object'] as const

/** The command line. Each command answers its exit code. */
export function createProgram(onExit: (code: ExitCode) => void): Command {
  const program = new Command('tillbridge-connector')
    .description('Connects one store\'s till with Tillbridge.')
    .addHelpText('after', HELP)
    .configureHelp({ showGlobalOptions: true })
    .showHelpAfterError('(tillbridge-connector --help shows how)')
    // A command line that cannot be read is a wrong configuration, not something unexpected.
    .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? EXIT.ok : EXIT.configuration))

  program.command('run').description('serve this store until told to stop; prints one ready line on stdout, logs on stderr')
    .requiredOption(...CONFIG)
    .action(async ({ config }: { config: string }) => onExit(await run(config)))

  program.command('check').description('check the configuration without touching network, POS or journal')
    .requiredOption(...CONFIG).option(...JSON_FLAG)
    .action(({ config, json }: { config: string; json?: boolean }) => onExit(check(config, { json })))

  program.command('status').description('read the journal: numbering, orders, what waits to be sent')
    .requiredOption(...CONFIG).option(...JSON_FLAG)
    .action(({ config, json }: { config: string; json?: boolean }) => onExit(status(config, { json })))

  program.command('version').description('print the version')
    .action(() => {
      process.stdout.write(`${version}\n`)
      onExit(EXIT.ok)
    })
  return program
}

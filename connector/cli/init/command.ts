import type { Command } from 'commander'
import type { ExitCode } from '../exit-codes.ts'
import { init, PASSWORD_VARIABLE, type InitOptions } from './init.ts'
import { CODE_VARIABLE } from './pair.ts'
import { POS_TYPES, TEMPLATES } from './templates.ts'

export function addInitCommand(program: Command, onExit: (code: ExitCode) => void): void {
  program.command('init').description('write a configuration for this store, and get its secret from the edge').argument('[file]', 'the configuration to write', 'shop.yaml')
    .option('--pos <type>', `the POS: ${POS_TYPES.join(', ')}`)
    .option('--edge <url>', 'the address of the edge')
    .option('--store <id>', 'the store, as the operator registered it')
    .option('--journal <file>', 'where the journal is kept (below /etc: in the folder of its service; else: data/ beside the configuration)')
    .option('--port <n>', 'the port for the tunnel and the desk page')
    .option('--set <key=value>', 'an answer about the POS, as often as there are some; "init --help" lists the keys', (pair, before: string[] | undefined) => [...before ?? [], pair])
    .option('--code-file <file>', 'read the one-time pairing code from a file; "-" is stdin')
    .option('--no-pair', 'write the configuration only; "pair" gets the secret later')
    .option('--yes', 'ask nothing: what is not given takes its usual value')
    .option('--force', 'write over files that are there')
    .addHelpText('after', `
Asks what is not given. The operator makes the one-time code at the edge (it lasts 15 minutes); it is asked for, or read
from --code-file or ${CODE_VARIABLE}. The database password is asked for, or read from ${PASSWORD_VARIABLE}. Neither is
taken from the command line, which every user of this machine can see. Secret and password go into files of their own, mode 600,
named after the configuration: stores may stand side by side in one folder. Nothing is written before every answer is in order.
Paths are from where the configuration stands, and are written whole.

Kinds of POS, and their keys for --set:
${POS_TYPES.map((type) => `  ${type.padEnd(9)} ${TEMPLATES[type]?.title ?? ''}\n            ${(TEMPLATES[type]?.questions ?? []).map(({ key, usual }) => (usual === undefined ? `${key} (needed)` : key)).join(', ')}`).join('\n')}

Examples:
  tillbridge-connector init shop.yaml
  tillbridge-connector init /etc/tillbridge/shop.yaml --yes --pos csv --edge https://shop.example --store main-street \\
    --set folder=/srv/till --set currency=GBP --code-file - < code.txt`)
    .action(async (file: string, options: InitOptions) => onExit(await init(file, options)))
}

import type { Command } from 'commander'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { z } from 'zod'
import { StoreId } from '../../../contract/values.ts'
import { readYaml } from '../../config/read-yaml.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { CONFIG } from '../flags.ts'
import { problemLine } from '../read-config.ts'
import { complain, faultText, say } from '../say.ts'
import { CODE_VARIABLE, pair, readCode } from './pair.ts'

type Options = { config: string; codeFile?: string; force?: boolean }

/** Of a configuration whose secret is not there yet. */
const Unpaired = z.object({ edge: z.object({ url: z.url({ protocol: /^https?$/ }) }), store: z.object({ id: StoreId, secretFile: z.string().min(1) }) })

export function addPairCommand(program: Command, onExit: (code: ExitCode) => void): void {
  program.command('pair').description('trade a one-time code of the operator for this store\'s secret')
    .requiredOption(...CONFIG)
    .option('--code-file <file>', 'read the code from a file; "-" is stdin')
    .option('--force', 'replace a secret that is there')
    .addHelpText('after', `
The code is asked for, or read from --code-file or the variable ${CODE_VARIABLE}: not from the command line, which every user
of this machine can see. The secret goes into store.secretFile, mode 600, and is shown nowhere.

Examples:
  tillbridge-connector pair --config shop.yaml
  tillbridge-connector pair --config shop.yaml --code-file - < code.txt`)
    .action(async (options: Options) => onExit(await pairAgain(options)))
}

async function pairAgain({ config, codeFile, force }: Options): Promise<ExitCode> {
  const what = 'The connector is not paired'
  let text: string
  try {
    text = readFileSync(config, 'utf8')
  } catch (error) {
    complain({ what, why: `${config} cannot be read (${faultText(error)})`, todo: 'look at the path; "init" writes a configuration' })
    return EXIT.configuration
  }
  const yaml = readYaml(text, resolve(config))
  const read = Unpaired.safeParse(yaml.ok ? yaml.value.value : null)
  if (!read.success) {
    complain({ what, why: yaml.ok ? 'edge.url, store.id or store.secretFile is missing or wrong' : problemLine(yaml.refusal), todo: `mend it; "check --config ${config}" says what is expected` })
    return EXIT.configuration
  }
  const { edge, store } = read.data
  const secretFile = resolve(dirname(config), store.secretFile)
  if (existsSync(secretFile) && !force) {
    complain({ what, why: `${secretFile} has a secret already`, todo: 'add --force to replace it; until then the connector goes on with the old one' })
    return EXIT.notDone
  }
  let code
  try {
    code = await readCode(codeFile, process.stdin.isTTY)
  } catch (error) {
    complain({ what, why: `the code cannot be read (${faultText(error)})`, todo: 'look at --code-file' })
    return EXIT.configuration
  }
  if (code === null) {
    complain({ what, why: 'there is no code', todo: `type it when asked, give --code-file, or set ${CODE_VARIABLE}` })
    return EXIT.configuration
  }
  const paired = await pair({ url: edge.url, storeId: store.id, secretFile }, code)
  if (paired === EXIT.ok) say(`Store ${store.id} is paired; its secret is in ${secretFile}.`)
  return paired
}

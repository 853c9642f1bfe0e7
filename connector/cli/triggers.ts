import type { Command } from 'commander'
import { triggersFor } from '../pos/open-triggers.ts'
import type { PosConfig } from '../pos/pos-config.ts'
import { DatabaseFault } from '../pos/sql/database-fault.ts'
import type { TriggerStatus } from '../pos/sql/triggers.ts'
import { EXIT, type ExitCode } from './exit-codes.ts'
import { CONFIG, JSON_FLAG } from './flags.ts'
import { readConfig } from './read-config.ts'
import { complain, faultText, say, sayJson } from './say.ts'

type Options = { config: string; json?: boolean }
type What = 'install' | 'remove' | 'status'

const MEANING: Record<What, string> = {
  install: 'let the database note which goods change, so that a change is seen at once; harmless twice',
  remove: 'take the triggers and the table they write out of the database again',
  status: 'whether they are there, and what waits',
}

export function addTriggersCommand(program: Command, onExit: (code: ExitCode) => void): void {
  const triggers = program.command('triggers').description('optional triggers in the POS\'s database that make changes seen sooner')
    .addHelpText('after', `
The connector works without them: it compares all goods again and again. With them a change of the till is known at once, and
the comparison remains for what slips past. They write keys of goods into a table of their own (tillbridge_changes), nothing else.
The database user needs the right to make triggers; where it is missing the message says what to ask the administrator for. A running connector sees by itself that they came or went.

Examples:
  tillbridge-connector triggers status --config shop.yaml
  tillbridge-connector triggers install --config shop.yaml`)
  for (const what of ['install', 'remove', 'status'] as const) {
    triggers.command(what).description(MEANING[what])
      .requiredOption(...CONFIG).option(...JSON_FLAG)
      .addHelpText('after', `
Example:
  tillbridge-connector triggers ${what} --config shop.yaml`)
      .action(async ({ config, json }: Options) => onExit(await runTriggers(config, what, json ?? false)))
  }
}

async function runTriggers(configPath: string, what: What, json: boolean): Promise<ExitCode> {
  const config = readConfig(configPath)
  if (!config) return EXIT.configuration
  const triggers = triggersFor(config.pos)
  if (!triggers) {
    complain({ what: 'There are no triggers for this POS', why: noneFor(config.pos), todo: 'nothing: the connector sees changes without them' })
    return EXIT.notDone
  }
  try {
    if (what === 'install') await triggers.install()
    if (what === 'remove') await triggers.remove()
    const status = await triggers.status()
    if (json) sayJson(status)
    else say(what === 'remove' && !status.installed ? REMOVED : inWords(status))
    return EXIT.ok
  } catch (error) {
    complain({ what: `The triggers cannot be ${what === 'status' ? 'looked at' : what === 'install' ? 'installed' : 'removed'}`, ...(error instanceof DatabaseFault ? { why: error.message.slice(0, -error.hint.length).trim(), todo: error.hint } : { why: faultText(error), todo: 'run "doctor"' }) })
    return EXIT.notDone
  } finally {
    await triggers.close()
  }
}

const REMOVED = 'The triggers and their table are gone. A running connector needs no restart: it finds changes by comparing, a little later.'

const noneFor = ({ type }: PosConfig): string =>
  (type === 'sql' ? 'pos.watch names no tables of the database' : `a POS of type ${type} has no database that triggers could watch, or tells its changes itself`)

export function inWords({ installed, missing, waiting, newest }: TriggerStatus): string {
  if (!installed && missing.length === 0) return 'The triggers are there, and the table that they write is not: install them again.'
  if (!installed) return `Not installed, or not whole; missing: ${missing.join(', ')}.`
  return `Installed. ${waiting === 0 ? 'Nothing is noted.' : `${waiting === 1 ? '1 change is' : `${waiting} changes are`} noted, the newest at ${newest ?? 'an unknown time'}; the connector takes them away.`}`
}

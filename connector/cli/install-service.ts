import type { Command } from 'commander'
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { basename, dirname, isAbsolute, join, resolve } from 'node:path'
import { parse } from 'yaml'
import type { ConnectorConfig } from '../config/config.ts'
import { fileKeysIn } from '../config/file-path.ts'
import { PosConfig } from '../pos/pos-config.ts'
import { EXIT, type ExitCode } from './exit-codes.ts'
import { CONFIG } from './flags.ts'
import { readConfig } from './read-config.ts'
import { complain, faultText, say } from './say.ts'
import { accountProblems, certificateProblems, certificatesIn, environmentProblems, thisMachine, tmpProblems, type Machine, type ServiceProblem } from './service-problems.ts'
import { systemdUnit } from './systemd-unit.ts'
import { windowsSteps } from './windows-steps.ts'

export type ServiceOptions = { config: string; write?: boolean | undefined; windows?: boolean | undefined; dir: string; user?: string | undefined; group?: string | undefined; env?: string[] | undefined; force?: boolean | undefined }

const UNIT_FOLDER = '/etc/systemd/system'
const STATE_FOLDER = '/var/lib'

export function addServiceCommand(program: Command, onExit: (code: ExitCode) => void): void {
  program.command('install-service').description('the connector as a service of this machine: a hardened systemd unit, or the steps for Windows')
    .requiredOption(...CONFIG)
    .option('--print', 'print the unit and what to do with it (this is what happens without --write)')
    .option('--write', 'write the unit; starts nothing')
    .option('--windows', 'print the steps for Windows')
    .option('--dir <folder>', 'where units are', UNIT_FOLDER)
    .option('--user <name>', 'run as this user, not as one that systemd makes: for a till in a file that belongs to somebody')
    .option('--group <name>', 'a group that may read the till\'s file or folder')
    .option('--env <name=value...>', 'for the service: NODE_USE_ENV_PROXY=1 HTTPS_PROXY=…, NODE_EXTRA_CA_CERTS=…')
    .option('--force', 'write over a unit that is there')
    .addHelpText('after', `
The unit reads the configuration, the secret and the passwords as credentials of systemd: they stay root's, mode 600, in one
folder. Name those files in the configuration without a path, and give the journal an absolute path below ${STATE_FOLDER}/NAME, or
name with --user who may write where it is. "init" writes it so, and says the command that fits.

Examples:
  tillbridge-connector install-service --config /etc/tillbridge/shop.yaml
  sudo tillbridge-connector install-service --config /etc/tillbridge/shop.yaml --write
  tillbridge-connector install-service --config /etc/tillbridge/shop.yaml --env NODE_EXTRA_CA_CERTS=/etc/ssl/certs/company.pem`)
    .action((options: ServiceOptions) => onExit(installService(options)))
}

export const serviceName = (storeId: string): string => `tillbridge-${storeId.toLowerCase()}`

/** What a service keeps: systemd makes this folder for it, and for nobody else. */
export const stateFolderOf = (storeId: string): string => join(STATE_FOLDER, serviceName(storeId))
export const isInStateFolder = (file: string, storeId: string): boolean => file.startsWith(`${stateFolderOf(storeId)}/`)

/** Prints or writes the service, when all of it would work. Starts and enables nothing: that is the administrator's to do. */
export function installService(options: ServiceOptions, machine: Machine = thisMachine): ExitCode {
  const config = readConfig(options.config)
  if (!config) return EXIT.configuration
  const name = serviceName(config.store.id)
  const configFile = resolve(options.config)
  const facts = { name, storeId: config.store.id, node: process.execPath, program: resolve(process.argv[1] ?? ''), configFile }
  const environment = options.env ?? []
  if (options.windows || process.platform === 'win32') {
    if (isRefused(environmentProblems(environment, 'elsewhere'))) return EXIT.notDone
    say(windowsSteps({ ...facts, environment }))
    return EXIT.ok
  }
  const placed = placeFiles(configFile, config, options)
  const ofOptions = [...accountProblems(options, machine), ...environmentProblems(environment, 'here')]
  if (isRefused([...ofOptions, ...tmpProblems(placesOf(facts, config, environment), machine), ...placed.problems])) return EXIT.notDone
  const unit = systemdUnit({ ...facts, ...placed, user: options.user ?? null, group: options.group ?? null, environment })
  const file = join(options.dir, `${name}.service`)
  const next = `sudo systemctl daemon-reload\nsudo systemctl enable --now ${name}\njournalctl -u ${name} -f`
  if (!options.write) {
    say(unit)
    say(`# To install it:\n#   ${askedAgain(configFile, options)}\n#   ${next.replaceAll('\n', '\n#   ')}\n# How well it is locked up: systemd-analyze security ${name}`)
    for (const caution of cautions(config, options, machine)) say(`# ${caution}`)
    return EXIT.ok
  }
  try {
    if (existsSync(file) && readFileSync(file, 'utf8') !== unit && !options.force) {
      complain({ what: 'The unit was not written', why: `${file} is there and says something else`, todo: 'look into it, then add --force' })
      return EXIT.notDone
    }
    writeFileSync(`${file}.new`, unit, { mode: 0o644 })
    renameSync(`${file}.new`, file)
  } catch (error) {
    complain({ what: 'The unit was not written', why: `${file}: ${faultText(error)}`, todo: 'run it with sudo, or print it and write it yourself' })
    return EXIT.notDone
  }
  say(`${file} is written. Now:\n${next}`)
  for (const caution of cautions(config, options, machine)) say(caution)
  return EXIT.ok
}

/** Says everything that hinders, before anything is written. */
function isRefused(problems: readonly ServiceProblem[]): boolean {
  for (const problem of problems) complain({ what: 'The service cannot be made so', ...problem })
  return problems.length > 0
}

/** The same command for whoever may write units, with every option that was given. */
function askedAgain(configFile: string, { dir, user, group, env = [], force }: ServiceOptions): string {
  const given: readonly (readonly string[])[] = [
    ['--config', configFile], ['--write'], dir === UNIT_FOLDER ? [] : ['--dir', resolve(dir)], user === undefined ? [] : ['--user', user], group === undefined ? [] : ['--group', group],
    env.length === 0 ? [] : ['--env', ...env], force ? ['--force'] : [],
  ]
  return `sudo tillbridge-connector install-service ${given.flat().map(inShell).join(' ')}`
}

const inShell = (word: string): string => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll('\'', String.raw`'\''`)}'`)

/** Everything that the service itself must find; the configuration and its secrets are handed over by systemd. */
function placesOf({ node, program }: { node: string; program: string }, config: ConnectorConfig, environment: readonly string[]): Parameters<typeof tmpProblems>[0] {
  const install = 'install it for everybody, below /opt or /usr/local'
  return [
    { what: 'Node', path: node, todo: install },
    { what: 'the connector', path: program, todo: install },
    { what: 'the journal', path: config.journal.file, todo: `keep it where it stays: journal.file: ${join(stateFolderOf(config.store.id), 'journal.sqlite')}` },
    ...fileKeysIn(PosConfig, config.pos, ['pos']).filter(({ kind }) => kind === 'path').map(({ path, value }) => ({ what: path.join('.'), path: value, todo: 'keep it where it stays, such as below /srv' })),
    ...certificatesIn(environment).map(({ name, file }) => ({ what: name, path: file, todo: 'keep it where it stays, such as below /etc/ssl' })),
  ]
}

type Placed = { credentials: { name: string; file: string }[]; writable: string[]; problems: ServiceProblem[] }

/** What systemd takes for the name of a credential. It leaves out any other with a word in its log, and the service finds no such file. */
const CREDENTIAL_NAME = /^[\x20-\x39\x3b-\x7e]{1,255}$/

/** Which files systemd hands over and which folders stay writable; or what of the configuration does not fit a service. */
function placeFiles(configFile: string, config: ConnectorConfig, { user }: ServiceOptions): Placed {
  const stateFolder = stateFolderOf(config.store.id)
  const problems: ServiceProblem[] = []
  // As it stands there: what the loader answers has its paths made absolute already.
  const raw: unknown = parse(readFileSync(configFile, 'utf8'))
  const credentials = namedFiles(raw).map(({ key, name }) => {
    if (basename(name) !== name) problems.push({ why: `${key} is a path (${name})`, todo: `put the file beside ${configFile} and write its bare name: ${key.split('.').at(-1)}: ${basename(name)}` })
    return { name: basename(name), file: join(dirname(configFile), name) }
  })
  for (const name of [basename(configFile), ...credentials.map((each) => each.name)]) {
    if (!CREDENTIAL_NAME.test(name)) problems.push({ why: `systemd hands over no file with the name ${name}: it takes letters without accents, digits and signs, and no colon`, todo: `give it such a name${name === basename(configFile) ? '' : ', here and in the configuration'}` })
  }
  const journal = at(raw, ['journal', 'file'])
  if (typeof journal === 'string' && !isAbsolute(journal)) problems.push({ why: 'journal.file is relative to the configuration, which the service reads elsewhere', todo: `write journal.file: ${join(stateFolder, 'journal.sqlite')}` })
  else if (!user && !isInStateFolder(config.journal.file, config.store.id)) {
    problems.push({ why: `the journal is in ${dirname(config.journal.file)}, where the user that systemd makes for a service may not write`, todo: `add --user NAME, of whoever may write there; or write journal.file: ${join(stateFolder, 'journal.sqlite')}` })
  }
  const places = fileKeysIn(PosConfig, at(raw, ['pos']), ['pos']).filter(({ kind }) => kind === 'path')
  for (const { path, value } of places) {
    if (!isAbsolute(value)) problems.push({ why: `${path.join('.')} is relative to the configuration, which the service reads elsewhere`, todo: `write the absolute path: ${path.join('.')}: ${resolve(dirname(configFile), value)}` })
    else if (path.at(-1) === 'caFile') problems.push(...certificateProblems(path.join('.'), value))
  }
  // A database file has its journals beside it; a certificate is only read.
  const pos = places.flatMap(({ path, value }) => (path.at(-1) === 'folder' ? [value] : path.at(-1) === 'caFile' ? [] : [dirname(value)]))
  const folders = new Set([dirname(config.journal.file), ...pos])
  return { credentials, writable: [...folders].filter((folder) => folder !== stateFolder && !isInStateFolder(folder, config.store.id)), problems }
}

/** Every `…File` of the configuration that holds a secret, wherever it stands. */
function namedFiles(value: unknown, path: readonly string[] = []): { key: string; name: string }[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, inner]) => {
    if (!/(secret|password|pin)File$/i.test(key)) return namedFiles(inner, [...path, key])
    return [inner].flat().flatMap((name) => (typeof name === 'string' ? [{ key: [...path, key].join('.'), name }] : []))
  })
}

const at = (value: unknown, path: readonly string[]): unknown =>
  path.reduce<unknown>((inner, key) => (typeof inner === 'object' && inner !== null ? Reflect.get(inner, key) : undefined), value)

/** What works only when somebody has seen to it. */
function cautions(config: ConnectorConfig, { config: configFile, user, group, env }: ServiceOptions, { privateTmp }: Machine): string[] {
  const found: string[] = []
  if (/^\/(home|root)\//.test(process.execPath) || /^\/(home|root)\//.test(resolve(process.argv[1] ?? ''))) found.push('Node or the connector stands in somebody\'s home, which a service\'s user cannot enter: install both under /opt or /usr/local.')
  if (fileKeysIn(PosConfig, config.pos).some(({ path }) => path.at(-1) === 'file') && !user && !group) found.push('The till is a file: its user or group must let the service in, so add --user or --group.')
  if (tmpProblems([{ what: '', path: resolve(configFile), todo: '' }], { privateTmp }).length > 0) found.push(`The configuration is in a folder that the machine empties (${dirname(resolve(configFile))}): keep it with its secret where it stays, such as in /etc/tillbridge.`)
  if (env?.some((pair) => /^https?_proxy=/i.test(pair)) && !env.includes('NODE_USE_ENV_PROXY=1')) found.push('Node uses a proxy only when it is told to: add NODE_USE_ENV_PROXY=1 to --env.')
  if (env?.some((pair) => /:\/\/[^/\s]*@/.test(pair))) found.push('A login stands in --env, and every user of this machine can read a unit: use a proxy that knows this machine by its address.')
  return found
}

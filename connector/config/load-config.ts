import { existsSync, readFileSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { ok, refused, type Result } from '../../contract/result.ts'
import { Configuration, Secret, SECRETS_MAX, type ConnectorConfig } from './config.ts'
import { faultOf } from '../fault.ts'
import { fileWords } from '../file-words.ts'
import { Pin, readDesk, type DeskConfig } from './desk-config.ts'
import { linkWarnings } from '../link/link-warnings.ts'
import { fileKeysIn } from './file-path.ts'
import { defaultPollMs, PosConfig } from '../pos/pos-config.ts'
import { loadVariants } from './load-variants.ts'
import { readYaml } from './read-yaml.ts'
import { locate, problemsOf, unknownKeys, type ConfigProblem, type ConfigWarning, type Located } from './config-problem.ts'

export type LoadedConfig = { config: ConnectorConfig; warnings: ConfigWarning[] }
/** `unpaired`: all that is wrong is that it has no secret yet. */
export type RefusedConfig = { problems: ConfigProblem[]; warnings: ConfigWarning[]; unpaired?: ConnectorConfig }

/** Reads and checks a configuration, the secret files included. Touches no network, no POS and no journal. */
export function loadConfig(path: string): Result<LoadedConfig, RefusedConfig> {
  const file = resolve(path)
  const whole = (expected: string, found: string) => refused({ problems: [{ file, line: 1, column: 1, key: '(the whole file)', expected, found }], warnings: [] })
  const text = readText(file)
  if (!text.ok) return whole('a readable file', text.refusal)
  if (text.value.trim() === '') return whole('a configuration ("init" writes one, "docs example" explains every key)', 'an empty file')
  // What a decoder puts for bytes that are no text of its own; a database, a program, a text that an editor of Windows saved as UTF-16.
  if (/[\0\uFFFD]/.test(text.value)) return whole('a text in UTF-8', 'bytes that are none')

  const read = readYaml(text.value, file)
  if (!read.ok) return refused({ problems: [read.refusal], warnings: [] })
  const { value, located } = read.value
  const warnings = unknownKeys(Configuration, value, located)
  const parsed = Configuration.safeParse(value)
  if (!parsed.success) return refused({ problems: problemsOf(parsed.error, value, located), warnings })

  const { store, ...rest } = parsed.data
  // All of it is looked at, whatever of it is wrong: a store that is not paired yet is told of the rest too.
  const secrets = readSecrets(store, located)
  const desk = deskOf(rest.desk, located)
  const pos = bringFiles(rest.pos, located)
  const known = loadVariants(rest.variants?.file, located)
  warnings.push(
    ...[secrets, pos, desk].flatMap((part) => (part.ok ? part.value.warnings : [])), ...plainHttpWarning(rest.edge.url, located),
    ...linkWarnings(rest).map((warning) => ({ file, ...locate(located, warning.key.split('.')), ...warning })),
  )
  const problems = [secrets, desk, pos, known].flatMap((part) => (part.ok ? [] : part.refusal))
  if (!desk.ok || !pos.ok || !known.ok) return refused({ problems, warnings })
  const at = (relative: string): string => resolve(dirname(file), relative)
  const withSecrets = (secretsRead: string[]): ConnectorConfig => ({
    ...rest,
    desk: desk.value.desk,
    store: { id: store.id, secrets: secretsRead },
    ...(known.value ? { variantBook: known.value } : {}),
    journal: { ...rest.journal, file: at(rest.journal.file) },
    poll: { everyMs: rest.poll.everyMs ?? defaultPollMs(rest.pos.type) },
  })
  if (secrets.ok) return ok({ config: withSecrets(secrets.value.secrets), warnings })
  return refused({ problems, warnings, ...(problems.every(({ notPaired }) => notPaired) ? { unpaired: withSecrets([]) } : {}) })
}

/** What of a configuration's text is wrong before any file is looked at that it names. */
export function problemsInText(text: string, file: string): ConfigProblem[] {
  const read = readYaml(text, file)
  if (!read.ok) return [read.refusal]
  const parsed = Configuration.safeParse(read.value.value)
  return parsed.success ? [] : problemsOf(parsed.error, read.value.value, read.value.located)
}

type Store = { secret?: string | string[] | undefined; secretFile?: string | string[] | undefined }

function readSecrets(store: Store, located: Located): Result<{ secrets: string[]; warnings: ConfigWarning[] }, ConfigProblem[]> {
  const problem = (key: string, expected: string, found: string): ConfigProblem => ({ file: located.file, ...locate(located, key.split('.')), key, expected, found })
  const secrets = asList(store.secret)
  const warnings: ConfigWarning[] = []
  const problems: ConfigProblem[] = []
  if (secrets.length > 0 && isOpenToOthers(located.file)) {
    warnings.push({ file: located.file, ...locate(located, ['store', 'secret']), key: 'store.secret', message: 'this file holds a secret and others can read it: chmod 600, or use store.secretFile' })
  }
  for (const name of asList(store.secretFile)) {
    const path = resolve(dirname(located.file), name)
    const text = readText(path)
    if (!text.ok) {
      const notPaired = !existsSync(path) && typeof store.secretFile === 'string' && secrets.length === 0
      problems.push({ ...problem('store.secretFile', 'a readable file with the store secret', text.refusal), ...(notPaired ? { notPaired } : {}) })
      continue
    }
    const found = text.value.split(/\r?\n/).map((line) => line.trim()).filter((line) => line !== '')
    if (found.length === 0 || found.some((line) => !Secret.safeParse(line).success)) {
      problems.push(problem('store.secretFile', 'one store secret a line: "tbsec_" followed by base64', `other content in ${path}, which is not shown`))
      continue
    }
    if (isOpenToOthers(path)) {
      warnings.push({ file: located.file, ...locate(located, ['store', 'secretFile']), key: 'store.secretFile', message: `others can read ${path}: chmod 600 ${path}` })
    }
    secrets.push(...found)
  }
  const distinct = [...new Set(secrets)]
  if (problems.length === 0 && distinct.length === 0) problems.push(problem('store.secretFile', 'a file with the store secret (or store.secret)', 'neither'))
  if (distinct.length > SECRETS_MAX) problems.push(problem('store.secretFile', `at most ${SECRETS_MAX} secrets`, `${distinct.length}`))
  return problems.length > 0 ? refused(problems) : ok({ secrets: distinct, warnings })
}

/** The desk with its PIN, read from its file where there is one. */
function deskOf(desk: Parameters<typeof readDesk>[0], located: Located): Result<{ desk: DeskConfig; warnings: ConfigWarning[] }, ConfigProblem[]> {
  const warn = (key: string, message: string): ConfigWarning => ({ file: located.file, ...locate(located, key.split('.')), key, message })
  const warnings = desk.pin !== undefined && isOpenToOthers(located.file) ? [warn('desk.pin', 'this file holds the desk\'s PIN and others can read it: chmod 600, or use desk.pinFile')] : []
  const read = readDesk(desk, (name) => {
    const path = resolve(dirname(located.file), name)
    const text = readText(path)
    if (!text.ok) return { wrong: text.refusal }
    if (isOpenToOthers(path)) warnings.push(warn('desk.pinFile', `others can read ${path}: chmod 600 ${path}`))
    const pin = text.value.trim()
    return Pin.safeParse(pin).success ? { pin } : { wrong: `other content in ${path}, which is not shown` }
  })
  if (!('wrong' in read)) return ok({ desk: read, warnings })
  return refused(read.wrong.map((wrong) => ({ file: located.file, ...locate(located, wrong.key.split('.')), ...wrong })))
}

/**
 * Whatever files the POS's part names: paths become absolute, from where the configuration stands, and a password file's line
 * becomes the password. Changes `pos`.
 */
function bringFiles(pos: PosConfig, located: Located): Result<{ warnings: ConfigWarning[] }, ConfigProblem[]> {
  const problems: ConfigProblem[] = []
  const warnings: ConfigWarning[] = []
  for (const { holder, path, value, ...meaning } of fileKeysIn(PosConfig, pos, ['pos'])) {
    const absolute = resolve(dirname(located.file), value)
    Reflect.set(holder, path.at(-1) ?? '', absolute)
    if (meaning.kind === 'path') continue
    const key = path.join('.')
    const place = { file: located.file, ...locate(located, path), key }
    const text = readText(absolute)
    const line = text.ok ? text.value.replace(/\r?\n$/, '') : ''
    if (!text.ok) problems.push({ ...place, expected: `a readable file with the ${meaning.becomes}`, found: text.refusal })
    else if (line === '' || /[\r\n]/.test(line)) problems.push({ ...place, expected: `one line: the ${meaning.becomes}`, found: `other content in ${absolute}, which is not shown` })
    else Reflect.set(holder, meaning.becomes, line)
    if (text.ok && isOpenToOthers(absolute)) warnings.push({ ...place, message: `others can read ${absolute}: chmod 600 ${absolute}` })
  }
  const password = ['pos', 'connection', 'password']
  if (located.document.hasIn(password) && isOpenToOthers(located.file)) {
    warnings.push({ file: located.file, ...locate(located, password), key: password.join('.'), message: 'this file holds a password and others can read it: chmod 600, or use passwordFile' })
  }
  if (pos.type === 'sql' && pos.orders === undefined) {
    warnings.push({ file: located.file, ...locate(located, ['pos']), key: 'pos.orders', message: 'no order statements: the POS is only read, and every web order for this store is refused' })
  }
  return problems.length > 0 ? refused(problems) : ok({ warnings })
}

const asList = (value: string | string[] | undefined): string[] => (value === undefined ? [] : [value].flat())

/** Permission bits of group and world, for reading. Windows has no such bits and answers none. */
const READABLE_BY_OTHERS = 0o044
const isOpenToOthers = (path: string): boolean => process.platform !== 'win32' && !isCredential(path) && (statSync(path).mode & READABLE_BY_OTHERS) !== 0
/** What systemd hands over (LoadCredential) is the service's alone, whatever its bits seem to say: they show the mask of an access list. */
const isCredential = (path: string): boolean => {
  const folder = process.env['CREDENTIALS_DIRECTORY']
  return folder !== undefined && dirname(path) === resolve(folder)
}

const LOOPBACK: ReadonlySet<string> = new Set(['127.0.0.1', 'localhost', '[::1]'])

function plainHttpWarning(url: string, located: Located): ConfigWarning[] {
  const { protocol, hostname } = new URL(url)
  if (protocol === 'https:' || LOOPBACK.has(hostname)) return []
  return [{ file: located.file, ...locate(located, ['edge', 'url']), key: 'edge.url', message: 'plain http: calls are signed, but anyone on the way can read orders; use https' }]
}

const isMissing = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'ENOENT'

function readText(path: string): Result<string, string> {
  try {
    return ok(readFileSync(path, 'utf8'))
  } catch (error) {
    return refused(isMissing(error) ? `no file at ${path}` : `${path}: ${fileWords(error) ?? faultOf(error)}`)
  }
}

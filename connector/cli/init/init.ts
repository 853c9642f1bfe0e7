import { password } from '@inquirer/prompts'
import { existsSync, mkdirSync } from 'node:fs'
import { userInfo } from 'node:os'
import { dirname, resolve } from 'node:path'
import { StoreId } from '../../../contract/values.ts'
import { problemsInText } from '../../config/load-config.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { isInStateFolder, stateFolderOf } from '../install-service.ts'
import { complain, faultText, say, warn } from '../say.ts'
import { answersTo, asker, NotAnswered } from './ask.ts'
import { composeYaml } from './compose.ts'
import { pair, readCode } from './pair.ts'
import { takePrivatePlace } from './private-file.ts'
import { freePort, neighboursOf, storeFiles } from './store-files.ts'
import type { Template } from './template.ts'
import { POS_TITLES, POS_TYPES, TEMPLATES } from './templates.ts'

export type InitOptions = {
  pos?: string; edge?: string; store?: string; journal?: string; port?: string; set?: string[]; codeFile?: string; pair: boolean; yes?: boolean; force?: boolean
}

export const PASSWORD_VARIABLE = 'TILLBRIDGE_POS_PASSWORD'
const USUAL_PORT = 8791

/** Files that would have to be given up, or that are another store's. */
class InTheWay extends Error {
  override name = 'InTheWay'
  readonly todo: string
  constructor(why: string, todo: string) {
    super(why)
    this.todo = todo
  }
}

/** Asks, looks at every answer, then writes the YAML, and trades the pairing code. Nothing that is there is written over unless told. */
export async function init(file: string, options: InitOptions): Promise<ExitCode> {
  const what = 'No configuration was written'
  const mayAsk = options.yes !== true && process.stdin.isTTY
  if (!options.yes && !process.stdin.isTTY) {
    complain({ what, why: 'nobody can be asked here', todo: 'give the answers as options, and add --yes' })
    return EXIT.configuration
  }
  let plan: Plan
  try {
    plan = await planned(resolve(file), options, mayAsk)
  } catch (error) {
    if (error instanceof NotAnswered) complain({ what, why: error.message, todo: 'see "init --help"' })
    else if (error instanceof InTheWay) complain({ what, why: error.message, todo: error.todo })
    else if (error instanceof Error && error.name === 'ExitPromptError') complain({ what, why: 'it was broken off', todo: 'start it again' })
    else complain({ what, why: faultText(error), todo: 'look whether this user may read and write there' })
    return error instanceof NotAnswered ? EXIT.configuration : EXIT.notDone
  }
  const name = /\s/.test(file) ? JSON.stringify(file) : file
  if (!write(plan, name)) return EXIT.notDone
  if (plan.code === null) {
    say(`Not paired yet: ask the operator for a one-time code.\n${nextSteps(plan, name, ['pair'])}`)
    return EXIT.ok
  }
  const paired = await pair({ url: plan.edgeUrl, storeId: plan.storeId, secretFile: plan.secretFile }, plan.code)
  if (paired !== EXIT.ok) {
    warn(`The configuration is written, and stays. When the above is mended, go on.\n${nextSteps(plan, name, ['pair'])}`)
    return paired
  }
  say(`Store ${plan.storeId} is paired; its secret is in ${plan.secretFile}.\n${nextSteps(plan, name, [])}`)
  return EXIT.ok
}

type Plan = { edgeUrl: string; storeId: string; configFile: string; secretFile: string; journalFile: string; first: string | null; yaml: string; password: { file: string; text: string } | null; code: string | null }

/** Every answer, looked at. Writes nothing. */
async function planned(configFile: string, options: InitOptions, mayAsk: boolean): Promise<Plan> {
  const folder = dirname(configFile)
  const files = storeFiles(configFile)
  const neighbours = neighboursOf(configFile)
  const secretFile = resolve(folder, files.secret)
  const passwordFile = resolve(folder, files.password)
  const mayWrite = (paths: readonly string[]): void => {
    const taken = paths.find((path) => existsSync(path))
    if (taken !== undefined && !options.force) throw new InTheWay(`${taken} is there already`, 'name another file, or add --force to write over it; "pair" alone gets a new secret')
  }
  // Before anybody answers a dozen questions in vain.
  mayWrite([configFile, ...(options.pair ? [secretFile] : [])])
  const ask = asker(mayAsk)
  const type = await ask({ key: '--pos', message: 'Which POS?', choices: POS_TYPES, words: POS_TITLES }, options.pos)
  const template = TEMPLATES[type]
  if (!template) throw new NotAnswered(`"${type}" is no kind of POS`)
  const edgeUrl = await ask({ key: '--edge', message: 'The address of the edge', wrong: (url) => (isUrl(url) ? null : 'an address such as https://shop.example') }, options.edge)
  const storeId = await ask({ key: '--store', message: 'The store\'s id, as the operator registered it', wrong: (id) => (StoreId.safeParse(id).success ? null : 'letters, digits, "-" or "_"') }, options.store)
  const answers = inFull(template, await answersTo(template.questions, ask, options.set ?? []), folder)
  // A service has its own folder for what it keeps; a trial keeps everything beside the configuration.
  const usualJournal = process.platform === 'linux' && folder.startsWith('/etc/') ? resolve(stateFolderOf(storeId), 'journal.sqlite') : resolve(folder, files.journal)
  const journalFile = resolve(folder, await ask({ key: '--journal', message: 'Where is the journal kept (a local disk)?', usual: usualJournal }, options.journal))
  const port = Number(await ask({ key: '--port', message: 'Port for the tunnel and the desk page', usual: String(freePort(USUAL_PORT, neighbours)), wrong: (text) => (/^\d{1,5}$/.test(text) && Number(text) <= 65_535 ? null : 'a number from 0 to 65535') }, options.port))
  const needsPassword = template.needsPassword?.(answers) ?? false

  const own = template.questions.flatMap(({ key, path }) => (path === 'own' ? [answers[key] ?? ''] : []))
  for (const each of [secretFile, journalFile, ...(needsPassword ? [passwordFile] : []), ...own]) {
    const other = neighbours.find((neighbour) => neighbour.files.has(each))
    if (other) throw new InTheWay(`${each} belongs to the store of ${other.file}`, 'give this store a name or a place of its own')
  }
  if (needsPassword) mayWrite([passwordFile])

  const yaml = composeYaml({ edgeUrl, storeId, journalFile, port, files }, template, answers)
  const [problem] = problemsInText(yaml, configFile)
  if (problem) throw new NotAnswered(`${problem.key}: expected ${problem.expected}; found ${problem.found}`)
  const text = needsPassword ? await posPassword(mayAsk) : ''
  const code = options.pair ? await givenCode(options, mayAsk) : null
  return { edgeUrl, storeId, configFile, secretFile, journalFile, first: template.first?.(answers) ?? null, yaml, password: needsPassword ? { file: passwordFile, text } : null, code }
}

const isUrl = (text: string): boolean => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)

/** Files and folders with their whole path: a service reads its configuration elsewhere. */
function inFull({ questions }: Template, answers: Readonly<Record<string, string>>, folder: string): Record<string, string> {
  return Object.fromEntries(Object.entries(answers).map(([key, answer]) => [key, questions.some((question) => question.key === key && question.path) ? resolve(folder, answer) : answer]))
}

async function posPassword(mayAsk: boolean): Promise<string> {
  const given = process.env[PASSWORD_VARIABLE]
  if (given !== undefined && given !== '') return oneLine(given)
  if (!mayAsk) throw new NotAnswered(`the database password is needed: set ${PASSWORD_VARIABLE}`)
  return oneLine(await password({ message: 'Password of the database user', mask: true, validate: (text) => text !== '' || 'a password' }))
}

function oneLine(text: string): string {
  if (/[\r\n]/.test(text)) throw new NotAnswered('the database password: expected one line')
  return text
}

async function givenCode({ codeFile }: InitOptions, mayAsk: boolean): Promise<string | null> {
  let code: string | null
  try {
    code = await readCode(codeFile, mayAsk)
  } catch (error) {
    if (error instanceof Error && error.name === 'ExitPromptError') throw error
    throw new NotAnswered(`--code-file ${codeFile ?? ''} cannot be read (${faultText(error)})`)
  }
  if (code === null && codeFile !== undefined) throw new NotAnswered(`--code-file ${codeFile} is empty: it must hold the one-time code (--no-pair leaves that for later)`)
  return code
}

/** All or nothing, as far as a disk can: each place is taken before the first file is put there. */
function write({ configFile, secretFile, journalFile, storeId, yaml, password: login, code }: Plan, name: string): boolean {
  const places: ReturnType<typeof takePrivatePlace>[] = []
  const written: string[] = []
  try {
    const files = [...(login ? [{ file: login.file, text: `${login.text}\n` }] : []), { file: configFile, text: yaml }]
    for (const { file } of files) places.push(takePrivatePlace(file))
    // So that the code is not spent on a secret that cannot be kept.
    if (code !== null) takePrivatePlace(secretFile).giveBack()
    if (!isInStateFolder(journalFile, storeId)) mkdirSync(dirname(journalFile), { recursive: true, mode: 0o700 })
    for (const [index, { file, text }] of files.entries()) {
      places[index]?.put(text)
      written.push(file)
    }
    say(`${configFile} is written${login ? `, and the database password is in ${login.file}` : ''}.`)
    return true
  } catch (error) {
    complain({
      what: written.length === 0 ? 'Nothing was written' : `Only ${written.join(', ')} was written`, why: faultText(error),
      todo: `look whether this user may write beside ${name} and in ${dirname(journalFile)}, then start init again${written.length === 0 ? '' : ' with --force'}`,
    })
    return false
  } finally {
    for (const place of places) place.giveBack()
  }
}

/** In the order in which they are done. A journal outside of the service's own folder needs a user who may write there. */
function nextSteps({ journalFile, storeId, first }: Plan, name: string, before: readonly string[]): string {
  const user = process.platform === 'win32' || isInStateFolder(journalFile, storeId) ? '' : ` --user ${userInfo().username}`
  const steps = [...before, 'check', 'doctor'].map((step) => `  tillbridge-connector ${step.padEnd(6)} --config ${name}`)
  return `${first === null ? '' : `First: ${first}\n`}Next:
${steps.join('\n')}
  tillbridge-connector run    --config ${name}          to try it; or as a service of this machine:
  tillbridge-connector install-service --config ${name}${user}`
}

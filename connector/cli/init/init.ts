import { input, password, select } from '@inquirer/prompts'
import { existsSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { StoreId } from '../../../contract/values.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { complain, faultText, say } from '../say.ts'
import { serviceName } from '../install-service.ts'
import { composeYaml } from './compose.ts'
import { pair, readCode } from './pair.ts'
import { writePrivately } from './private-file.ts'
import type { Question } from './template.ts'
import { POS_TYPES, TEMPLATES } from './templates.ts'

export type InitOptions = {
  pos?: string; edge?: string; store?: string; journal?: string; port?: string; set?: string[]; codeFile?: string; pair: boolean; yes?: boolean; force?: boolean
}

export const PASSWORD_VARIABLE = 'TILLBRIDGE_POS_PASSWORD'
const SECRET_FILE = 'store.secret'
const USUAL_PORT = '8791'

/** What was given or left out makes no configuration. */
class NotAnswered extends Error {
  override name = 'NotAnswered'
}

const isUrl = (text: string): boolean => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)

/** Asks, writes the YAML, and trades the pairing code. Nothing that is there is written over unless told. */
export async function init(file: string, options: InitOptions): Promise<ExitCode> {
  const what = 'No configuration was written'
  const mayAsk = options.yes !== true && process.stdin.isTTY
  if (!options.yes && !process.stdin.isTTY) {
    complain({ what, why: 'nobody can be asked here', todo: 'give the answers as options, and add --yes' })
    return EXIT.configuration
  }
  const configFile = resolve(file)
  const folder = dirname(configFile)
  const secretFile = resolve(folder, SECRET_FILE)
  try {
    const ask = asker(mayAsk)
    const type = await ask({ key: '--pos', message: 'Which POS?', choices: POS_TYPES, wrong: (word) => (POS_TYPES.includes(word) ? null : `one of ${POS_TYPES.join(', ')}`) }, options.pos)
    const template = TEMPLATES[type]
    if (!template) throw new NotAnswered(`"${type}" is no kind of POS`)
    const edgeUrl = await ask({ key: '--edge', message: 'The address of the edge', wrong: (url) => (isUrl(url) ? null : 'an address such as https://shop.example') }, options.edge)
    const storeId = await ask({ key: '--store', message: 'The store\'s id, as the operator registered it', wrong: (id) => (StoreId.safeParse(id).success ? null : 'letters, digits, "-" or "_"') }, options.store)
    const answers = await answersTo(template.questions, ask, options.set ?? [])
    // A service has its own folder for what it keeps; a trial keeps everything beside the configuration.
    const usualJournal = process.platform === 'linux' && folder.startsWith('/etc/') ? `/var/lib/${serviceName(storeId)}/journal.sqlite` : 'data/journal.sqlite'
    const journalFile = await ask({ key: '--journal', message: 'Where is the journal kept (a local disk)?', usual: usualJournal }, options.journal)
    const port = Number(await ask({ key: '--port', message: 'Port for the tunnel and the desk page', usual: USUAL_PORT, wrong: (text) => (/^\d{1,5}$/.test(text) && Number(text) <= 65_535 ? null : 'a number from 0 to 65535') }, options.port))

    const passwordFile = template.passwordFile === undefined || template.needsPassword?.(answers) === false ? null : resolve(folder, template.passwordFile)
    const taken = [configFile, ...(passwordFile ? [passwordFile] : []), ...(options.pair ? [secretFile] : [])].find((path) => existsSync(path))
    if (taken !== undefined && !options.force) {
      complain({ what, why: `${taken} is there already`, todo: 'name another file, or add --force to write over it; "pair" alone gets a new secret' })
      return EXIT.notDone
    }
    if (passwordFile) writePrivately(passwordFile, `${await posPassword(mayAsk)}\n`)
    writePrivately(configFile, composeYaml({ edgeUrl, storeId, journalFile, port, secretFile: SECRET_FILE }, template, answers))
    say(`${configFile} is written.`)
    const code = options.pair ? await readCode(options.codeFile, mayAsk) : null
    const next = `Next:\n  tillbridge-connector check  --config ${file}\n  tillbridge-connector doctor --config ${file}`
    if (code === null) {
      say(`Not paired yet: ask the operator for a one-time code, then  tillbridge-connector pair --config ${file}\n${next}`)
      return EXIT.ok
    }
    const paired = await pair({ url: edgeUrl, storeId, secretFile }, code)
    if (paired !== EXIT.ok) return paired
    say(`Store ${storeId} is paired; its secret is in ${secretFile}.\n${next}`)
    return EXIT.ok
  } catch (error) {
    if (error instanceof NotAnswered) {
      complain({ what, why: error.message, todo: 'see "init --help"' })
      return EXIT.configuration
    }
    if (error instanceof Error && error.name === 'ExitPromptError') {
      complain({ what: 'init was broken off', why: 'nothing more was answered', todo: 'start it again; what it wrote it has said' })
      return EXIT.notDone
    }
    complain({ what: 'init broke off', why: faultText(error), todo: 'look whether this user may write there' })
    return EXIT.notDone
  }
}

type Ask = (question: Question, given: string | undefined) => Promise<string>

/** An answer that was given, that somebody types, or the usual one. Throws `NotAnswered`. */
const asker = (mayAsk: boolean): Ask => async ({ key, message, usual, choices, optional, wrong }, given) => {
  const isWrong = (answer: string): string | null => wrong?.(answer) ?? (optional && answer === '' ? null : answer.trim() === '' ? 'an answer' : choices && !choices.includes(answer) ? `one of ${choices.join(', ')}` : null)
  const answer = given ?? (mayAsk ? await type() : usual)
  if (answer === undefined) throw new NotAnswered(`${key} is needed (${message})`)
  const fault = isWrong(answer)
  if (fault !== null) throw new NotAnswered(`${key}: expected ${fault}, found "${answer}"`)
  return answer

  function type(): Promise<string> {
    if (choices) return select({ message, choices: choices.map((value) => ({ value, name: TEMPLATES[value] ? `${value}: ${TEMPLATES[value].title}` : value })), ...(usual === undefined ? {} : { default: usual }) })
    return input({ message, ...(usual === undefined ? {} : { default: usual }), validate: (text) => isWrong(text) ?? true })
  }
}

async function answersTo(questions: readonly Question[], ask: Ask, given: readonly string[]): Promise<Record<string, string>> {
  const set = new Map(given.map((pair) => {
    const at = pair.indexOf('=')
    if (at < 1) throw new NotAnswered(`--set ${pair}: expected key=value`)
    return [pair.slice(0, at), pair.slice(at + 1)] as const
  }))
  const unknown = [...set.keys()].find((key) => !questions.some((question) => question.key === key))
  if (unknown !== undefined) throw new NotAnswered(`--set ${unknown}: this POS has ${questions.map(({ key }) => key).join(', ') || 'no such keys'}`)
  const answers: Record<string, string> = {}
  for (const question of questions) if (question.only?.(answers) ?? true) answers[question.key] = await ask({ ...question, key: `--set ${question.key}` }, set.get(question.key))
  return answers
}

async function posPassword(mayAsk: boolean): Promise<string> {
  const given = process.env[PASSWORD_VARIABLE]
  if (given !== undefined && given !== '') return given
  if (!mayAsk) throw new NotAnswered(`the database password is needed: set ${PASSWORD_VARIABLE}`)
  return password({ message: 'Password of the database user', mask: true })
}

import { password } from '@inquirer/prompts'
import { readFileSync } from 'node:fs'
import { PairAnswer } from '../../../contract/connect.ts'
import { ok, refused, type Result } from '../../../contract/result.ts'
import { Secret } from '../../config/config.ts'
import { noAnswer } from '../../edge/edge-client.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { complain, faultText, type Complaint } from '../say.ts'
import { takePrivatePlace } from './private-file.ts'

/** Where a script puts the code: a command line is seen by every user of the machine. */
export const CODE_VARIABLE = 'TILLBRIDGE_PAIRING_CODE'
const ANSWERS_WITHIN_MS = 15_000
const CODE_LENGTH_MAX = 64

/**
 * The one-time code: from a file (`-` is stdin), from the environment, or from a prompt where somebody sits. `null`: nobody has one.
 * Never from an argument.
 */
export async function readCode(file: string | undefined, mayAsk: boolean): Promise<string | null> {
  const given = file === undefined ? process.env[CODE_VARIABLE] : readFileSync(file === '-' ? 0 : file, 'utf8')
  if (given !== undefined && given.trim() !== '') return given.trim().slice(0, CODE_LENGTH_MAX)
  if (!mayAsk) return null
  const typed = await password({ message: 'One-time pairing code from the operator (empty: later, with "pair")', mask: true })
  return typed.trim() === '' ? null : typed.trim().slice(0, CODE_LENGTH_MAX)
}

type Where = { url: string; storeId: string; secretFile: string }

/** Trades the code for the store's secret and keeps it in its file. The secret is printed nowhere. */
export async function pair({ url, storeId, secretFile }: Where, code: string): Promise<ExitCode> {
  const what = 'The connector is not paired'
  let place
  try {
    place = takePrivatePlace(secretFile)
  } catch (error) {
    complain({ what, why: `${secretFile} cannot be written (${faultText(error)}); the code is not used up`, todo: 'run it as a user who may write there, or change store.secretFile' })
    return EXIT.notDone
  }
  try {
    const traded = await trade(url, storeId, code)
    if (!traded.ok) {
      complain({ what, ...traded.refusal })
      return EXIT.edge
    }
    place.put(`${traded.value}\n`)
    return EXIT.ok
  } catch (error) {
    complain({ what, why: `the secret could not be kept (${faultText(error)}), and the code is used up`, todo: 'make room on the disk, then ask the operator for another code' })
    return EXIT.notDone
  } finally {
    place.giveBack()
  }
}

async function trade(url: string, storeId: string, code: string): Promise<Result<string, Omit<Complaint, 'what'>>> {
  const base = new URL(url)
  const target = new URL(`${base.pathname.replace(/\/$/, '')}/connect/v1/stores/${encodeURIComponent(storeId)}/pair`, base)
  const again = 'with "pair" and the same code'
  let response: Response
  let body: unknown
  try {
    response = await fetch(target, {
      method: 'POST', body: JSON.stringify({ code }), redirect: 'error', signal: AbortSignal.timeout(ANSWERS_WITHIN_MS), headers: { 'content-type': 'application/json', accept: 'application/json' },
    })
    body = await response.json().catch(() => null)
  } catch (error) {
    return refused({ why: noAnswer(base, error), todo: `mend it, then try again ${again}` })
  }
  if (response.status === 410) return refused({ why: 'the edge knows no such code for this store: it was used, is older than 15 minutes, or is another store\'s', todo: 'compare the store id with the operator, and ask for another code' })
  if (response.status === 429) return refused({ why: 'too many tries', todo: `wait a minute, then try again ${again}` })
  const answer = PairAnswer.safeParse(body)
  if (!response.ok || !answer.success || !Secret.safeParse(answer.data.secret).success) {
    return refused({ why: `${base.host} answers with ${response.status}, and not as the edge would`, todo: 'look at the address of the edge; the operator sees whether the code was used' })
  }
  return ok(answer.data.secret)
}

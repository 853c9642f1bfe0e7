import { Agent, request } from 'node:http'
import { z } from 'zod'
import { isBug } from '../failure.ts'
import { isJournalLocked } from '../journal/journal-status.ts'
import { readControlFile, type ControlFile } from './control-file.ts'

/** A running connector, or why it cannot be spoken with. */
export type Found =
  | { kind: 'running'; ask<T extends z.ZodType>(method: 'GET' | 'POST', path: string, shape: T, body?: unknown): Promise<z.output<T>> }
  | { kind: 'stopped' }
  /** Its files are for another user's eyes. */
  | { kind: 'denied' }
  /** The journal is held by a process that takes no commands: one that starts or stops just now, or another command at work. */
  | { kind: 'silent' }

/** The running connector did not do what was asked, in its own words. */
export class ControlFailed extends Error {
  override name = 'ControlFailed'
  readonly hint: string
  constructor(message: string, hint: string) {
    super(message)
    this.hint = hint
  }
}

/** A look into a slow POS is the longest a command takes. */
const ANSWER_WITHIN_MS = 60_000

/** Whether somebody holds the journal; `null` where this user may not look. */
function isHeld(journalFile: string): boolean | null {
  try {
    return isJournalLocked(journalFile)
  } catch (error) {
    if (isBug(error)) throw error
    return null
  }
}

/** Looks for the connector that holds this journal. Writes nothing. */
export async function findConnector(journalFile: string): Promise<Found> {
  const held = isHeld(journalFile)
  if (held === null) return { kind: 'denied' }
  if (!held) return { kind: 'stopped' }
  const control = readControlFile(journalFile)
  if (control === 'denied') return { kind: 'denied' }
  if (control === null) return { kind: 'silent' }
  try {
    // Of a run that was killed the file stays, and its port may be anybody's by now.
    if ((await send(control, 'GET', '/status')).status !== 200) return { kind: 'silent' }
  } catch {
    return { kind: 'silent' }
  }
  return {
    kind: 'running',
    async ask(method, path, shape, body) {
      const { status, text } = await send(control, method, path, body)
      const answer: unknown = JSON.parse(text)
      if (status >= 400) throw refusalIn(answer, status)
      return shape.parse(answer)
    },
  }
}

const Fault = z.object({ fault: z.string().default('no'), why: z.string().optional(), hint: z.string().optional() })

function refusalIn(answer: unknown, status: number): ControlFailed {
  const { fault, why, hint = 'look at "status", and at its log' } = Fault.catch({ fault: 'no' }).parse(answer)
  return new ControlFailed(`the running connector says: ${why === undefined ? fault : `${why} (${fault})`} (${status})`, hint)
}

function send(control: ControlFile, method: string, path: string, body?: unknown): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const content = body === undefined ? '' : JSON.stringify(body)
    // An agent of its own: the machine's outbound proxy has no business here.
    const call = request(new URL(path, control.url), {
      method, agent: new Agent({ keepAlive: false }), timeout: ANSWER_WITHIN_MS,
      headers: { authorization: `Bearer ${control.token}`, 'content-type': 'application/json', 'content-length': Buffer.byteLength(content) },
    }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') }))
      response.on('error', reject)
    })
    call.on('timeout', () => call.destroy(new ControlFailed(`the running connector has not answered within ${ANSWER_WITHIN_MS / 1000} s`, 'it may still do it: look at "status", and ask again')))
    call.on('error', reject)
    call.end(content)
  })
}

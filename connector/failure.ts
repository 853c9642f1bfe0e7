import type { Logger } from 'pino'
import { faultFields, faultOf, type FaultFields } from './fault.ts'

/** What the connector was at when something failed. */
export type Part = 'capture' | 'comparison' | 'order' | 'events' | 'heartbeat' | 'pull' | 'delivery' | 'command' | 'upkeep'

/** What stands still while a fault of the connector keeps a part from its work, and what goes on. */
const MEANWHILE: Record<Part, string> = {
  capture: 'what changes in the till does not reach the web; the till sells on, and web orders still go into it',
  comparison: 'what slipped is not repaired, and a first sync does not end; the till sells on, and web orders still go into it',
  order: 'this order waits and is tried again; the other orders and the till go on',
  events: 'nothing reaches the edge and everything is kept in the journal; the till sells on',
  heartbeat: 'the edge takes this store for closed; the till sells on',
  pull: 'orders come through the tunnel alone; without one they wait at the edge. The till sells on',
  delivery: 'the edge keeps this order or cancel and tells it again; the till sells on',
  command: 'nothing of what was asked is done; everything else goes on',
  upkeep: 'what is finished is kept for longer than journal.keepFinishedDays; everything else goes on',
}

const bugHint = (meanwhile: string): string =>
  `this is a fault of the connector, not of the shop: send its makers the archive of "tillbridge-connector diag" with the log. Meanwhile ${meanwhile}`

/** What the language itself throws. Plain errors, too: whoever knows what happened gives it a name and a hint, or a code. */
const LANGUAGE_ERRORS: ReadonlySet<string> = new Set(['Error', 'TypeError', 'RangeError', 'ReferenceError', 'SyntaxError', 'EvalError', 'URIError', 'AssertionError', 'ZodError'])
/** SQLite's primary codes that tell of the file or of another program. The others tell of a statement of ours. */
const SQLITE_FAULTS: ReadonlySet<number> = new Set([5, 6, 8, 9, 10, 11, 13, 14, 22, 23, 26])

/** The operating system, a socket or a driver has given it a code; Node's own codes say that it was called wrongly. */
function isCoded(error: Error): boolean {
  if ('errcode' in error && typeof error.errcode === 'number') return SQLITE_FAULTS.has(error.errcode & 0xff)
  return 'code' in error && typeof error.code === 'string' && !error.code.startsWith('ERR_')
}

/** Whether an error is a mistake of the program, an adapter's included: not of the POS, the line or the disk, and nobody in the shop can mend it. */
export function isBug(error: unknown): boolean {
  if (!(error instanceof Error)) return true
  for (let inner: unknown = error; inner instanceof Error; inner = inner.cause) if (isCoded(inner)) return false
  return LANGUAGE_ERRORS.has(error.name) && !('hint' in error && typeof error.hint === 'string')
}

/** A place says where it went wrong; two or three, how it came there. */
const PLACES_MAX = 4

/** Where in the program an error was made: file, line and column alone. Its message may hold anything, even lines that look like places. */
export function placesOf(error: unknown): string[] {
  if (!(error instanceof Error) || error.stack === undefined) return []
  const { stack, message } = error
  const at = message === '' ? 0 : stack.indexOf(message)
  const calls = at < 0 ? '' : stack.slice(at + message.length)
  return calls.split('\n').flatMap((line) => /^\s+at (?:.*[(\s])?(?:file:\/\/)?([^()\s]+:\d+:\d+)\)?$/.exec(line)?.[1]?.split('/').slice(-2).join('/') ?? []).slice(0, PLACES_MAX)
}

/** Of a fault what it says itself; of a mistake of ours where it is, and whom to tell. */
export const failureFields = (error: unknown, part: Part): FaultFields => (isBug(error) ? { fault: faultOf(error), why: whereOf(error), hint: bugHint(MEANWHILE[part]) } : faultFields(error))

const whereOf = (error: unknown): string => `a mistake in the program, at ${placesOf(error)[0] ?? 'an unknown place'}`

/** Tells once what failed: a fault as a warning under its own name, a mistake of ours as `connector.bug`. */
export function tellFailure(log: Logger, event: string, part: Part, error: unknown, fields: Record<string, unknown> = {}): void {
  if (isBug(error)) log.error({ event: 'connector.bug', part, ...fields, ...failureFields(error, part), at: placesOf(error) })
  else log.warn({ event, ...fields, ...faultFields(error) })
}

/** A part has ended that never ends by itself: the connector ends with it. */
export function tellBroken(log: Logger, part: string, error: unknown): void {
  const fields = isBug(error) ? { fault: faultOf(error), why: whereOf(error), hint: bugHint('the connector ends with 1; its service starts it again, and everything taken is in the journal') } : faultFields(error)
  log.fatal({ event: 'connector.broken', part, ...fields, at: placesOf(error) })
}

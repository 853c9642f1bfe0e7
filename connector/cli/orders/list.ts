import { fromInstant, systemClock, toInstant } from '../../../contract/clock.ts'
import type { InboxRow, InboxState } from '../../journal/inbox.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { withJournal } from '../open-shop.ts'
import { readConfig } from '../read-config.ts'
import { complain, say, sayJson, table, whatHappened } from '../say.ts'

export const STATES = ['received', 'intent', 'done', 'rejected', 'struck', 'in_doubt', 'voided'] as const satisfies readonly InboxState[]

/** What a state means to store IT. */
export const STATE_WORDS: Record<InboxState, string> = {
  received: 'on disk, not yet in the POS',
  intent: 'being brought into the POS, or about to be tried again',
  done: 'in the POS',
  rejected: 'refused; the edge routes it on',
  struck: 'cancelled before it was in the POS',
  in_doubt: 'nobody knows whether the POS has it: a person must look',
  voided: 'taken out of the POS again',
}

/** What only a person can find out. */
export const IN_DOUBT_TODO = 'look for it in the till, then: orders give-up ID --in-pos REFERENCE, or orders give-up ID --not-in-pos --reason REASON'

export type ListOptions = { state?: string[] | undefined; open?: boolean | undefined; since?: string | undefined; limit: string; json?: boolean | undefined }

const LIMIT_MAX = 10_000
const UNITS_MS: Record<string, number> = { m: 60_000, h: 3_600_000, d: 86_400_000 }

/** `2h`, `3d`, `30m`, or an instant. Epoch ms; `null` when it is neither. */
export function sinceOf(text: string, now: number): number | null {
  const [, amount, unit] = /^(\d{1,6})([mhd])$/.exec(text) ?? []
  if (amount !== undefined && unit !== undefined) return now - Number(amount) * (UNITS_MS[unit] ?? 0)
  const at = fromInstant(text)
  return Number.isNaN(at) ? null : at
}

/** The web orders of the journal, the newest first, without anything of the customers. */
export function listOrders(configPath: string, { state, open, since, limit, json }: ListOptions): ExitCode {
  const states = state ?? null
  const unknown = states?.find((each) => !STATES.some((known) => known === each))
  const from = since === undefined ? null : sinceOf(since, systemClock())
  const most = Number(limit)
  const wrong = unknown !== undefined ? { why: `"${unknown}" is no state`, todo: `use one of ${STATES.join(', ')}` }
    : since !== undefined && from === null ? { why: `"${since}" is no time`, todo: 'write 30m, 2h, 3d or 2026-11-25T08:00:00Z' }
      : !Number.isInteger(most) || most < 1 || most > LIMIT_MAX ? { why: `"${limit}" is no number of orders`, todo: `a number from 1 to ${LIMIT_MAX}` } : null
  if (wrong) {
    complain({ what: 'The orders cannot be listed so', ...wrong })
    return EXIT.configuration
  }
  const config = readConfig(configPath)
  if (!config) return EXIT.configuration
  const read = withJournal(config, (journal) => journal.list({ states: STATES.filter((each) => states === null || states.includes(each)), openOnly: open ?? false, since: from, limit: most }))
  if ('exit' in read) return read.exit
  if (json) sayJson({ orders: read.value.map(summary) })
  else if (read.value.length === 0) say('No order matches.')
  else say(table([['ORDER', 'NUMBER', 'STATE', 'PROGRESS', 'CANCEL', 'IN POS AS', 'RECEIVED', 'WHY'], ...read.value.map(rowOf)]))
  return EXIT.ok
}

/** An order without its body: what may be seen over a shoulder. */
export const summary = (row: InboxRow) => ({
  assignmentId: row.assignmentId, number: row.kept?.number ?? null, state: row.state, cancel: row.cancel, posReference: row.posReference, progress: progressOf(row),
  reason: row.reason, detail: row.detail, receivedAt: toInstant(row.receivedAt), changedAt: toInstant(row.changedAt), lastTry: lastTryOf(row),
})

/** What hindered the last try; `null` when nothing has, or when there is an outcome. */
export function lastTryOf({ lastTry }: Pick<InboxRow, 'lastTry'>) {
  if (lastTry === null) return null
  const { at, since, count, fault, why = null, hint = null } = lastTry
  return { at: toInstant(at), since: toInstant(since), count, fault, why, hint }
}

/** `last try 2026-…: the database … (DatabaseFault 1142) (12 times since 2026-…)`. */
export function lastTryInWords(row: Pick<InboxRow, 'lastTry'>): { happened: string; todo: string | null } | null {
  const last = lastTryOf(row)
  if (last === null) return null
  const { at, since, count, hint } = last
  return { happened: `last try ${at}: ${whatHappened({ fault: last.fault, why: last.why ?? undefined })}${count > 1 ? ` (${count} times since ${since})` : ''}`, todo: hint }
}

/** How far the staff are with an order that is in the POS. Of one that was refused or taken back it says nothing any more. */
export const progressOf = ({ state, progress }: InboxRow): InboxRow['progress'] => (state === 'done' || state === 'in_doubt' ? progress : null)

const rowOf = (row: InboxRow): string[] => [
  row.assignmentId, row.kept?.number ?? '-', row.state, progressOf(row) ?? '-', row.cancel === 'none' ? '-' : row.cancel, row.posReference ?? '-', toInstant(row.receivedAt),
  whyOf(row),
]

function whyOf(row: InboxRow): string {
  const reason = [row.reason, row.detail].filter((part) => part !== null).join(': ')
  const last = lastTryInWords(row)
  return [...(reason === '' ? [] : [reason]), ...(last ? [[last.happened, ...(last.todo === null ? [] : [last.todo])].join(': ')] : [])].join('; ')
}

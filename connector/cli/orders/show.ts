import { toInstant } from '../../../contract/clock.ts'
import type { Money } from '../../../contract/values.ts'
import { quantityWords } from '../../desk/page/words.ts'
import type { InboxRow } from '../../journal/inbox.ts'
import { assignmentOf, type NumberedEvent } from '../../journal/outgoing-event.ts'
import type { JournalReader } from '../../journal/read-only.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { withJournal } from '../open-shop.ts'
import { readConfig } from '../read-config.ts'
import { complain, say, sayJson } from '../say.ts'
import { IN_DOUBT_TODO, lastTryInWords, progressOf, STATE_WORDS, summary } from './list.ts'

/** What the journal still knows of an order's way: confirmed events go after a while. */
export type Step = { at: string; what: string; confirmed: boolean | null }

/** The events of the journal about this order that were kept, told or not. */
const EVENTS_MAX = 100_000

export function timelineOf(row: InboxRow, journal: Pick<JournalReader, 'outbox' | 'eventsAbout'>): Step[] {
  const acked = journal.outbox.acked().seq
  const told = journal.eventsAbout(row.assignmentId, EVENTS_MAX).filter((event) => assignmentOf(event) === row.assignmentId)
  return [
    { at: toInstant(row.receivedAt), what: row.kept ? 'received' : 'a cancel came before the order', confirmed: null },
    ...told.map((event: NumberedEvent) => ({ at: event.occurredAt, what: `told the edge: ${event.type}${'outcome' in event.data ? ` (${event.data.outcome})` : 'reason' in event.data ? ` (${event.data.reason})` : 'status' in event.data ? ` (${event.data.status})` : ''}`, confirmed: event.seq <= acked })),
    { at: toInstant(row.changedAt), what: `now: ${row.state}${progressOf(row) === null ? '' : `, ${progressOf(row)}`}`, confirmed: null },
  ]
}

/** Everything the journal has of one order: its way, its lines, its customer. */
export function showOrder(configPath: string, id: string, options: { json?: boolean | undefined }): ExitCode {
  const config = readConfig(configPath)
  if (!config) return EXIT.configuration
  const read = withJournal(config, (journal) => {
    const row = journal.inbox.get(id) ?? journal.findByNumber(id)
    return row && { row, timeline: timelineOf(row, journal) }
  })
  if ('exit' in read) return read.exit
  if (!read.value) {
    complain({ what: `There is no order "${id}"`, why: 'the journal has neither an id nor a number like it', todo: 'look for it with "orders list"; an order of another store is in that store\'s journal' })
    return EXIT.notFound
  }
  const { row, timeline } = read.value
  if (options.json) sayJson({ ...summary(row), timeline, assignment: row.assignment })
  else say(inWords(row, timeline).join('\n'))
  return EXIT.ok
}

/** `12.50 EUR`: digits only, by the currency's own number of decimals. */
export function money({ amountMinor, currency }: Money): string {
  const decimals = new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions().maximumFractionDigits ?? 2
  const digits = String(Math.abs(amountMinor)).padStart(decimals + 1, '0')
  const whole = digits.slice(0, digits.length - decimals)
  return `${amountMinor < 0 ? '-' : ''}${whole}${decimals > 0 ? `.${digits.slice(-decimals)}` : ''} ${currency}`
}

function inWords(row: InboxRow, timeline: Step[]): string[] {
  const { assignment, kept } = row
  const last = lastTryInWords(row)
  return [
    `order      ${row.assignmentId}${kept ? `, number ${kept.number}` : ''}`,
    `state      ${row.state}: ${STATE_WORDS[row.state]}${row.cancel === 'none' ? '' : `; cancel ${row.cancel}`}`,
    ...(row.posReference ? [`in the POS ${row.posReference}`] : []),
    ...(row.reason || row.detail ? [`why        ${[row.reason, row.detail].filter((part) => part !== null).join(': ')}`] : []),
    ...(row.state === 'in_doubt' ? [`what to do ${IN_DOUBT_TODO}`] : []),
    ...(last ? [last.happened, ...(last.todo === null ? [] : [`what to do ${last.todo}`])] : []),
    'timeline',
    ...timeline.map(({ at, what, confirmed }) => `  ${at}  ${what}${confirmed === null ? '' : confirmed ? ', confirmed' : ', on its way'}`),
    ...(assignment ? [
      'lines',
      ...assignment.lines.map((line) => `  ${quantityWords(line.quantity, line.unit)} ${line.sku}  ${line.name}  at ${money(line.unitPrice)}`),
      `total      ${money(assignment.totals.total)}`,
      `to do by   ${assignment.acceptBy}`,
      `how        ${assignment.fulfillment.method}`,
      `customer   ${assignment.customer.name}, ${assignment.customer.email}${assignment.customer.phone ? `, ${assignment.customer.phone}` : ''}`,
      ...(assignment.note ? [`note       ${assignment.note}`] : []),
    ] : kept ? [
      'lines',
      ...kept.lines.map((line) => `  ${line.quantity} × ${line.sku}`),
      'the rest   was forgotten: it was finished longer ago than journal.keepFinishedDays',
    ] : []),
  ]
}

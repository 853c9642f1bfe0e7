import type { DriftCause, DriftedSku, DriftReport } from '../../contract/feed.ts'
import { counted } from './say.ts'

/** Why the edge had something else than the POS, for store IT. */
export const CAUSE_WORDS: Record<DriftCause, string> = {
  never_told: 'the POS says it and the edge had not been told yet: the change slipped past the capture, or came while the connector was off',
  lost: 'told, and the edge has an older word of it: it got lost on the way or at the edge',
  other_number: 'told, and the edge holds another value under the same number: somebody or something changed it there',
  not_in_pos: 'the edge has an item that the POS does not have: it was deleted there, and deletes are found by comparing',
  held: 'held back: too much would change at once, the operator decides',
}

/** Some screens of a terminal; whoever wants to go through more takes the JSON. */
const NAMED_MAX = 50

/** What a comparison found, in lines. `drifted`: its SKUs, as many as are kept. */
export function driftInWords(report: DriftReport, drifted: readonly DriftedSku[]): string[] {
  if (report.skus === 0) return [`${counted(report.compared, 'item')} compared: the edge has everything as the POS has it.`]
  const lines = [`${counted(report.compared, 'item')} compared, ${report.skus} differed (${counted(report.units, 'unit')} of stock in all). The differences were sent, except those held.`]
  for (const [cause, count] of Object.entries(report.causes)) lines.push(`  ${count} × ${cause}: ${CAUSE_WORDS[cause as DriftCause]}`)
  for (const { sku, cause, pos, edge } of drifted.slice(0, NAMED_MAX)) {
    const numbers = pos === null ? 'the item itself differs' : `the POS has ${pos === 0 ? 'none, or counts it no longer' : pos}, the edge had ${edge ?? 'no number'}`
    lines.push(`  ${sku}: ${numbers} (${cause})`)
  }
  const more = report.skus - Math.min(drifted.length, NAMED_MAX)
  if (more > 0) lines.push(`  and ${more} more: --json names ${drifted.length < report.skus ? `the first ${drifted.length} of all` : 'each'}`)
  if (report.unhealed) lines.push(`${report.unhealed.skus} of them differed in the comparison before too, although they were sent: the operator has them on the desk.`)
  return lines
}

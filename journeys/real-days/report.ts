import type { Days } from './read-days.ts'
import type { Replayed } from './replay.ts'

const SHOWN_MAX = 50
const money = (minor: number): string => (minor / 100).toFixed(2)

/** What was replayed, what both sides say of it, and every difference, in Markdown. */
export function reportOf(days: Days, { till, web, differences, orders, seconds }: Replayed): string {
  const keys = [...new Set([...till.totals.keys(), ...web.totals.keys()])].sort((a, b) => (a < b ? -1 : 1))
  const pieces = (stock: ReadonlyMap<string, number>): number => [...stock.values()].reduce((sum, each) => sum + each, 0)
  const unseen = [...web.tickets].filter(([id, { kind }]) => kind === 'cancelled' && !till.tickets.has(id)).length
  return [
    '# Real days at the till', '',
    `${days.days.join(', ')}: ${days.lines} lines, of which ${days.leftOut.length} are no deed of a till; ${days.deeds.length} deeds with ${days.items.size} items, in ${seconds} s.`,
    `Beside them ${orders.placed} web orders: ${orders.handedOver} fetched, ${orders.cancelled} cancelled, ${orders.turnedAway} that the till would not take, ${orders.broughtBack} with something brought back; ${orders.refused} baskets refused for want of stock.`, '',
    '| booked | in the files | till | web |', '|---|---|---|---|',
    ...keys.map((key) => `| ${key} | ${days.booked.has(key) ? money(days.booked.get(key) ?? 0) : ''} | ${[till, web].map(({ totals }) => `${totals.get(key)?.count ?? 0} for ${money(totals.get(key)?.minor ?? 0)}`).join(' | ')} |`),
    `| pieces on ${till.stock.size} shelves | | ${pieces(till.stock)} | ${pieces(web.stock)} |`,
    `| tickets and orders | | ${till.tickets.size} | ${web.tickets.size}, ${unseen} of them cancelled before the till had them |`, '',
    differences.length === 0 ? 'Both sides say the same, to the penny, the piece and the ticket.' : `**${differences.length} differences:**`,
    ...differences.slice(0, SHOWN_MAX).map((each) => `- ${each}`),
    ...(days.leftOut.length === 0 ? [] : ['', 'Left out:', ...days.leftOut.slice(0, SHOWN_MAX).map(({ line, why }) => `- line ${line}: ${why}`)]), '',
  ].join('\n')
}

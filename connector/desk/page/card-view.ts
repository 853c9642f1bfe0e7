import { html } from 'hono/html'
import { REASON_WORDS, type OrderCard, type Place, type TapKind } from '../order-card.ts'
import { moneyWords, quantityWords, timeWords, waitWords } from './words.ts'

/** Where the cards lie, from the most urgent to what is over. `waits` lies among the new ones: it becomes one by itself. */
export const SECTIONS = [
  { id: 'doubt', title: 'Needs your answer', short: 'Asks', places: ['doubt'], empty: null },
  { id: 'new', title: 'New', short: 'New', places: ['new', 'waits'], empty: 'Nothing new.' },
  { id: 'picking', title: 'Being picked', short: 'Picking', places: ['picking'], empty: 'Nobody is picking.' },
  { id: 'ready', title: 'Ready', short: 'Ready', places: ['ready'], empty: 'Nothing waits at the counter.' },
  { id: 'shipped', title: 'With the carrier', short: 'Sent', places: ['shipped'], empty: null },
  { id: 'ended', title: 'Ended in the last hours', short: 'Ended', places: ['ended'], empty: null },
] as const satisfies readonly { id: string; title: string; short: string; places: readonly Place[]; empty: string | null }[]
export type SectionId = (typeof SECTIONS)[number]['id']

export const sectionOf = (place: Place): SectionId => (place === 'waits' ? 'new' : place)

/** The order number without what a label does not need; an id of the page. */
export const cardId = (assignmentId: string): string => `order-${assignmentId.replace('.', '-')}`

const TAP_WORDS: Record<TapKind, string> = {
  picked: 'Start picking', ready: 'Ready', 'handed-over': 'Handed over', arrived: 'Arrived', refuse: 'Refuse…', 'in-till': 'It is in the till…', 'not-in-till': 'It is not in the till…',
}
/** Those that ask once before they do it. */
export const ASKING: ReadonlySet<TapKind> = new Set(['refuse', 'in-till', 'not-in-till'])

/** What shoppers and tills wrote stands in a `bdi`: the marks of a script that runs the other way turn nothing around it. */
export function cardView(card: OrderCard) {
  const { row, taps } = card
  const order = row.assignment
  if (!order) return html``
  const id = cardId(row.assignmentId)
  const shipped = order.fulfillment.method === 'ship'
  const first = taps.find((tap) => !ASKING.has(tap))
  const others = taps.filter((tap) => tap !== first)
  const button = (tap: TapKind) => tapView(row, order.number, tap, tap === first, shipped)
  return html`<article class="card ${card.age} ${card.place}" id="${id}" tabindex="-1" aria-labelledby="${id}-title">
  <header><h3 id="${id}-title">${order.number}</h3>${waitView(card)}</header>
  <p class="who"><strong><bdi>${order.customer.name}</bdi></strong> <span class="way">${shipped ? 'to be sent' : 'picks up'}</span></p>
  ${card.place === 'ended' ? html`<p class="status">${card.status}</p>` : html`<ul class="lines">${order.lines.map((line) => html`<li><span class="quantity">${quantityWords(line.quantity, line.unit)}</span> <span><bdi>${line.name}</bdi> <bdi class="sku">${line.sku}</bdi></span></li>`)}</ul>`}
  ${order.note === null || card.place === 'ended' ? '' : html`<p class="note"><span class="label">Note</span> <bdi>${order.note}</bdi></p>`}
  ${card.staff === null ? '' : html`<p class="staff">${card.staff}</p>`}
  <p class="facts">${card.place === 'waits' ? card.status : html`${row.posReference === null ? '' : html`Till <bdi>${row.posReference}</bdi> &middot; `}came ${timeWords(row.receivedAt)} &middot; ${moneyWords(order.totals.total)}`}</p>
  <div class="taps">${first === undefined ? others.map(button) : button(first)}<a class="tap slip" href="/desk/slip/${row.assignmentId}" target="_blank" rel="noopener" data-key="slip">Slip<span class="hidden"> of ${order.number}</span></a></div>
  ${first === undefined || others.length === 0 ? '' : html`<div class="taps">${others.map(button)}</div>`}
</article>`
}

function waitView({ age, waitedMs }: OrderCard) {
  if (waitedMs === null) return ''
  const words = age === 'overdue' ? 'overdue, ' : age === 'late' ? 'late, ' : ''
  return html`<span class="wait"><span class="hidden">waits, ${words}</span>${waitWords(waitedMs)}</span>`
}

function tapView({ assignmentId, changedAt }: OrderCard['row'], number: string, tap: TapKind, isNext: boolean, shipped: boolean) {
  const words = shipped && tap === 'handed-over' ? 'Handed to the carrier' : TAP_WORDS[tap]
  return html`<button type="button" class="tap${isNext ? ' next' : ''}${tap === 'refuse' ? ' refuse' : ''}" data-tap="${tap}" data-key="${tap}" data-order="${assignmentId}" data-number="${number}"${tap === 'not-in-till' ? html` data-seen="${changedAt}"` : ''}>${words}<span class="hidden"> ${number}</span></button>`
}

/** What staff can mean by a refusal, the plainest first. `expired` is the connector's own word. */
export const REFUSE_CHOICES = (['out_of_stock', 'price_mismatch', 'store_closed', 'invalid'] as const).map((reason) => ({ reason, words: REASON_WORDS[reason] }))

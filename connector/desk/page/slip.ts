import bwipjs from 'bwip-js/node'
import { html, raw } from 'hono/html'
import type { Assignment } from '../../../contract/assignment.ts'
import { fromInstant } from '../../../contract/clock.ts'
import { dateWords, moneyWords, quantityWords, timeWords } from './words.ts'

/** Bars of a height that a hand scanner catches at a slant. */
const BAR_HEIGHT_MM = 12

/** What a scanner types as it stands, and what fits on the paper. */
const SCANNABLE = /^[\x20-\x7e]{1,40}$/

/** The pickup code as a Code 128, made here: nothing is fetched to print a slip. `null` for what no bars can say: the slip has it as text. */
export const barcodeSvg = (text: string): string | null => (SCANNABLE.test(text) ? bars(text) : null)
const bars = (text: string): string => bwipjs.toSVG({ bcid: 'code128', text, height: BAR_HEIGHT_MM, includetext: false, paddingwidth: 10 })

/** One order on paper, for the bag. `posReference` is what the till calls it. */
export function slipPage(order: Assignment, posReference: string | null, storeId: string) {
  const { fulfillment, customer } = order
  const placedAt = fromInstant(order.placedAt)
  const barcode = barcodeSvg(order.number)
  return html`<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>Slip ${order.number}</title>
  <link rel="icon" href="/desk/mark.svg" type="image/svg+xml">
  <link rel="stylesheet" href="/desk/slip.css">
  <script type="module" src="/desk/slip.js"></script>
</head>
<body>
  <p class="screen"><button id="print" type="button">Print</button></p>
  <main>
    <p class="way">${fulfillment.method === 'ship' ? 'Web order, to be sent' : 'Web order, picks up'}</p>
    <h1>${order.number}</h1>
    ${barcode === null ? '' : html`<div class="code" role="img" aria-label="Barcode of ${order.number}">${raw(barcode)}</div>`}
    <p class="customer">${customer.name}</p>
    ${customer.phone ? html`<p>${customer.phone}</p>` : ''}
    ${fulfillment.method === 'ship' ? addressView(fulfillment.address) : ''}
    ${order.note === null ? '' : html`<p class="note">${order.note}</p>`}
    <table>
      <thead><tr><th scope="col">Quantity</th><th scope="col">Item</th><th scope="col"><span class="done">Picked</span></th></tr></thead>
      <tbody>${order.lines.map((line) => html`<tr><td class="quantity">${quantityWords(line.quantity, line.unit)}</td><td>${line.name}<br><span class="sku">${line.sku}</span></td><td><span class="box"></span></td></tr>`)}</tbody>
    </table>
    <p class="total">Total ${moneyWords(order.totals.total)}</p>
    <p class="facts">${storeId} &middot; ${posReference === null ? '' : html`till <bdi>${posReference}</bdi> &middot; `}ordered ${dateWords(placedAt)} ${timeWords(placedAt)}</p>
  </main>
</body>
</html>`
}

const addressView = (address: Extract<Assignment['fulfillment'], { method: 'ship' }>['address']) => html`<address>${
  [address.name, address.line1, address.line2, `${address.postalCode} ${address.city}`, address.region, address.country].filter((line) => line).map((line) => html`${line}<br>`)
}</address>`

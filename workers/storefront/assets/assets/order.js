import { byId, call, element, money, remember, say, time } from './page.js'

/** As quick as a shopper can follow; the API allows far more. */
const LOOK_AGAIN_MS = 1_500
/** After this somebody has left the page open. */
const FOLLOW_MS = 30 * 60_000
const FINISHED = new Set(['completed', 'cancelled', 'refunded', 'partially_refunded'])
const WORDS = {
  awaiting_payment: 'waiting for payment', placed: 'placed', sent_to_store: 'sent to the store', accepted: 'accepted by the store', picking: 'being collected',
  ready_for_pickup: 'ready for pickup', shipped: 'shipped', completed: 'completed', cancelled: 'cancelled', refunded: 'refunded',
  partially_refunded: 'partially refunded', backordered: 'waiting for goods',
}

const form = byId('order')
const message = byId('order-message')
const timeline = byId('timeline')
let product = null
/** The last try. The same order sent again keeps its key, so that a lost answer never becomes a second order. */
let attempt = { body: '', idempotencyKey: '' }
let following = 0

form.addEventListener('submit', (event) => {
  event.preventDefault()
  void place()
})
void loadStores()

/** Points the form at a product. `again` when it is another one than before. */
export function prepareOrder(next, { again, key }) {
  product = next
  byId('quantity-unit').textContent = { g: '(grams)', ml: '(millilitres)', mm: '(millimetres)' }[next.unit] ?? ''
  if (!again) return
  form.elements.quantity.value = next.unit === 'each' ? '1' : '500'
  if (key) form.elements.key.value = key
  following++
  say(message, '')
  timeline.hidden = true
}

async function loadStores() {
  try {
    const { items } = await call('/v1/stores')
    form.elements.store.replaceChildren(...items.map((store) => element('option', {
      value: store.storeId,
      text: store.name + (store.takingOrders ? '' : ' (takes no orders now)'),
      ...(store.takingOrders ? {} : { disabled: '' }),
    })))
    if (items.length > 0 && !items.some((store) => store.takingOrders)) say(message, 'No store takes orders at the moment. Please come back a little later.', 'warn')
  } catch (error) {
    say(message, error.message, 'bad')
  }
}

async function place() {
  const fields = form.elements
  const key = fields.key.value.trim()
  remember('shopKey', key)
  const body = {
    lines: [{ sku: product.sku, quantity: Number(fields.quantity.value), expectedUnitPrice: product.price }],
    fulfillment: { method: 'pickup', storeId: fields.store.value },
    customer: { name: fields.name.value.trim(), email: fields.email.value.trim() },
  }
  const text = JSON.stringify(body)
  if (attempt.body !== text) attempt = { body: text, idempotencyKey: randomKey() }
  const button = form.querySelector('button')
  button.disabled = true
  timeline.hidden = true
  say(message, 'Placing the order…')
  try {
    const { order, accessToken } = await call('/v1/orders', { method: 'POST', body, headers: { Authorization: `Bearer ${key}`, 'Idempotency-Key': attempt.idempotencyKey } })
    // It is placed: the same form sent again is meant as another order.
    attempt = { body: '', idempotencyKey: '' }
    void follow(order, accessToken)
  } catch (error) {
    say(message, error.status === 401 ? 'This shop key was not accepted. npm start prints the one of the demo shop.' : error.message, 'bad')
  } finally {
    button.disabled = false
  }
}

function randomKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('')
}

async function follow(placed, accessToken) {
  const mine = ++following
  const headers = { 'X-Order-Token': accessToken }
  const path = `/v1/orders/${encodeURIComponent(placed.id)}`
  let order = placed
  const until = performance.now() + FOLLOW_MS
  while (mine === following) {
    let trouble = ''
    try {
      const [now, events] = await Promise.all([call(path, { headers }), call(`${path}/timeline`, { headers })])
      if (mine !== following) return
      order = now
      timeline.replaceChildren(...events.items.map((event) => element('li', {}, eventWords(event), ' ', element('span', { class: 'quiet', text: time(event.occurredAt) }))))
      timeline.hidden = events.items.length === 0
    } catch (error) {
      trouble = ` (${error.message})`
    }
    if (mine !== following) return
    say(message, `Order ${order.number}, ${money(order.totals.total)}: ${WORDS[order.status] ?? order.status}${trouble}`, order.status === 'cancelled' ? 'bad' : 'good')
    if (FINISHED.has(order.status) || performance.now() > until) return
    await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS))
  }
}

const eventWords = (event) => [WORDS[event.status] ?? event.type.replaceAll(/[._]/g, ' '), event.storeId && `at ${event.storeId}`, event.detail].filter(Boolean).join(' · ')

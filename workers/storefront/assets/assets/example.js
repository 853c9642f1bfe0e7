// A shop in one script over the typed client. A project of its own imports tillbridge/client.
import { createClient, isProblem } from './built/client.js'
import { byId, element, money, say } from './page.js'

const checkout = byId('checkout')
const message = byId('message')
/** Products by SKU, as they were shown; how many of each are wanted. */
const shown = new Map()
const basket = new Map()
/** One key per basket: whoever is unsure and presses the button again meets the same order. */
let idempotencyKey = crypto.randomUUID()
/** Live lines of the products on the page. */
let lines = []

checkout.elements.key.value = location.hash.startsWith('#pk_') ? location.hash.slice(1) : ''
// Publishable keys are made for pages. The catalogue needs none.
const shop = () => createClient({ url: location.origin, key: checkout.elements.key.value.trim() })

byId('search').addEventListener('submit', (event) => {
  event.preventDefault()
  void showProducts(event.target.elements.q.value)
})
checkout.addEventListener('submit', (event) => {
  event.preventDefault()
  void placeOrder()
})
checkout.elements.store.addEventListener('change', () => void showBasket())

async function showProducts(q) {
  for (const line of lines) line.close()
  try {
    const { items } = await shop().products.list({ q, limit: 12 })
    for (const product of items) shown.set(product.sku, product)
    const cards = items.map((product) => ({ product, stock: element('span', { class: 'quiet', text: 'asking…' }) }))
    byId('products').replaceChildren(...cards.map(({ product, stock }) => element('li', {},
      element('button', { type: 'button', 'data-sku': product.sku, onclick: () => addToBasket(product) },
        element('strong', { text: product.name }), element('span', { text: money(product.price) }), stock))))
    // Each card's stock follows the till, over a line that opens again by itself.
    lines = cards.filter(({ product }) => product.availability !== 'untracked')
      .map(({ product, stock }) => shop().availability.live(product.sku, ({ available }) => (stock.textContent = available === null ? 'not counted' : `${available} left`)))
    say(message, items.length === 0 ? 'Nothing is called that.' : 'Press a product to put it into the basket.')
  } catch (error) {
    say(message, sentence(error), 'bad')
  }
}

function addToBasket({ sku }) {
  basket.set(sku, (basket.get(sku) ?? 0) + (shown.get(sku).unit === 'each' ? 1 : 100))
  // Another basket is another order.
  idempotencyKey = crypto.randomUUID()
  void showBasket()
}

const wanted = () => ({
  lines: [...basket].map(([sku, quantity]) => ({ sku, quantity, expectedUnitPrice: shown.get(sku).price })),
  fulfillment: { method: 'pickup', storeId: checkout.elements.store.value },
})

/** The quote's prices are the till's; it reserves nothing. */
async function showBasket() {
  byId('basket').replaceChildren(...[...basket].map(([sku, quantity]) => element('li', { text: `${quantity} × ${shown.get(sku).name}` })))
  checkout.querySelector('button').disabled = basket.size === 0
  if (basket.size === 0 || checkout.elements.key.value === '') return
  try {
    const { totals, shortages } = await shop().quote(wanted())
    byId('total').textContent = `${money(totals.total)}${shortages.length > 0 ? `, but ${shortages.map(shortageText).join(', ')}` : ''}`
  } catch (error) {
    byId('total').textContent = sentence(error)
  }
}

async function placeOrder() {
  const { name, email } = checkout.elements
  say(message, 'Placing the order…')
  try {
    const { order, accessToken } = await shop().orders.place({ ...wanted(), customer: { name: name.value, email: email.value } }, { idempotencyKey })
    basket.clear()
    idempotencyKey = crypto.randomUUID()
    say(message, `Order ${order.number} is placed.`, 'good')
    await showBasket()
    byId('total').textContent = ''
    byId('timeline').hidden = false
    byId('timeline').replaceChildren()
    for await (const event of shop().orders.follow(order.id, { token: accessToken })) {
      byId('timeline').append(element('li', { text: `${new Date(event.occurredAt).toLocaleTimeString()} ${event.status ?? event.type}` }))
    }
  } catch (error) {
    say(message, sentence(error), 'bad')
  }
}

const shortageText = ({ sku, available }) => `${shown.get(sku)?.name ?? sku}: ${available ?? 'none'} left`

/** The client's errors are for programs; what a shopper reads is the shop's own words. */
function sentence(error) {
  if (isProblem(error, 'out-of-stock')) return `Somebody was quicker. ${error.problem.shortages.map(shortageText).join(', ')}.`
  if (isProblem(error, 'price-changed')) return 'A price has changed since you looked. Search again to see the new one.'
  if (isProblem(error, 'unauthorized')) return 'This shop key was not accepted.'
  if (isProblem(error, 'store-not-taking-orders')) return 'This store takes no orders just now.'
  if (isProblem(error, 'too-many-unpaid')) return 'So much is on order from here already. Please come back later.'
  return `That did not work (${error.type ?? error.name}). Please try again.`
}

async function showStores() {
  const { items } = await shop().stores.list()
  checkout.elements.store.replaceChildren(...items.filter((store) => store.takingOrders).map((store) => element('option', { value: store.storeId, text: store.name })))
}

await Promise.all([showProducts(''), showStores().catch((error) => say(message, sentence(error), 'bad'))])

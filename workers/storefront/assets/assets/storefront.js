import { watchStock } from './live-stock.js'
import { prepareOrder } from './order.js'
import { byId, call, element, priceOf, recall, remember, say, tag } from './page.js'

/** Three rows of cards on a wide screen. */
const PAGE_SIZE = 24
const BANDS = {
  in_stock: ['in stock', 'good'], low_stock: ['only a few', 'warn'], out_of_stock: ['sold out', 'bad'], unknown: ['not counted yet', ''], untracked: ['always', 'good'],
}

const search = byId('search')
const list = byId('products')
const more = byId('more')
const dialog = byId('product')
let nextCursor = null
/** The newest search; an older one that answers late is not shown. */
let latest = 0
let stopWatching = () => {}

takeKeyFromAddress()
search.addEventListener('submit', (event) => {
  event.preventDefault()
  void show({ append: false })
})
search.elements.category.addEventListener('change', () => void show({ append: false }))
more.addEventListener('click', () => void show({ append: true }))
dialog.addEventListener('close', () => stopWatching())
void loadCategories()
void show({ append: false })

/** `?key=` may bring a shop's key; it does not stay in the address, where it would be copied along. */
function takeKeyFromAddress() {
  const address = new URL(location.href)
  const key = address.searchParams.get('key')
  if (key === null) return
  remember('shopKey', key)
  address.searchParams.delete('key')
  history.replaceState(null, '', address)
}

async function loadCategories() {
  try {
    const { items } = await call('/v1/categories')
    search.elements.category.append(...items.map((category) => element('option', { value: category.name, text: `${category.name} (${category.products})` })))
  } catch {
    // The list of products says what is wrong.
  }
}

async function show({ append }) {
  const asked = ++latest
  const query = new URLSearchParams({ limit: String(PAGE_SIZE) })
  for (const name of ['q', 'category']) if (search.elements[name].value.trim()) query.set(name, search.elements[name].value.trim())
  if (append && nextCursor) query.set('cursor', nextCursor)
  more.disabled = true
  try {
    const page = await call(`/v1/products?${query}`)
    if (asked !== latest) return
    nextCursor = page.nextCursor
    const cards = page.items.map(card)
    if (append) list.append(...cards)
    else list.replaceChildren(...cards)
    say(byId('message'), list.children.length === 0 ? 'No product matches.' : '')
    if (append) cards[0]?.querySelector('button').focus()
  } catch (error) {
    if (asked === latest) say(byId('message'), error.message, 'bad')
  } finally {
    more.disabled = false
    more.hidden = nextCursor === null
  }
}

function card(product) {
  const [words, tone] = BANDS[product.availability] ?? ['', '']
  return element('li', {}, element('button', { onclick: () => open(product) },
    element('span', { class: 'quiet', text: [product.category, product.sku].filter(Boolean).join(' · ') }),
    element('strong', { text: product.name }),
    element('span', { class: 'foot' }, element('span', { class: 'price', text: priceOf(product) }), tag(words, tone))))
}

async function open(listed) {
  stopWatching()
  fill(listed)
  dialog.showModal()
  stopWatching = watchStock(listed)
  try {
    // A list may be a little old; what is ordered is looked at now.
    fill(await call(`/v1/products/${encodeURIComponent(listed.sku)}`))
  } catch (error) {
    say(byId('order-message'), error.message, 'bad')
  }
}

let shown = null
function fill(product) {
  byId('product-brand').textContent = [product.brand, product.category, product.sku].filter(Boolean).join(' · ')
  byId('product-name').textContent = product.name
  byId('product-price').textContent = priceOf(product)
  byId('product-description').textContent = product.description ?? ''
  prepareOrder(product, { again: shown !== product.sku, key: recall('shopKey') })
  shown = product.sku
}

import { byId, call, element, quantity, time } from './page.js'

/** How long to wait before connecting again, doubled each time. */
const RECONNECT_FIRST_MS = 1_000
const RECONNECT_MOST_MS = 20_000

/** Shows a product's stock as it changes, until the returned function is called. */
export function watchStock(product) {
  if (product.availability === 'untracked') {
    show({ untracked: true }, product)
    return () => {}
  }
  let stopped = false
  let socket = null
  let timer = 0
  let wait = RECONNECT_FIRST_MS
  const path = `/v1/availability/${encodeURIComponent(product.sku)}`

  const connect = () => {
    socket = new WebSocket(`${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}${path}/live`)
    socket.addEventListener('message', (event) => {
      const told = parse(event.data)
      if (stopped || told?.sku !== product.sku) return
      wait = RECONNECT_FIRST_MS
      state('live', 'good')
      show(told, product)
    })
    socket.addEventListener('close', () => {
      if (stopped) return
      state('connecting again', 'warn')
      timer = setTimeout(connect, wait)
      wait = Math.min(wait * 2, RECONNECT_MOST_MS)
      // Without a live line the number of this moment is still worth showing.
      call(path).then((told) => !stopped && show(told, product), () => {})
    })
  }
  byId('stock').textContent = 'Asking…'
  byId('stock-stores').replaceChildren()
  state('connecting', '')
  connect()
  return () => {
    stopped = true
    clearTimeout(timer)
    socket?.close()
  }
}

function state(text, tone) {
  byId('live').textContent = text
  byId('live').className = `tag ${tone}`
}

function show(told, product) {
  if (told.untracked) {
    state('always', 'good')
    byId('stock').textContent = 'A service: it does not run out.'
    byId('stock-stores').replaceChildren()
    return
  }
  byId('stock').textContent = told.available === null ? 'Not counted yet, so it cannot be ordered.' : `${quantity(told.available, product.unit)} can be ordered now.`
  byId('stock-stores').replaceChildren(...told.stores.map((store) => element('li', { class: 'quiet' },
    `${store.storeId}: ${store.available === null ? 'not counted' : quantity(store.available, product.unit)}`,
    store.asOf ? `, counted ${time(store.asOf)}` : '', store.stale ? ' (the store has been silent for a while)' : '')))
}

function parse(text) {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

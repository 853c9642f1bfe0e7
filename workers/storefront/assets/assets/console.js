import { showFeeds } from './console-feeds.js'
import { showLetters } from './console-letters.js'
import { byId, call, element, money, recall, remember, say, tag, time } from './page.js'

/** A screen of each list. */
const LISTED = 25

const signIn = byId('sign-in')
signIn.elements.token.value = recall('adminToken')
signIn.addEventListener('submit', (event) => {
  event.preventDefault()
  remember('adminToken', signIn.elements.token.value.trim())
  void openConsole()
})
byId('forget').addEventListener('click', () => {
  remember('adminToken', '')
  location.reload()
})
byId('orders-again').addEventListener('click', () => void showOrders())
byId('feeds-again').addEventListener('click', () => void openFeeds())
byId('letters-again').addEventListener('click', () => void section('letters', () => showLetters(operator)))
byId('explain').addEventListener('submit', (event) => {
  event.preventDefault()
  void section('inventory', () => explain(event.target.elements.sku.value.trim()))
})
if (recall('adminToken')) void openConsole()

/** A call of the operator API. */
function operator(path, options = {}) {
  const token = recall('adminToken')
  return call(`/admin/v1${path}`, { ...options, headers: token ? { Authorization: `Bearer ${token}` } : {} })
}

async function openConsole() {
  say(byId('message'), '')
  await Promise.all([section('stores', showStores), openFeeds(), showOrders(), section('letters', () => showLetters(operator))])
}

const openFeeds = () => section('feeds', () => showFeeds(operator, table, openFeeds))

const showOrders = () => section('orders', async () => {
  const { items } = await operator(`/orders?limit=${LISTED}`)
  return table(['What', 'State', 'Where', 'Total', 'When'], items.map((item) => [
    item.number ?? item.saleId ?? item.id, item.status ?? item.kind ?? '', storesOf(item), money(item.totals?.total ?? item.total), time(item.placedAt ?? item.occurredAt),
  ]), 'No orders yet.')
})

const storesOf = (item) => item.storeId ?? [...new Set((item.fulfillments ?? []).map((part) => part.storeId))].join(', ')

/** Fills a part of the page with what `load` answers, or with why it could not. */
async function section(id, load) {
  const place = byId(id)
  place.setAttribute('aria-busy', 'true')
  try {
    place.replaceChildren(await load())
  } catch (error) {
    if (error.status === 401) say(byId('message'), 'The token was not accepted.', 'bad')
    place.replaceChildren(element('p', { class: 'note bad', text: error.message }))
  } finally {
    place.removeAttribute('aria-busy')
  }
}

async function showStores() {
  const { items } = await operator('/stores')
  return table(['Store', 'Name', 'Takes orders', 'Orders nobody takes', 'How it is reached', 'Safety stock', 'Time zone'], items.map((store) => [
    store.storeId, store.name, store.paused || store.takingOrders === false ? tag('no', 'bad') : tag('yes', 'good'),
    store.ageing ? tag(`${store.ageing.count}, since ${time(store.ageing.oldest[0].since)}`, 'bad') : 'none',
    store.transport?.kind ?? '', store.safetyStock ?? '', store.timeZone,
  ]), 'No stores yet.')
}

/** The whole sum behind a number on the web: the level, what is set aside, what still weighs. */
async function explain(sku) {
  const explained = await operator(`/inventory/${encodeURIComponent(sku)}`)
  return element('div', {}, ...explained.stores.map((store) => {
    const weighing = store.reservations.filter((reservation) => reservation.weighs)
    const weight = weighing.reduce((sum, reservation) => sum + reservation.quantity, 0)
    const sentence = store.onHand === null
      ? 'The store has not counted it: unknown, so not for sale.'
      : `${store.onHand} on hand − ${store.safetyStock} safety stock − ${weight} reserved = ${store.available} for sale${store.onHand - store.safetyStock - weight < 0 ? ' (never below 0)' : ''}.`
    return element('div', {},
      element('h3', { text: store.storeId }),
      element('p', { text: sentence }),
      element('p', { class: 'quiet', text: store.asOf === null ? '' : `Counted at ${store.epoch}/${store.asOf} of the store's own numbering, heard ${time(store.seenAt)}.` }),
      table(['Assignment', 'Quantity', 'State', 'Fell at', 'Still weighs'], store.reservations.map((reservation) => [
        reservation.assignmentId, reservation.quantity, reservation.state, reservation.seq ? `${reservation.seq.epoch}/${reservation.seq.seq}` : 'not yet', reservation.weighs ? 'yes' : 'no: in the level already',
      ]), 'Nothing is reserved.'))
  }))
}

function table(titles, rows, empty) {
  if (rows.length === 0) return element('p', { class: 'quiet', text: empty })
  const cell = (content) => (content instanceof Node ? element('td', {}, content) : element('td', { text: String(content ?? '') }))
  return element('div', { class: 'scroll' }, element('table', {},
    element('thead', {}, element('tr', {}, ...titles.map((title) => element('th', { scope: 'col', text: title })))),
    element('tbody', {}, ...rows.map((row) => element('tr', {}, ...row.map(cell))))))
}

// What both pages need: elements from texts (never from markup, so nothing a shop or shopper wrote can run), calls, numbers.

/** An element. `props` are properties of the element; children are nodes or texts. */
export function element(tag, props = {}, ...children) {
  const made = document.createElement(tag)
  for (const [key, value] of Object.entries(props)) {
    if (key === 'class') made.className = value
    else if (key === 'text') made.textContent = value
    else if (key.startsWith('on')) made.addEventListener(key.slice(2), value)
    else made.setAttribute(key, value)
  }
  made.append(...children.filter((child) => child !== null && child !== undefined))
  return made
}

export const byId = (id) => document.getElementById(id)

/** A tag such as "in stock" in a colour that does not carry the meaning alone. */
export const tag = (text, tone = '') => element('span', { class: `tag ${tone}`, text })

/** Shows a sentence where the page announces things; without one, hides the place. */
export function say(place, text, tone = '') {
  place.className = `note ${tone}`
  place.textContent = text
  place.hidden = text === ''
}

/** A refusal of the API as an error whose message a person can read; `problem` is its problem+json. */
export class Refused extends Error {
  constructor(status, problem) {
    super(describeProblem(status, problem))
    this.status = status
    this.problem = problem
  }
}

/** Longer than any healthy answer. */
const ANSWER_WITHIN_MS = 20_000

/** Calls the API of this host and answers its JSON; throws `Refused` for anything but 2xx. */
export async function call(path, { method = 'GET', headers = {}, body } = {}) {
  let answer
  try {
    answer = await fetch(path, {
      method,
      headers: { Accept: 'application/json', ...(body === undefined ? {} : { 'Content-Type': 'application/json' }), ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
    })
  } catch {
    throw new Refused(0, { title: 'The server did not answer', detail: 'Check that it runs, then try again.' })
  }
  const text = await answer.text()
  let content = null
  try {
    content = JSON.parse(text)
  } catch {
    // Not everything between here and there speaks JSON; the status says enough.
  }
  if (!answer.ok) throw new Refused(answer.status, content)
  return content
}

function describeProblem(status, problem) {
  const sentences = [problem?.title ?? `The server answered ${status}`]
  // Where the shortages themselves follow, a sentence that points at them says nothing.
  if (problem?.detail && !problem.shortages?.length) sentences.push(problem.detail)
  for (const error of problem?.errors ?? []) sentences.push(`${error.path}: ${error.message}`)
  for (const short of problem?.shortages ?? []) sentences.push(`${short.sku}: ${short.requested} asked for, ${short.available ?? 'an unknown number'} there`)
  for (const change of problem?.changes ?? []) sentences.push(`${change.sku} now costs ${money(change.actual)} instead of ${money(change.expected)}`)
  return sentences.map((sentence) => sentence.replace(/[.\s]+$/, '')).join('. ') + '.'
}

/** `{ amountMinor, currency }` as this browser's user writes it. */
export function money(amount) {
  if (!amount) return ''
  const format = new Intl.NumberFormat(undefined, { style: 'currency', currency: amount.currency })
  return format.format(amount.amountMinor / 10 ** format.resolvedOptions().maximumFractionDigits)
}

const MEASURES = { g: 'kg', ml: 'l', mm: 'm' }

/** What a price is for: a piece, or a kilogram, litre, metre. */
export const priceOf = (product) => money(product.price) + (MEASURES[product.unit] ? ` / ${MEASURES[product.unit]}` : '')

export function quantity(units, unit) {
  const measure = MEASURES[unit]
  return measure ? `${new Intl.NumberFormat().format(units / 1000)} ${measure}` : new Intl.NumberFormat().format(units)
}

export const time = (instant) => (instant ? new Date(instant).toLocaleString() : '')

/** What was typed in this tab and should live as long as it. Storage may be switched off; then it lives as long as the page. */
const kept = new Map()
export function remember(name, value) {
  kept.set(name, value)
  try {
    if (value === '') sessionStorage.removeItem(name)
    else sessionStorage.setItem(name, value)
  } catch {
    // kept in the page
  }
}
export function recall(name) {
  try {
    return kept.get(name) ?? sessionStorage.getItem(name) ?? ''
  } catch {
    return kept.get(name) ?? ''
  }
}

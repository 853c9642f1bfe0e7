import { byId, element, say, tag, time } from './page.js'

/** A screen of letters. */
const LISTED = 50

const dialog = byId('letter')
const message = byId('letter-message')
let opened = null

byId('replay').addEventListener('click', () => void settle('replay', {}, (answer) => `Replayed: ${answer?.outcome ?? 'done'}.`))
byId('discard').addEventListener('submit', (event) => {
  event.preventDefault()
  void settle('discard', { why: event.target.elements.why.value.trim() }, () => 'Discarded.')
})
dialog.addEventListener('close', () => byId('letters-again').click())

/** The letters as a list of buttons that open them. `operator` calls the operator API. */
export async function showLetters(operator) {
  const { items } = await operator(`/dead-letters?limit=${LISTED}`)
  if (items.length === 0) return element('p', { class: 'quiet', text: 'No dead letters. Everything arrived.' })
  return element('ul', { class: 'cards' }, ...items.map((letter) => element('li', {}, element('button', { onclick: () => void open(operator, letter) },
    element('span', { class: 'quiet', text: `${letter.queue} · ${time(letter.filedAt)}` }),
    element('strong', { text: letter.reason }),
    element('span', { text: letter.lastError }),
    element('span', { class: 'foot' }, element('span', { class: 'quiet', text: `${letter.attempts} tries` }), tag(letter.state, letter.state === 'waiting' ? 'warn' : ''))))))
}

async function open(operator, letter) {
  opened = { operator, id: letter.id }
  say(message, '')
  byId('discard').reset()
  const facts = [`id ${letter.id}`, `queue ${letter.queue}`, letter.storeId && `store ${letter.storeId}`, `state ${letter.state}`, `revision ${letter.revision}`, `expires ${time(letter.expiresAt)}`]
  byId('letter-facts').replaceChildren(element('p', { class: 'quiet', text: facts.filter(Boolean).join(' · ') }), element('p', { text: `${letter.reason}: ${letter.lastError}` }))
  byId('letter-body').textContent = 'Loading…'
  dialog.showModal()
  try {
    const whole = await operator(`/dead-letters/${encodeURIComponent(letter.id)}`)
    if (opened.id === letter.id) byId('letter-body').textContent = JSON.stringify(whole.body ?? whole, null, 2)
  } catch (error) {
    byId('letter-body').textContent = ''
    say(message, error.message, 'bad')
  }
}

async function settle(what, body, words) {
  const buttons = dialog.querySelectorAll('#discard button')
  for (const button of buttons) button.disabled = true
  try {
    const answer = await opened.operator(`/dead-letters/${encodeURIComponent(opened.id)}/${what}`, { method: 'POST', body })
    say(message, words(answer), 'good')
  } catch (error) {
    say(message, error.message, 'bad')
  } finally {
    for (const button of buttons) button.disabled = false
  }
}

/**
 * What the browser runs on the desk, as text, so that it travels in the connector's one file. It looks for news every two seconds,
 * takes over the cards that changed, plays the sound (made of oscillators, no file) and sends the taps. A tap is taken once:
 * the card moves under the finger, so the same order takes no second tap for a second.
 */
export const DESK_SCRIPT = String.raw`
const LOOK_EVERY_MS = 2000
const REMIND_EVERY_MS = 60000
const REST_AFTER_TAP_MS = 1000
const SAID_FOR_MS = 6000
const LOST_AFTER = 2
/** A connector that hangs, or a radio that swallows everything, is as lost as one that is off. */
const ANSWER_WITHIN_MS = 8000
/** The till may take its time with what was tapped. */
const TAP_WITHIN_MS = 45000
/** The till tells what it was tapped a moment later. */
const LOOK_AGAIN_MS = [400, 1200]

const byId = (id) => document.getElementById(id)
const texts = new Map()
const known = new Set([...document.querySelectorAll('article.card')].map((card) => card.id))
const resting = new Set()
let version = ''
let failures = 0
let looking = null

/* The sound. A browser may want a gesture first: then a button says so. */
const audio = new AudioContext()
const showSound = () => {
  byId('sound-off').hidden = audio.state === 'running'
  byId('sound-test').hidden = audio.state !== 'running'
}
audio.addEventListener('statechange', showSound)
showSound()
for (const gesture of ['pointerup', 'keyup']) addEventListener(gesture, () => { if (audio.state !== 'running') void audio.resume() })

function chime() {
  if (audio.state !== 'running') return showSound()
  for (const [frequency, after] of [[784, 0], [1047, 0.16], [784, 0.5], [1047, 0.66]]) {
    const start = audio.currentTime + after
    const tone = audio.createOscillator()
    const loudness = audio.createGain()
    tone.frequency.value = frequency
    loudness.gain.setValueAtTime(0.0001, start)
    loudness.gain.exponentialRampToValueAtTime(0.5, start + 0.02)
    loudness.gain.exponentialRampToValueAtTime(0.0001, start + 0.4)
    tone.connect(loudness).connect(audio.destination)
    tone.start(start)
    tone.stop(start + 0.45)
  }
}
byId('sound-on').addEventListener('click', async () => { await audio.resume(); chime() })
byId('sound-test').addEventListener('click', async () => { await audio.resume(); chime() })

let saidUntil
function say(text, good) {
  const said = byId('said')
  said.textContent = text
  said.classList.toggle('bad', !good)
  said.hidden = false
  clearTimeout(saidUntil)
  saidUntil = setTimeout(() => { said.hidden = true }, SAID_FOR_MS)
}

/* News. One look at a time; whoever asks meanwhile waits for the one under way and looks once more. */
async function look() {
  if (looking) await looking
  looking ??= lookNow().finally(() => { looking = null })
  return looking
}

async function lookNow() {
  try {
    const answer = await fetch('/desk/orders?version=' + version, { cache: 'no-store', signal: AbortSignal.timeout(ANSWER_WITHIN_MS) })
    if (answer.status === 401) return location.reload()
    if (answer.status !== 200 && answer.status !== 204) throw new Error(String(answer.status))
    failures = 0
    byId('lost').hidden = true
    if (answer.status === 200) takeOver(await answer.json())
  } catch {
    failures += 1
    if (failures >= LOST_AFTER && byId('lost').hidden) {
      byId('lost').textContent = 'This page has lost the connector. New orders are not shown until it is back: see whether this device is in the shop\'s network, and the machine beside the till is on.'
      byId('lost').hidden = false
    }
  }
}

let shown = []
function takeOver(news) {
  version = news.version
  const focus = focusedTap()
  const there = new Set(news.cards.map((card) => card.id))
  for (const card of document.querySelectorAll('article.card')) if (!there.has(card.id)) card.remove()
  const arrived = news.cards.filter((card) => card.isNew && !known.has(card.id))
  for (const section of document.querySelectorAll('main > section')) {
    const cards = news.cards.filter((card) => 'section-' + card.section === section.id)
    const list = section.querySelector('.cards')
    cards.forEach((card, index) => {
      let element = byId(card.id)
      if (!element || texts.get(card.id) !== card.html) {
        const fresh = document.createElement('template')
        fresh.innerHTML = card.html
        const made = fresh.content.firstElementChild
        if (arrived.includes(card)) made.classList.add('arriving')
        element?.remove()
        element = made
        texts.set(card.id, card.html)
      }
      if (list.children[index] !== element) list.insertBefore(element, list.children[index] ?? null)
    })
    section.querySelector('.count').textContent = String(cards.length)
    section.hidden = cards.length === 0 && !section.querySelector('.empty')
    const way = document.querySelector('.jump a[href="#' + section.id + '"]')
    way.querySelector('b').textContent = String(cards.length)
    way.hidden = cards.length === 0
  }
  for (const { id } of news.cards) known.add(id)
  shown = news.cards
  giveBack(focus)
  byId('trouble').replaceChildren(...news.trouble.map((text) => Object.assign(document.createElement('p'), { className: 'trouble', textContent: text })))
  const fresh = shown.filter((card) => card.isNew).length
  document.title = fresh > 0 ? '(' + fresh + ') Web orders' : 'Web orders'
  if (arrived.length > 0) {
    chime()
    say(arrived.length === 1 ? 'New web order ' + arrived[0].number : arrived.length + ' new web orders', true)
  }
}

/* A card is taken over as a whole, so the keyboard's place is kept by name. */
function focusedTap() {
  const card = document.activeElement?.closest('article.card')
  return card ? { id: card.id, key: document.activeElement.dataset.key } : null
}
function giveBack(focus) {
  if (!focus || document.activeElement?.closest('article.card')) return
  const card = byId(focus.id)
  const target = card ? (focus.key && card.querySelector('[data-key="' + focus.key + '"]')) || card : byId('main')
  target.focus({ preventScroll: true })
}

/* Taps. */
async function tap(order, step) {
  if (resting.has(order)) return
  resting.add(order)
  setTimeout(() => resting.delete(order), REST_AFTER_TAP_MS)
  try {
    const answer = await fetch('/desk/orders/' + order, {
      method: 'POST', headers: { 'Content-Type': 'application/json', 'X-Desk': 'tap' }, body: JSON.stringify(step),
      signal: AbortSignal.timeout(TAP_WITHIN_MS),
    })
    if (answer.status === 401) return location.reload()
    say((await answer.json()).text, answer.ok)
  } catch {
    say('The connector did not answer. Look whether the order has moved before you tap again.', false)
  }
  await look()
  for (const ms of LOOK_AGAIN_MS) setTimeout(look, ms)
}

/** Asks once; answers the form's values, or null. */
function ask(dialog, number) {
  for (const place of dialog.querySelectorAll('.number')) place.textContent = number
  const form = dialog.querySelector('form')
  form.reset()
  dialog.returnValue = 'no'
  dialog.showModal()
  return new Promise((resolve) => dialog.addEventListener('close', () => resolve(dialog.returnValue === 'yes' ? Object.fromEntries(new FormData(form)) : null), { once: true }))
}

byId('main').addEventListener('click', async (event) => {
  const button = event.target.closest('button[data-tap]')
  if (!button) return
  const { tap: kind, order, number, seen } = button.dataset
  const dialog = byId('ask-' + kind)
  const answers = dialog ? await ask(dialog, number) : {}
  if (answers) await tap(order, { kind, ...(seen ? { seen: Number(seen) } : {}), ...answers })
})

setInterval(look, LOOK_EVERY_MS)
setInterval(() => { if (shown.some((card) => card.overdue)) chime() }, REMIND_EVERY_MS)
void look()
`

/** The slip offers the printer at once, and once more by its button. */
export const SLIP_SCRIPT = String.raw`
document.getElementById('print').addEventListener('click', () => print())
print()
`

export const MARK_SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="7" fill="#0f5e5a"/><path d="M5 21h22M7 21c0-7 4-11 9-11s9 4 9 11M12 21v-8M20 21v-8" fill="none" stroke="#f3efe4" stroke-width="2.4" stroke-linecap="round"/></svg>'

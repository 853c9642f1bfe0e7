import { html, raw } from 'hono/html'
import type { OrderCard } from '../order-card.ts'
import { lengthWords } from './words.ts'
import { cardId, cardView, REFUSE_CHOICES, sectionOf, SECTIONS, type SectionId } from './card-view.ts'

/** What the desk shows now. `hidden`: open orders beyond those that are shown. */
export type DeskView = { storeId: string; cards: OrderCard[]; hidden: number; lineUp: boolean; posReachable: boolean; withPin: boolean }

/** One card as the page takes it over: the same text is the same card. */
export type ShownCard = { id: string; section: SectionId; isNew: boolean; number: string; overdue: boolean; html: string }

export const shownCards = ({ cards }: DeskView): Promise<ShownCard[]> => Promise.all(cards.map(async (card) => ({
  id: cardId(card.row.assignmentId),
  section: sectionOf(card.place),
  isNew: card.place === 'new' || card.place === 'waits' || card.place === 'doubt',
  number: card.row.assignment?.number ?? card.row.assignmentId,
  overdue: card.age === 'overdue',
  html: String(await cardView(card)),
})))

/** What is wrong with the connector's surroundings, for people who cannot mend it. */
export function troubleOf({ lineUp, posReachable, hidden }: DeskView): string[] {
  return [
    ...(posReachable ? [] : ['The till does not answer. Taps may fail until it does.']),
    ...(lineUp ? [] : ['The line to the web shop is down. Go on with the orders here: everything is told when it is back. New ones come then.']),
    ...(hidden > 0 ? [`${hidden === 1 ? '1 more open order is' : `${hidden} more open orders are`} not shown. Finish the oldest first.`] : []),
  ]
}

const head = (title: string, script: string | null) => html`<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>${title}</title>
  <link rel="icon" href="/desk/mark.svg" type="image/svg+xml">
  <link rel="stylesheet" href="/desk/desk.css">
  ${script === null ? '' : html`<script type="module" src="${script}"></script>`}
</head>`

export async function deskPage(view: DeskView) {
  const cards = await shownCards(view)
  const trouble = troubleOf(view)
  return html`${head('Web orders', '/desk/desk.js')}
<body>
  <a class="skip" href="#main">To the orders</a>
  <header class="top">
    <p class="brand"><img src="/desk/mark.svg" alt="" width="28" height="28"> <span>Web orders</span> <span class="store">${view.storeId}</span></p>
    <p id="sound-off" hidden><button id="sound-on" type="button" class="loud">Turn the sound on</button></p>
    <button id="sound-test" type="button">Test the sound</button>
    ${view.withPin ? html`<form method="post" action="/desk/leave"><button>Lock</button></form>` : ''}
    <nav class="jump" aria-label="Orders by state">${SECTIONS.map(({ id, short }) => html`<a href="#section-${id}"${cards.some(({ section }) => section === id) ? '' : raw(' hidden')}>${short} <b>${cards.filter(({ section }) => section === id).length}</b></a>`)}</nav>
    <p id="lost" class="trouble" role="alert" hidden></p>
  </header>
  <h1 class="hidden">Web orders of ${view.storeId}</h1>
  <noscript><p class="trouble">This page needs JavaScript: it looks for new orders by itself.</p></noscript>
  <div id="trouble" role="status">${trouble.map((text) => html`<p class="trouble">${text}</p>`)}</div>
  <p id="said" class="said" role="status" aria-live="polite" hidden></p>
  <main id="main" tabindex="-1">
    ${SECTIONS.map(({ id, title, empty }) => html`<section id="section-${id}" aria-labelledby="title-${id}"${empty === null && !cards.some(({ section }) => section === id) ? raw(' hidden') : ''}>
      <h2 id="title-${id}">${title} <span class="count">${cards.filter(({ section }) => section === id).length}</span></h2>
      <div class="cards">${cards.filter(({ section }) => section === id).map((card) => raw(card.html))}</div>
      ${empty === null ? '' : html`<p class="empty">${empty}</p>`}
    </section>`)}
  </main>
  ${dialogs()}
</body>
</html>`
}

/** Each asks once, and says the order's number, so that nobody answers for another. */
const dialogs = () => html`
  <dialog id="ask-refuse" aria-labelledby="refuse-title">
    <form method="dialog">
      <h2 id="refuse-title">Refuse <span class="number"></span>?</h2>
      <p>The shopper is told, and the goods go back on the shelf.</p>
      <fieldset><legend>Why?</legend>
        ${REFUSE_CHOICES.map(({ reason, words }, index) => html`<label class="choice"><input type="radio" name="reason" value="${reason}"${index === 0 ? raw(' checked') : ''}> ${words[0]?.toUpperCase()}${words.slice(1)}</label>`)}
      </fieldset>
      <p class="answers"><button class="tap" value="no">Keep it</button> <button class="tap bad" value="yes">Refuse it</button></p>
    </form>
  </dialog>
  <dialog id="ask-in-till" aria-labelledby="in-till-title">
    <form method="dialog">
      <h2 id="in-till-title"><span class="number"></span> is in the till</h2>
      <label class="field">Its number there <input name="posReference" maxlength="64" autocomplete="off" spellcheck="false" required></label>
      <p class="answers"><button class="tap" value="no" formnovalidate>Back</button> <button class="tap next" value="yes">It is in the till</button></p>
    </form>
  </dialog>
  <dialog id="ask-not-in-till" aria-labelledby="not-in-till-title">
    <form method="dialog">
      <h2 id="not-in-till-title"><span class="number"></span> is not in the till?</h2>
      <p>It is then written into the till once more. Look first: if it is there after all, its goods are sold twice.</p>
      <p class="answers"><button class="tap" value="no">Back</button> <button class="tap next" value="yes">I looked; it is not there</button></p>
    </form>
  </dialog>`

/** `waitS`: how long nobody may try. */
export const pinPage = (storeId: string, said: { wrong: boolean; waitS: number } | null) => html`${head('Web orders: PIN', null)}
<body class="pin">
  <main id="main">
    <h1><img src="/desk/mark.svg" alt="" width="40" height="40"> Web orders</h1>
    <p class="store">${storeId}</p>
    ${said === null ? '' : html`<p class="trouble" role="alert">${said.wrong ? 'That was not the PIN.' : 'Too many wrong tries.'}${said.waitS > 0 ? ` Try again in ${lengthWords(said.waitS)}.` : ''}</p>`}
    <form method="post" action="/desk/enter">
      <label class="field">PIN <input name="pin" type="password" inputmode="numeric" pattern="[0-9]*" maxlength="12" autocomplete="current-password" required autofocus></label>
      <button class="tap next">Open the desk</button>
    </form>
  </main>
</body>
</html>`

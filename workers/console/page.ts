import { html } from 'hono/html'

/** The operator's page. It holds no data: /assets/console.js asks the operator API with the token that is typed in. */
export const consolePage = () => html`<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>Console – Tillbridge</title>
  <link rel="icon" href="/assets/mark.svg" type="image/svg+xml">
  <link rel="stylesheet" href="/assets/page.css">
  <script type="module" src="/assets/console.js"></script>
</head>
<body>
  <a class="skip" href="#main">To the content</a>
  <header class="top">
    <p class="brand"><img src="/assets/mark.svg" alt="" width="28" height="28"> Tillbridge <span>console</span></p>
    <form id="sign-in">
      <label><span class="quiet">Admin token</span> <input name="token" type="password" autocomplete="off" spellcheck="false" aria-describedby="token-help"></label>
      <button>Open</button>
      <button id="forget" type="button">Forget</button>
    </form>
    <nav><a href="/">Storefront</a></nav>
  </header>
  <noscript><p class="note bad">This page asks the operator API from your browser, so it needs JavaScript.</p></noscript>
  <main id="main" tabindex="-1">
    <p id="token-help" class="quiet">The token is <code>ADMIN_TOKEN</code>; it stays in this tab and is gone when you close it. Behind Cloudflare Access leave it empty.</p>
    <p id="message" class="note" role="status" aria-live="polite" hidden></p>

    <section aria-labelledby="stores-title">
      <h2 id="stores-title">Stores</h2>
      <div id="stores"><p class="quiet">Open the console first.</p></div>
    </section>

    <section aria-labelledby="feeds-title">
      <h2 id="feeds-title">Feeds <button id="feeds-again" type="button">Look again</button></h2>
      <div id="feeds"></div>
    </section>

    <section aria-labelledby="inventory-title">
      <h2 id="inventory-title">Why does the web show this number?</h2>
      <form id="explain" class="row">
        <label>SKU <input name="sku" maxlength="64" required autocomplete="off" spellcheck="false" placeholder="GRO-00001"></label>
        <button>Explain</button>
      </form>
      <div id="inventory" role="status" aria-live="polite"></div>
    </section>

    <section aria-labelledby="letters-title">
      <h2 id="letters-title">Dead letters <button id="letters-again" type="button">Look again</button></h2>
      <div id="letters"></div>
    </section>

    <section aria-labelledby="orders-title">
      <h2 id="orders-title">Recent orders and till sales <button id="orders-again" type="button">Look again</button></h2>
      <div id="orders"></div>
    </section>
  </main>

  <dialog id="letter" aria-labelledby="letter-title">
    <form method="dialog" class="close"><button aria-label="Close">Close</button></form>
    <h1 id="letter-title">Dead letter</h1>
    <div id="letter-facts"></div>
    <pre id="letter-body" tabindex="0"></pre>
    <form id="discard" class="row">
      <label>Why it is discarded <input name="why" maxlength="500" required></label>
      <button>Discard</button>
      <button id="replay" type="button">Replay</button>
    </form>
    <p id="letter-message" class="note" role="status" aria-live="polite" hidden></p>
  </dialog>
</body>
</html>`

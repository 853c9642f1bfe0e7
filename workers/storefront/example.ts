import { html } from 'hono/html'

/** A shop in one page and one script over the typed client: made to be read and copied (assets/example.js), without a framework. */
export const examplePage = () => html`<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>Example shop – Tillbridge client</title>
  <link rel="icon" href="/assets/mark.svg" type="image/svg+xml">
  <link rel="stylesheet" href="/assets/page.css">
  <script type="module" src="/assets/example.js"></script>
</head>
<body>
  <header class="top">
    <p class="brand"><img src="/assets/mark.svg" alt="" width="28" height="28"> Example shop <span>over tillbridge/client</span></p>
    <form id="search" role="search"><label><span class="quiet">Search</span> <input type="search" name="q" maxlength="100"></label> <button>Search</button></form>
    <nav><a href="/assets/example.js">This page's script</a> <a href="/docs">API</a></nav>
  </header>
  <noscript><p class="note bad">This page asks the shop's public API from your browser, so it needs JavaScript.</p></noscript>
  <main>
    <p id="message" class="note" role="status" aria-live="polite">Loading products…</p>
    <ul id="products" class="cards" aria-label="Products"></ul>
    <section aria-labelledby="basket-title">
      <h2 id="basket-title">Basket</h2>
      <ul id="basket" class="plain"><li class="quiet">Nothing in it yet.</li></ul>
      <p id="total" class="price" role="status" aria-live="polite"></p>
      <form id="checkout" class="fields">
        <label>Store <select name="store" required></select></label>
        <label>Your name <input name="name" maxlength="120" autocomplete="name" required></label>
        <label>E-mail <input name="email" type="email" maxlength="254" autocomplete="email" required></label>
        <label class="wide">Shop key <input name="key" autocomplete="off" spellcheck="false" placeholder="pk_…" required>
          <span class="quiet">A publishable key; a real shop's page has its own built in. <code>npm start</code> prints the demo's, and <code>/example#pk_…</code> fills it in.</span></label>
        <button disabled>Place the order</button>
      </form>
      <ol id="timeline" class="timeline" aria-label="What happened to your order" hidden></ol>
    </section>
  </main>
</body>
</html>`

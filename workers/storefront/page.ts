import { html } from 'hono/html'

/** The storefront's one page. It is empty until /assets/storefront.js has asked the public API: what a shop's own site would do. */
export const storefrontPage = () => html`<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>Shop – Tillbridge demo storefront</title>
  <link rel="icon" href="/assets/mark.svg" type="image/svg+xml">
  <link rel="stylesheet" href="/assets/page.css">
  <script type="module" src="/assets/storefront.js"></script>
</head>
<body>
  <a class="skip" href="#products">To the products</a>
  <header class="top">
    <p class="brand"><img src="/assets/mark.svg" alt="" width="28" height="28"> Tillbridge <span>demo shop</span></p>
    <form id="search" role="search">
      <label><span class="quiet">Search</span> <input type="search" name="q" maxlength="100" placeholder="green tea"></label>
      <label><span class="quiet">Category</span> <select name="category"><option value="">everything</option></select></label>
      <button>Search</button>
    </form>
    <nav><a href="/console">Console</a></nav>
  </header>
  <noscript><p class="note bad">This page asks the shop's public API from your browser, so it needs JavaScript.</p></noscript>
  <main>
    <p id="message" class="note" role="status" aria-live="polite">Loading products…</p>
    <ul id="products" class="cards" tabindex="-1" aria-label="Products"></ul>
    <p><button id="more" type="button" hidden>More products</button></p>
  </main>

  <dialog id="product" aria-labelledby="product-name">
    <form method="dialog" class="close"><button aria-label="Close">Close</button></form>
    <p id="product-brand" class="quiet"></p>
    <h1 id="product-name"></h1>
    <p id="product-price" class="price"></p>
    <p id="product-description"></p>
    <section aria-labelledby="stock-title">
      <h2 id="stock-title">In stock now <span id="live" class="tag">connecting</span></h2>
      <p id="stock" role="status" aria-live="polite">Asking…</p>
      <ul id="stock-stores" class="plain"></ul>
    </section>
    <section aria-labelledby="order-title">
      <h2 id="order-title">Order for pickup</h2>
      <form id="order" class="fields">
        <label>Quantity <span id="quantity-unit" class="quiet"></span> <input name="quantity" type="number" min="1" step="1" value="1" required inputmode="numeric"></label>
        <label>Store <select name="store" required></select></label>
        <label>Your name <input name="name" maxlength="120" autocomplete="name" required></label>
        <label>E-mail <input name="email" type="email" maxlength="254" autocomplete="email" required></label>
        <label class="wide">Shop key <input name="key" autocomplete="off" spellcheck="false" placeholder="pk_…" required>
          <span class="quiet">A publishable key tells the API which web shop is asking. <code>npm start</code> prints one; a real shop's page has its own built in. It stays in this tab.</span></label>
        <button>Place the order</button>
      </form>
      <p id="order-message" class="note" role="status" aria-live="polite" hidden></p>
      <ol id="timeline" class="timeline" aria-label="What happened to your order" hidden></ol>
    </section>
  </dialog>
  <footer><p>Prices, stock and orders on this page are the till's. Sell something at the till and watch it change here.</p></footer>
</body>
</html>`

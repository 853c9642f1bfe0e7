/** The desk's look: a counter tool, read from a step away and hit with a thumb. As text, so that it travels in the connector's one file. */
export const DESK_CSS = `
:root {
  color-scheme: light dark;
  --paper: light-dark(#f6f4ee, #14181a);
  --sheet: light-dark(#ffffff, #1e2426);
  --ink: light-dark(#1d2321, #e9ece8);
  --quiet: light-dark(#59625e, #a3aeaa);
  --line: light-dark(#dcd8cb, #38413f);
  --accent: light-dark(#0f5e5a, #6fcfc4);
  --on-accent: light-dark(#ffffff, #0c1b1a);
  --late: light-dark(#8a5a00, #f0bd62);
  --late-sheet: light-dark(#fff6dc, #33290f);
  --bad: light-dark(#a3261c, #ff998d);
  --bad-sheet: light-dark(#fdeae7, #3a1a17);
  --on-bad: light-dark(#ffffff, #2a0d0a);
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; scroll-padding-top: 8.5rem; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 17px/1.45 system-ui, sans-serif; }
h1, h2, h3, p { margin: 0; }
button, input { font: inherit; color: inherit; }
button { cursor: pointer; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
[hidden] { display: none !important; }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.skip { position: absolute; left: -100vw; }
.skip:focus { left: 1rem; top: .5rem; background: var(--sheet); padding: .75rem; z-index: 2; }

.top { position: sticky; top: 0; z-index: 1; display: flex; flex-wrap: wrap; gap: .5rem .75rem; align-items: center; padding: .6rem 1rem; background: var(--sheet); border-bottom: 1px solid var(--line); }
.brand { display: flex; align-items: center; gap: .6rem; font-weight: 700; font-size: 1.1rem; margin-right: auto; }
.store { font-weight: 400; color: var(--quiet); }
.top button { min-height: 44px; padding: .3rem .9rem; border-radius: 10px; border: 1px solid var(--line); background: transparent; color: var(--accent); }
.top .loud { background: var(--bad); color: var(--on-bad); border-color: transparent; font-weight: 600; }
.jump { display: flex; flex: 1 0 100%; gap: .35rem; overflow-x: auto; padding: 5px; margin: -5px; }
.jump a { flex: 1 0 auto; min-height: 44px; display: inline-flex; gap: .4rem; align-items: center; justify-content: center; padding: 0 .6rem; border-radius: 10px; background: var(--paper); color: var(--ink); text-decoration: none; font-size: .9rem; }
.trouble { margin: .75rem 1rem 0; padding: .7rem 1rem; border-radius: 10px; background: var(--bad-sheet); border-left: 5px solid var(--bad); }
.top .trouble { flex: 1 0 100%; margin: 0; }
.said { pointer-events: none; position: fixed; left: 50%; bottom: 1rem; transform: translateX(-50%); z-index: 3; width: max-content; max-width: calc(100vw - 2rem); padding: .8rem 1.2rem; border-radius: 12px; background: var(--ink); color: var(--paper); box-shadow: 0 6px 24px rgb(0 0 0 / .25); }
.said.bad { background: var(--bad); color: var(--on-bad); }

main { display: grid; gap: 1.25rem 1rem; padding: 1rem; grid-template-columns: minmax(0, 1fr); max-width: 100rem; margin: 0 auto; }
main:focus { outline: none; }
h2 { font-size: 1.05rem; margin-bottom: .6rem; display: flex; align-items: center; gap: .5rem; }
.count { font-size: .9rem; font-weight: 600; min-width: 1.8em; text-align: center; padding: 0 .5em; border-radius: 99px; background: var(--line); }
.cards { display: grid; gap: .75rem; grid-template-columns: minmax(0, 1fr); align-content: start; }
.cards:not(:empty) + .empty { display: none; }
.empty { color: var(--quiet); padding: 1.1rem 1rem; border: 1px dashed var(--line); border-radius: 14px; }
@media (min-width: 62rem) {
  .jump { display: none; }
  main { grid-template-columns: repeat(3, minmax(0, 1fr)); }
  #section-doubt, #section-shipped, #section-ended { grid-column: 1 / -1; }
  #section-doubt .cards, #section-shipped .cards, #section-ended .cards { grid-template-columns: repeat(auto-fill, minmax(20rem, 1fr)); }
}

.card { display: flex; flex-direction: column; gap: .55rem; background: var(--sheet); border: 1px solid var(--line); border-left: 7px solid var(--accent); border-radius: 14px; padding: .9rem 1rem 1rem; }
.card:focus { outline: 3px solid var(--accent); outline-offset: 2px; }
.card header { display: flex; align-items: baseline; justify-content: space-between; gap: .75rem; }
.card h3 { font-size: 1.35rem; letter-spacing: .02em; font-variant-numeric: tabular-nums; }
.wait { color: var(--quiet); white-space: nowrap; font-variant-numeric: tabular-nums; }
.who { font-size: 1.05rem; }
.way { color: var(--quiet); }
.way::before { content: "· "; }
.lines { list-style: none; margin: 0; padding: 0; display: grid; gap: .3rem; }
.lines li { display: grid; grid-template-columns: minmax(3.2rem, max-content) 1fr; gap: .5rem; overflow-wrap: anywhere; }
.quantity { font-weight: 700; font-variant-numeric: tabular-nums; }
.sku { color: var(--quiet); font-size: .85rem; }
.note { padding: .5rem .75rem; border-radius: 10px; background: var(--paper); white-space: pre-line; overflow-wrap: anywhere; }
.note .label { color: var(--quiet); }
.staff { font-weight: 600; }
.facts { color: var(--quiet); font-size: .88rem; }
.taps { display: flex; flex-wrap: wrap; gap: .5rem; margin-top: .2rem; }
.tap { display: inline-flex; align-items: center; justify-content: center; min-height: 50px; padding: .4rem .75rem; border-radius: 12px; border: 1px solid var(--line); background: transparent; color: var(--accent); text-decoration: none; font-weight: 600; }
.taps .tap { flex: 1 1 auto; }
.taps .tap.next { font-size: 1.1rem; }
.taps .tap.slip { flex: 0 0 auto; padding-inline: 1.2rem; }
.tap.next { background: var(--accent); color: var(--on-accent); border-color: transparent; }
.tap.refuse { color: var(--bad); }
.tap.bad { background: var(--bad); color: var(--on-bad); border-color: transparent; }
.tap.slip { font-weight: 400; color: var(--ink); }
.tap:disabled { opacity: .55; cursor: default; }

.card.late { background: var(--late-sheet); border-left-color: var(--late); }
.card.late .wait { color: var(--late); font-weight: 700; }
.card.overdue { background: var(--bad-sheet); border-left-color: var(--bad); }
.card.overdue .wait { color: var(--on-bad); background: var(--bad); border-radius: 99px; padding: 0 .7em; font-weight: 700; }
.card.doubt { border-left-color: var(--bad); }
.card.waits, .card.shipped, .card.ended { border-left-color: var(--line); }
.card.ended { gap: .25rem; padding-block: .6rem .8rem; }
.card.ended h3 { font-size: 1.05rem; }
.card.ended .staff { font-weight: 400; color: var(--quiet); font-size: .9rem; }
.status { font-weight: 600; }

dialog { width: min(28rem, calc(100vw - 2rem)); border: 1px solid var(--line); border-radius: 16px; background: var(--sheet); color: var(--ink); padding: 1.25rem; }
dialog::backdrop { background: rgb(0 0 0 / .5); }
dialog form { display: grid; gap: 1rem; }
dialog h2 { display: block; margin: 0; font-size: 1.25rem; }
fieldset { border: 0; margin: 0; padding: 0; display: grid; gap: .25rem; }
legend { font-weight: 600; padding: 0; }
.choice { display: flex; align-items: center; gap: .75rem; min-height: 46px; }
.choice input { width: 1.4rem; height: 1.4rem; accent-color: var(--accent); }
.field { display: grid; gap: .35rem; font-weight: 600; }
.field input { min-height: 52px; padding: .4rem .8rem; border: 1px solid var(--quiet); border-radius: 12px; background: var(--paper); font-size: 1.25rem; min-width: 0; width: 100%; }
.answers { display: flex; flex-wrap: wrap; gap: .5rem; justify-content: flex-end; }

.pin { min-height: 100vh; display: grid; place-items: center; }
.pin main { width: min(24rem, 100vw); gap: 1rem; grid-template-columns: minmax(0, 1fr); }
.pin h1 { display: flex; align-items: center; gap: .75rem; font-size: 1.5rem; }
.pin .trouble { margin: 0; }
.pin form { display: grid; gap: 1rem; }
@media (max-width: 30rem) {
  .top .store { display: none; }
  .top { padding-inline: .75rem; gap: .5rem; }
  .top button { padding-inline: .6rem; }
  .taps { gap: .4rem; }
  .taps .tap { padding-inline: .5rem; }
}
@media (prefers-reduced-motion: no-preference) {
  .card.arriving { animation: arriving 1.2s ease-out; }
  @keyframes arriving { from { transform: translateY(-8px); box-shadow: 0 0 0 5px var(--accent); } }
}
`

/** A slip is ink on paper, whatever the screen's colours. */
export const SLIP_CSS = `
* { box-sizing: border-box; }
body { margin: 0; padding: 1rem; background: #fff; color: #000; font: 16px/1.4 system-ui, sans-serif; }
main { width: min(100%, 22rem); margin: 0 auto; }
h1 { margin: .1rem 0 .4rem; font-size: 2rem; letter-spacing: .03em; font-variant-numeric: tabular-nums; }
p { margin: .2rem 0; overflow-wrap: anywhere; }
.way { font-weight: 600; }
.code svg { display: block; width: 100%; max-width: 18rem; height: 4rem; }
.customer { font-size: 1.3rem; font-weight: 700; margin-top: .6rem; }
address { font-style: normal; }
.note { margin: .6rem 0; padding: .5rem .7rem; border: 1.5px solid #000; white-space: pre-line; }
table { width: 100%; border-collapse: collapse; margin: .8rem 0; }
th { text-align: left; font-size: .8rem; border-bottom: 1.5px solid #000; padding: .2rem .3rem .2rem 0; }
td { vertical-align: top; border-bottom: 1px solid #999; padding: .4rem .3rem .4rem 0; overflow-wrap: anywhere; }
.quantity { font-weight: 700; white-space: nowrap; font-variant-numeric: tabular-nums; }
.sku, .facts { font-size: .82rem; color: #444; }
.box { display: block; width: 1.1rem; height: 1.1rem; border: 1.5px solid #000; }
.total { font-weight: 700; }
.screen { text-align: center; margin-bottom: 1rem; }
.screen button { font: inherit; font-weight: 600; min-height: 50px; padding: .4rem 2rem; border-radius: 12px; border: 0; background: #0f5e5a; color: #fff; cursor: pointer; }
.screen button:focus-visible { outline: 3px solid #0f5e5a; outline-offset: 3px; }
@page { margin: 8mm; }
@media print {
  .screen { display: none; }
  body { padding: 0; }
  tr, .code { break-inside: avoid; }
}
`

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { readFlags } from '../local/flags.ts'
import { goOffline } from '../local/offline.ts'
import { showProgress } from '../local/progress.ts'
import { openStores } from '../local/stores.ts'
import { hasRecovered, RECOVERED_SHARE, runLoad, SHELF, STORE_ID, type Report } from './run-load.ts'

const SECONDS_MAX = 3_600
const HELP = `Three times what the edge on this machine can do, against a house of its own on free loopback ports; it ends by itself.

  npm run load                      measure, overload for 10 s, measure again
  npm run load -- --seconds 60      overload for longer (1 to ${SECONDS_MAX})
  npm run load -- --json            the last line is the report as one JSON object

What must hold: every answer is an order, 409, 429 or 503, the last two with Retry-After; every order answered is in the till, once;
the shop is heard and the goods are shown meanwhile; afterwards the edge does at least ${RECOVERED_SHARE} of what it did before.
Exit code 0 only if it held. Other work on this machine makes the numbers smaller, and shaky.
`

const values = readFlags(HELP, {
  seconds: { type: 'string', default: '10' },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
})
const seconds = Number(values.seconds)
if (!Number.isInteger(seconds) || seconds < 1 || seconds > SECONDS_MAX) {
  process.stderr.write(`--seconds: expected a whole number from 1 to ${SECONDS_MAX}, got "${values.seconds}"\n`)
  process.exit(2)
}

goOffline()
const progress = showProgress(values.json ? process.stderr : process.stdout)
const dir = mkdtempSync(path.join(tmpdir(), 'tillbridge-load-'))
for (const [signal, code] of [['SIGINT', 130], ['SIGTERM', 143]] as const) process.on(signal, () => process.exit(code))

const house = await progress.during('starting an edge, a till and its connector', () => openStores(path.join(dir, 'house'), 'load-admin-token', { [STORE_ID]: SHELF }))
let now = ''
const report = await progress.during('load', () => runLoad(house, { seconds, roundSeconds: 3 }, (line) => {
  now = line
  progress.say(`  ${line}`)
})).catch((error: unknown) => `${now}: ${error instanceof Error ? error.message : String(error)}`)
await house.close()
if (typeof report === 'string') {
  process.stderr.write(`load: ${report}\nlogs: ${dir}\n`)
  process.exit(1)
}
rmSync(dir, { recursive: true, force: true })
const broken = failures(report)
show(report, broken)
if (values.json) process.stdout.write(`${JSON.stringify({ ok: broken.length === 0, ...report })}\n`)
process.exit(broken.length === 0 ? 0 : 1)

/** What did not hold, a sentence each. */
function failures({ before, overload, shop, after, orders }: Report): string[] {
  return [
    ...(overload.unexpected > 0 ? [`${overload.unexpected} requests were answered with something else, or not at all`] : []),
    ...(overload.withoutRetryAfter > 0 ? [`${overload.withoutRetryAfter} refusals did not say when to come again`] : []),
    ...(orders.lost + orders.doubled + orders.unasked > 0 ? ['the till does not have exactly the orders that were answered'] : []),
    ...(shop.stale || shop.saleVisibleMs.length === 0 ? ['the shop was not heard'] : []),
    ...(shop.reads.refused + shop.health.refused + shop.operator.refused > 0 ? ['shoppers who only look, health or the operator were refused'] : []),
    ...(hasRecovered(before, after) ? [] : [`afterwards the edge did less than ${RECOVERED_SHARE} of before`]),
  ]
}

function show({ before, overload, shop, after, orders }: Report, broken: readonly string[]): void {
  const rows: [string, string][] = [
    ['before', `${before.perSecond.toFixed(1)} orders/s, median ${before.medianMs} ms`],
    ['offered', `${overload.offeredPerSecond.toFixed(1)} orders/s for ${overload.seconds.toFixed(1)} s`],
    ['taken meanwhile', `${overload.takenPerSecond.toFixed(1)} orders/s, median ${overload.takenMedianMs} ms; a refusal ${overload.refusedMedianMs} ms`],
    ...Object.entries(overload.answered).map(([what, times]): [string, string] => [`  ${what}`, String(times)]),
    ['without Retry-After', `${overload.withoutRetryAfter} (goal 0)`],
    ['other answers, or none', `${overload.unexpected} (goal 0)`],
    ['reads meanwhile', `${shop.reads.answered} answered, ${shop.reads.refused} refused, median ${shop.reads.medianMs} ms`],
    ['health meanwhile', `${shop.health.answered} answered, ${shop.health.refused} refused, median ${shop.health.medianMs} ms`],
    ['till sale on the web', `${shop.saleVisibleMs.join(', ')} ms`],
    ['store last heard', `${shop.heartbeatAgeMaxMs} ms ago at most, ${shop.stale ? 'STALE' : 'never stale'}`],
    ['after', `${after.perSecond.toFixed(1)} orders/s, median ${after.medianMs} ms (measured ${after.tries}×)`],
    ['orders answered', `${orders.answered}, and ${orders.hungUp} that hung up and asked again`],
    ['lost, doubled, unasked', `${orders.lost}, ${orders.doubled}, ${orders.unasked} (goal 0)`],
  ]
  progress.say('')
  for (const [what, value] of rows) progress.say(`${what.padEnd(26)}${value}`)
  progress.say(broken.length === 0 ? '\nit held' : `\nit did not hold: ${broken.join('; ')}`)
}

import { readFlags } from '../journeys/local/flags.ts'
import { goOffline } from '../journeys/local/offline.ts'
import { showProgress } from '../journeys/local/progress.ts'
import { measureConnector, type Row, type Size } from './measure-connector.ts'

const SIZES = {
  small: { kind: 'ospos', items: 10_000, burst: 1_000, bursts: 5, quietMs: 60_000, triggers: false },
  large: { kind: 'ospos', items: 100_000, burst: 1_000, bursts: 5, quietMs: 30_000, triggers: true },
  unicenta: { kind: 'unicenta', items: 100_000, burst: 1_000, bursts: 3, quietMs: 20_000, triggers: false },
  sqlite: { kind: 'sqlite', items: 100_000, burst: 1_000, bursts: 3, quietMs: 20_000, triggers: false },
} as const satisfies Record<string, Size>

/** What is measured when nothing is named: it has to end before whoever waits for it goes away. */
const USUAL: readonly string[] = ['small', 'large'] satisfies (keyof typeof SIZES)[]

const HELP = `What a connector costs beside a till: Open Source POS on MariaDB, uniCenta on PostgreSQL, a POS in a SQLite file; bench/README.md says how it is measured.

  npm run bench:connector                    ${USUAL.join(' and ')}, about nine minutes
  npm run bench:connector -- --only small    one of ${Object.entries(SIZES).map(([name, { kind, items }]) => `${name} (${kind}, ${items} items)`).join(', ')}
  npm run bench:connector -- --json          the last line is {"rows":[{"name","value","goal","unit","ok"}]}

Exit code 0 only when every goal was met. Other work on this machine makes the numbers larger.
`

const values = readFlags(HELP, {
  only: { type: 'string' },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
})
const chosen = Object.entries(SIZES).filter(([name]) => (values.only === undefined ? USUAL.includes(name) : values.only === name))
if (chosen.length === 0) {
  process.stderr.write(`--only: expected ${Object.keys(SIZES).join(' or ')}, got "${values.only}"\n`)
  process.exit(2)
}

goOffline()
const out = values.json ? process.stderr : process.stdout
const progress = showProgress(out)
for (const [signal, code] of [['SIGINT', 130], ['SIGTERM', 143]] as const) process.on(signal, () => process.exit(code))

const rows: Row[] = []
for (const [name, size] of chosen) rows.push(...await progress.during(name, () => measureConnector(size, progress.say)))

progress.say('')
const width = Math.max(...rows.map(({ name }) => name.length))
for (const { name, value, goal, unit, ok } of rows) {
  progress.say(`${name.padEnd(width)}  ${String(value).padStart(10)} ${unit.padEnd(2)}  ${goal === null ? '' : `goal ${goal} ${unit}${ok ? '' : '  MISSED'}`}`)
}
if (values.json) process.stdout.write(`${JSON.stringify({ rows })}\n`)
process.exitCode = rows.every(({ ok }) => ok) ? 0 : 1

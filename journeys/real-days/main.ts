import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { readFlags } from '../local/flags.ts'
import { goOffline } from '../local/offline.ts'
import { readDays } from './read-days.ts'
import { replay } from './replay.ts'
import { reportOf } from './report.ts'

const HELP = `A real shop's days, replayed at the embedded till while web orders arrive; then till and web are compared to the penny and the piece.

  npm run real-days -- --data ../shared/data/uci-online-retail

  --data DIR     its *.csv, one a day: InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice
  --orders N     web orders meanwhile (default 150)
  --seed N       which baskets (default 1)
  --report FILE  where the report goes (default .tillbridge/real-days.md)
  --json         the last line is one JSON object
  --help         this text

It speaks to this machine only and ends by itself. Exit code 1: the sides differ; the report says in what.
`
const values = readFlags(HELP, {
  data: { type: 'string' }, orders: { type: 'string', default: '150' }, seed: { type: 'string', default: '1' }, report: { type: 'string', default: '.tillbridge/real-days.md' },
  json: { type: 'boolean', default: false }, help: { type: 'boolean', default: false },
})
goOffline()
const fail = (why: string): never => {
  process.stderr.write(`real-days: ${why}\n`)
  process.exit(2)
}
const folder = values.data ?? fail('say where the days are: --data DIR (--help shows how)')
const files = (() => {
  try {
    return readdirSync(folder).filter((name) => name.endsWith('.csv')).sort()
  } catch {
    return fail(`${folder} cannot be read: name a folder of *.csv`)
  }
})()
if (files.length === 0) fail(`${folder} has no *.csv`)
const [orders, seed] = [values.orders, values.seed].map((text) => (/^\d{1,5}$/.test(text) ? Number(text) : fail(`expected a number, got "${text}"`)))
const dir = mkdtempSync(path.join(tmpdir(), 'tillbridge-real-days-'))
const days = (() => {
  try {
    return readDays(files.map((name) => readFileSync(path.join(folder, name), 'utf8')))
  } catch (error) {
    return fail(`a file in ${folder} is no CSV: ${error instanceof Error ? error.message : String(error)}`)
  }
})()
if (days.deeds.length === 0) fail(`the files of ${folder} have nothing that a till could ring up. The first: ${days.leftOut[0]?.why ?? 'no line'}`)
const replayed = await replay({ dir, days, orders: orders ?? 0, seed: seed ?? 1, say: (text) => void process.stderr.write(`  ${text}\n`) })
rmSync(dir, { recursive: true, force: true })
const report = reportOf(days, replayed)
mkdirSync(path.dirname(values.report), { recursive: true })
writeFileSync(values.report, report)
process.stdout.write(`${report}\nThe report is in ${values.report}.\n`)
if (values.json) process.stdout.write(`${JSON.stringify({ ok: replayed.differences.length === 0, days: days.days, deeds: days.deeds.length, orders: replayed.orders, differences: replayed.differences })}\n`)
process.exit(replayed.differences.length === 0 ? 0 : 1)

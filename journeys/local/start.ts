import { randomUUID } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { basket, openDemo, type Demo } from './demo.ts'
import { portOf, readFlags } from './flags.ts'
import { holdLock, type Lock } from './lock.ts'
import { mailFolderOf } from './house.ts'
import { goOffline } from './offline.ts'
import { showProgress, type Progress } from './progress.ts'
import { LOOP, WHOLE_STORY } from './steps/story.ts'
import { median } from './until.ts'

const HELP = `The whole house on this machine: the edge, a demo store with its till, its connector.

  npm start                     start it fresh in .tillbridge/demo, go once around the loop, stay up until Ctrl-C
  npm start -- --keep           the same, going on with what the last run left in .tillbridge/demo
  npm start -- --once           check everything in a temporary folder and end; exit code 0 only if every step held
  npm start -- --once --json    the same for machines: the last line is one JSON object

  --port N   where the edge serves (default 8787; a free one if that is taken)
`

const values = readFlags(HELP, {
  once: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  keep: { type: 'boolean', default: false },
  port: { type: 'string', default: '8787' },
  help: { type: 'boolean', default: false },
})

const STATE_FOLDER = '.tillbridge/demo'
/** Where the till command looks unless it is told (connector/pos/embedded/till-cli.ts). */
const TILL_FILE_DEFAULT = `${STATE_FOLDER}/demo/till.db`
/** Enough on the shelf for somebody who tries the printed commands a few times. */
const PIECES_TO_TRY = 10

/** Where this run keeps its things, and whether they stay when it ends. */
type State = { dir: string; stays: boolean; lock: Lock | null }
type StepResult = { name: string; ok: boolean; ms: number }

async function main(progress: Progress): Promise<void> {
  const began = performance.now()
  const state = await stateFolder(progress)
  const { dir } = state
  const adminToken = process.env.ADMIN_TOKEN || 'dev-admin-token'
  const port = await choosePort(portOf(values.port), progress)
  let demo: Demo | null = null
  let ending = false
  /** `remains`: whether a folder that is only this run's is left for reading. */
  const end = async (code: number, remains: boolean) => {
    if (ending) return
    ending = true
    await demo?.close()
    if (!state.stays && !remains) rmSync(dir, { recursive: true, force: true })
    state.lock?.release()
    process.exit(code)
  }
  const stop = (code: number) => {
    if (ending) return
    const kept = `State stays in ${path.relative(process.cwd(), dir)}; npm start -- --keep goes on with it.`
    progress.say(`\nStopping… ${state.stays ? kept : 'This run\'s own folder is removed.'}`)
    void end(code, false)
  }
  process.on('SIGINT', () => stop(130))
  process.on('SIGTERM', () => stop(143))

  progress.say('Tillbridge: starting the house')
  const results: StepResult[] = []
  try {
    demo = await progress.during('building the Worker, filling the till, starting the edge and the connector', () =>
      openDemo({ dir, port, adminToken, keep: values.keep && !values.once, log: () => {} }))
    progress.say(`  serving on ${demo.edge.ready.url} after ${seconds(performance.now() - began)}\n`)
    for (const step of values.once ? WHOLE_STORY : LOOP) {
      const result = await take(step, demo, progress)
      // What fails while the house is being stopped says nothing.
      if (ending) return
      results.push(result)
      progress.say(`  ${result.ok ? 'ok  ' : 'FAIL'} ${step.name} (${seconds(result.ms)}): ${result.seen}`)
    }
  } catch (error) {
    if (ending) return
    progress.say(error instanceof Error ? error.message : String(error))
    results.push({ name: 'house started', ok: false, ms: Math.round(performance.now() - began) })
  }
  if (ending) return
  const ok = results.every((result) => result.ok)
  report(results, demo, progress, dir, ok)
  // What failed is worth reading; what held is not.
  if (values.once || !demo) return end(ok ? 0 : 1, !ok)
  progress.say('\nIt stays up until Ctrl-C.')
}

async function take(step: (typeof WHOLE_STORY)[number], demo: Demo, progress: Progress): Promise<StepResult & { seen: string }> {
  const began = performance.now()
  let ok = true
  let seen: string
  try {
    seen = await progress.during(step.name, () => step.run(demo))
  } catch (error) {
    ok = false
    seen = error instanceof Error ? error.message : String(error)
  }
  return { name: step.name, ok, ms: Math.round(performance.now() - began), seen }
}

function report(results: StepResult[], demo: Demo | null, progress: Progress, dir: string, ok: boolean): void {
  const url = demo?.edge.ready.url ?? null
  const urls = { storefront: url && `${url}/`, console: url && `${url}/console`, api: url && `${url}/v1`, operator: url && `${url}/admin/v1` }
  const latency = { tillToWebMs: medianOrNull(demo?.latency.tillToWebMs), webToTillMs: medianOrNull(demo?.latency.webToTillMs) }
  if (demo) {
    progress.say('')
    if (latency.tillToWebMs !== null) progress.say(`  a till sale is on the web after   ${latency.tillToWebMs} ms (median of ${demo.latency.tillToWebMs.length})`)
    if (latency.webToTillMs !== null) progress.say(`  a web order is in the till after  ${latency.webToTillMs} ms (median of ${demo.latency.webToTillMs.length})`)
    if (!ok) progress.say(`  logs: ${path.join(dir, 'edge/edge.log')} and ${path.join(demo.shop.dir, 'connector.log')}`)
  }
  if (demo && !values.once) {
    progress.say(`
  storefront  ${urls.storefront}?key=${demo.keys.publishable}
  example     ${urls.storefront}example#${demo.keys.publishable}
  mails       file://${path.resolve(mailFolderOf(dir))}/
  console     ${urls.console}   (token: ADMIN_TOKEN, "dev-admin-token" unless you set it)
  API         ${urls.api}   (publishable key: ${demo.keys.publishable})

In another terminal: sell at the till and watch the web follow (npm run till -- --help shows the rest)
  ${tillCommand(demo, `sell ${skuToTry(demo)} 1`)}
  ${tillCommand(demo, 'orders')}
and place an order (sent again with the same key, it is the same order):
  ${orderCommand(demo)}`)
  }
  if (values.json) process.stdout.write(`${JSON.stringify({ ok, steps: results.map(({ name, ok: held, ms }) => ({ name, ok: held, ms })), latency, urls })}\n`)
}

function tillCommand(demo: Demo, words: string): string {
  const file = path.relative(process.cwd(), demo.shop.tillFile)
  return `npm run till -- ${file === TILL_FILE_DEFAULT ? '' : `--file ${file} `}${words}`
}

/** Ready to be pasted: nothing in it needs quoting beyond the single quotes. */
function orderCommand(demo: Demo): string {
  const headers = [`Authorization: Bearer ${demo.keys.publishable}`, `Idempotency-Key: try-${randomUUID()}`, 'Content-Type: application/json']
  const body = JSON.stringify(basket([{ sku: skuToTry(demo), quantity: 1 }]))
  return `curl ${demo.edge.ready.url}/v1/orders ${headers.map((header) => `-H '${header}'`).join(' ')} -d '${body}'`
}

function skuToTry({ till }: Demo): string {
  const stock = till.stock()
  return till.items().find((item) => item.unit === 'each' && (stock.get(item.sku) ?? 0) >= PIECES_TO_TRY)?.sku ?? 'SKU'
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`
const medianOrNull = (numbers: number[] | undefined): number | null => (numbers && numbers.length > 0 ? median(numbers) : null)

/** `.tillbridge/demo`, or a folder of its own for `--once` and while another demo runs there. */
async function stateFolder(progress: Progress): Promise<State> {
  if (values.once) return { dir: mkdtempSync(path.join(tmpdir(), 'tillbridge-once-')), stays: false, lock: null }
  mkdirSync('.tillbridge', { recursive: true })
  const lock = await holdLock(`${STATE_FOLDER}.lock`)
  if (lock) return { dir: path.resolve(STATE_FOLDER), stays: true, lock }
  progress.say(`Another demo is running in ${STATE_FOLDER}; this one has a folder of its own, removed when it ends.`)
  return { dir: mkdtempSync(path.resolve(`${STATE_FOLDER}-`)), stays: false, lock: null }
}

async function choosePort(wanted: number, progress: Progress): Promise<number> {
  const free = await new Promise<boolean>((resolve) => {
    const probe = createServer()
    probe.once('error', () => resolve(false))
    probe.listen({ port: wanted, host: '127.0.0.1', exclusive: true }, () => probe.close(() => resolve(true)))
  })
  if (!free) progress.say(`Port ${wanted} is taken: choosing a free one.`)
  return free ? wanted : 0
}

goOffline()
await main(showProgress(values.json ? process.stderr : process.stdout))

import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { openDemo, type Demo } from './demo.ts'
import { portOf, readFlags } from './flags.ts'
import { goOffline } from './offline.ts'
import { showProgress, type Progress } from './progress.ts'
import { LOOP, WHOLE_STORY } from './steps/story.ts'
import { median } from './until.ts'

const HELP = `The whole house on this machine: the edge, a demo store with its till, its connector.

  npm start                     start it, go once around the loop, stay up until Ctrl-C
  npm start -- --once           check everything and end; exit code 0 only if every step held
  npm start -- --once --json    the same for machines: the last line is one JSON object

  --port N   where the edge serves (default 8787; a free one if that is taken)
  --keep     go on with the state of the last run instead of starting fresh (.tillbridge/demo)
`

const values = readFlags(HELP, {
  once: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  keep: { type: 'boolean', default: false },
  port: { type: 'string', default: '8787' },
  help: { type: 'boolean', default: false },
})

type StepResult = { name: string; ok: boolean; ms: number }

async function main(progress: Progress): Promise<void> {
  const began = performance.now()
  const dir = stateFolder(progress)
  const adminToken = process.env.ADMIN_TOKEN || 'dev-admin-token'
  const port = await choosePort(portOf(values.port), progress)
  let demo: Demo | null = null
  let ending = false
  const end = async (code: number) => {
    if (ending) return
    ending = true
    await demo?.close()
    // What failed is worth reading; what held is not.
    if (values.once && code === 0) rmSync(dir, { recursive: true, force: true })
    process.exit(code)
  }
  process.on('SIGINT', () => void end(130))
  process.on('SIGTERM', () => void end(143))

  progress.say('Tillbridge: starting the house')
  const results: StepResult[] = []
  try {
    demo = await progress.during('building the Worker, filling the till, starting the edge and the connector', () =>
      openDemo({ dir, port, adminToken, keep: values.keep && !values.once, log: () => {} }))
    progress.say(`  serving on ${demo.edge.ready.url} after ${seconds(performance.now() - began)}\n`)
    for (const step of values.once ? WHOLE_STORY : LOOP) results.push(await take(step, demo, progress))
  } catch (error) {
    progress.say(error instanceof Error ? error.message : String(error))
    results.push({ name: 'house started', ok: false, ms: Math.round(performance.now() - began) })
  }
  const ok = results.every((result) => result.ok)
  report(results, demo, progress, dir, ok)
  if (values.once || !demo) return end(ok ? 0 : 1)
  progress.say('\nIt stays up until Ctrl-C.')
}

async function take(step: (typeof WHOLE_STORY)[number], demo: Demo, progress: Progress): Promise<StepResult> {
  const began = performance.now()
  let ok = true
  let seen: string
  try {
    seen = await progress.during(step.name, () => step.run(demo))
  } catch (error) {
    ok = false
    seen = error instanceof Error ? error.message : String(error)
  }
  const ms = Math.round(performance.now() - began)
  progress.say(`  ${ok ? 'ok  ' : 'FAIL'} ${step.name} (${seconds(ms)}): ${seen}`)
  return { name: step.name, ok, ms }
}

function report(results: StepResult[], demo: Demo | null, progress: Progress, dir: string, ok: boolean): void {
  const url = demo?.edge.ready.url ?? null
  const till = demo ? `npm run till -- --file ${path.relative(process.cwd(), demo.shop.tillFile)}` : null
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
  console     ${urls.console}   (token: ADMIN_TOKEN, "dev-admin-token" unless you set it)
  API         ${urls.api}   (publishable key: ${demo.keys.publishable})
  the till    ${till} items | sell SKU QTY | orders | pick ORDER | ready ORDER | hand-over ORDER`)
  }
  if (values.json) process.stdout.write(`${JSON.stringify({ ok, steps: results, latency, urls })}\n`)
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`
const medianOrNull = (numbers: number[] | undefined): number | null => (numbers && numbers.length > 0 ? median(numbers) : null)

/** `.tillbridge/demo`, or a folder of its own for `--once` and while another demo runs there. */
function stateFolder(progress: Progress): string {
  if (values.once) return mkdtempSync(path.join(tmpdir(), 'tillbridge-once-'))
  mkdirSync('.tillbridge', { recursive: true })
  const holder = '.tillbridge/demo.pid'
  if (existsSync(holder) && isAlive(Number(readFileSync(holder, 'utf8')))) {
    progress.say('Another demo is running; this one keeps its state in a folder of its own.')
    return path.resolve(`.tillbridge/demo-${process.pid}`)
  }
  writeFileSync(holder, String(process.pid))
  return path.resolve('.tillbridge/demo')
}

function isAlive(pid: number): boolean {
  try {
    return pid > 0 && process.kill(pid, 0)
  } catch {
    return false
  }
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

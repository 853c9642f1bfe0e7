import { execFile, spawn } from 'node:child_process'
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises'
import { randomBytes } from 'node:crypto'
import { createServer } from 'node:net'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { Miniflare, convertV4MiniflareOptions } from 'miniflare'
import { unstable_getMiniflareWorkerOptions, unstable_readConfig, unstable_splitSqlQuery } from 'wrangler'
import { holdLock } from './lock.ts'
import { openMailFolder } from './mail-folder.ts'

const ROOT = path.resolve(import.meta.dirname, '../..')
/** Local crons never fire by themselves. Deployed it is once a minute; here the loop should close while somebody watches. */
const SWEEP_EVERY_MS = 5_000
/** A killed edge lets go of its port within milliseconds. */
const PORT_FREE_WITHIN_MS = 2_000
const PORT_LOOK_EVERY_MS = 100
/** An edge that was told to end lets go of its state within this; one that was killed, at once. */
const STATE_FREE_WITHIN_MS = 3_000

export type ServedEdge = { url: string; close(): Promise<void> }
type Options = { port: number; stateDir: string; adminToken: string; secrets?: Record<string, string>; log: (line: string) => void }

/**
 * Builds the Worker, starts it on 127.0.0.1 with everything it stores under `stateDir`, brings D1 up to date and ticks the sweep.
 * Throws with a sentence for people when the port or the state is taken, or the Worker does not build.
 */
export async function serveEdge({ port, stateDir, adminToken, secrets = {}, log }: Options): Promise<ServedEdge> {
  await assertPortFree(port)
  const state = path.resolve(stateDir)
  await mkdir(state, { recursive: true })
  // Two of them over the same SQLite files would each believe their own numbers.
  const lock = await holdLock(path.join(state, 'edge.lock'), STATE_FREE_WITHIN_MS)
  if (!lock) throw new Error(`${stateDir} is in use by another edge; end it, or choose another folder with --state`)
  const mails = await openMailFolder(path.join(state, 'mail'))
  log('edge: building the Worker')
  const script = await buildWorker(path.join(state, 'worker'))

  // The secrets are given below; asked for by name, wrangler would look for them in the environment and say so on stdout.
  const config = { ...unstable_readConfig({ config: path.join(ROOT, 'wrangler.toml') }), secrets: undefined }
  const { workerOptions: options } = unstable_getMiniflareWorkerOptions(config)
  const miniflare = new Miniflare(convertV4MiniflareOptions({
    host: '127.0.0.1',
    port,
    cf: false,
    unsafeTriggerHandlers: true,
    resourcePersistencePath: path.join(state, 'data'),
    handleStructuredLogs: ({ message }: { message: string }) => log(message),
    workers: [{
      ...options,
      name: 'tillbridge',
      modulesRoot: path.dirname(script),
      modules: [{ type: 'ESModule', path: script }],
      bindings: { ...(options['bindings'] as Record<string, string> | undefined), MAIL_API_KEY: mails.apiKey, MAIL_API_URL: mails.url, ...secrets, ADMIN_TOKEN: adminToken, MASTER_KEY: await masterKey(path.join(state, 'master-key')) },
    }],
  }))
  log('edge: starting')
  const url = (await miniflare.ready).origin
  const guard = await guardWorkerd()
  await migrate(miniflare, log)
  const stopSweeping = sweep(miniflare, log)
  return {
    url,
    close: async () => {
      stopSweeping()
      mails.close()
      guard?.kill('SIGKILL')
      await miniflare.dispose()
      lock.release()
    },
  }
}

/** Waits a moment for an edge that is just ending; a port that stays taken is somebody else's. */
async function assertPortFree(port: number): Promise<void> {
  for (let waitedMs = 0; port !== 0; waitedMs += PORT_LOOK_EVERY_MS) {
    const taken = await new Promise<string | null>((resolve) => {
      const probe = createServer()
      probe.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
      probe.listen({ port, host: '127.0.0.1', exclusive: true }, () => probe.close(() => resolve(null)))
    })
    if (taken === null) return
    if (taken !== 'EADDRINUSE') throw new Error(`cannot serve on 127.0.0.1:${port}: ${taken}`)
    if (waitedMs >= PORT_FREE_WITHIN_MS) throw new Error(`cannot serve on 127.0.0.1:${port}: it is taken; choose another with --port, or --port 0 for any free one`)
    await sleep(PORT_LOOK_EVERY_MS)
  }
}

/** Bundles workers/index.ts as a deployment would, and answers the path of the script. */
async function buildWorker(outDir: string): Promise<string> {
  const wrangler = path.join(ROOT, 'node_modules/wrangler/bin/wrangler.js')
  try {
    await promisify(execFile)(process.execPath, [wrangler, 'deploy', '--dry-run', '--outdir', outDir], { cwd: ROOT })
  } catch (error) {
    const output = error instanceof Error && 'stderr' in error ? String(error.stderr) : String(error)
    throw new Error(`the Worker does not build:\n${output.trim()}`, { cause: error })
  }
  return path.join(outDir, 'index.js')
}

/** Made once and kept, so that a restart can still read the secrets it stored. Base64 of 32 bytes. */
async function masterKey(file: string): Promise<string> {
  const fresh = randomBytes(32).toString('base64')
  try {
    await writeFile(file, `${fresh}\n`, { mode: 0o600, flag: 'wx' })
    return fresh
  } catch {
    return (await readFile(file, 'utf8')).trim()
  }
}

/** Applies what is new in migrations/, noted in the same table as `wrangler d1 migrations apply` uses. */
async function migrate(miniflare: Miniflare, log: (line: string) => void): Promise<void> {
  const database = await miniflare.getD1Database('DB')
  await database.prepare(
    'CREATE TABLE IF NOT EXISTS d1_migrations (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE, applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL)',
  ).run()
  const { results }: { results: { name: string }[] } = await database.prepare('SELECT name FROM d1_migrations').all()
  const applied = new Set(results.map((row) => row.name))
  const folder = path.join(ROOT, 'migrations')
  const files = (await readdir(folder)).filter((name) => name.endsWith('.sql')).sort()
  for (const name of files.filter((file) => !applied.has(file))) {
    log(`edge: migrating ${name}`)
    const statements = unstable_splitSqlQuery(await readFile(path.join(folder, name), 'utf8')).map((sql) => database.prepare(sql))
    await database.batch([...statements, database.prepare('INSERT INTO d1_migrations (name) VALUES (?)').bind(name)])
  }
}

/** Fires the Worker's cron every few seconds, one at a time. Answers how to stop. */
function sweep(miniflare: Miniflare, log: (line: string) => void): () => void {
  let stopped = false
  let timer: NodeJS.Timeout | undefined
  const next = () => {
    if (!stopped) timer = setTimeout(() => void tick(), SWEEP_EVERY_MS)
  }
  const tick = async () => {
    try {
      const answer = await miniflare.dispatchFetch(`http://localhost/cdn-cgi/local/scheduled?cron=${encodeURIComponent('* * * * *')}`)
      const outcome = await answer.text()
      if (!answer.ok) log(`edge: the sweep ended with ${answer.status}: ${outcome}`)
    } catch (error) {
      if (!stopped) log(`edge: the sweep failed: ${String(error)}`)
    }
    next()
  }
  next()
  return () => {
    stopped = true
    clearTimeout(timer)
  }
}

/**
 * workerd outlives a SIGKILL of this process alone. A small shell holds a pipe to us and ends workerd when the pipe closes, whatever closed it.
 * (Whoever kills should still kill the process group: it takes all three.) Answers `null` where `ps` does not tell.
 */
async function guardWorkerd() {
  const { stdout } = await promisify(execFile)('ps', ['-A', '-o', 'pid=,ppid=,comm=']).catch(() => ({ stdout: '' }))
  const pids = stdout.split('\n').map((line) => line.trim().split(/\s+/))
    .filter(([, parent, command]) => Number(parent) === process.pid && command?.includes('workerd'))
    .map(([pid]) => String(pid))
  if (pids.length === 0) return null
  return spawn('sh', ['-c', 'read _; kill -9 "$@"', 'guard', ...pids], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] })
}

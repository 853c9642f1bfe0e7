import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { z } from 'zod'
import { goOffline } from './offline.ts'
import { showProgress } from './progress.ts'

/**
 * `npm test`: everything that must hold before a change lands, in order of how quickly it speaks. It goes on after a failure, so that
 * one run shows all. The last line is `N passed, N failed`; the exit code is 0 only when nothing failed.
 */

const ROOT = path.resolve(import.meta.dirname, '../..')
/** What of a tool's output is worth showing when it failed. */
const OUTPUT_TAIL_CHARS = 6_000

type Outcome = { code: number; output: string; stdout: string }
/** What one part found: how many checks held, and a text for each that did not. */
type Found = { passed: number; failures: string[] }

goOffline()
const scratch = mkdtempSync(path.join(tmpdir(), 'tillbridge-test-'))
const progress = showProgress(process.stdout)

function run(script: string, args: string[]): Promise<Outcome> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [path.join(ROOT, script), ...args], { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    let stdout = ''
    child.stdout.on('data', (data: Buffer) => {
      stdout += data.toString()
      output += data.toString()
    })
    child.stderr.on('data', (data: Buffer) => { output += data.toString() })
    child.on('error', (error) => resolve({ code: 1, output: error.message, stdout }))
    child.on('close', (code) => resolve({ code: code ?? 1, output, stdout }))
  })
}

/** A tool whose exit code is its whole answer. */
const tool = (script: string, ...args: string[]) => async (): Promise<Found> => {
  const { code, output } = await run(script, args)
  return code === 0 ? { passed: 1, failures: [] } : { passed: 0, failures: [output.slice(-OUTPUT_TAIL_CHARS)] }
}

const VitestReport = z.object({
  numPassedTests: z.int(),
  testResults: z.array(z.object({
    name: z.string(),
    status: z.string(),
    message: z.string().optional(),
    assertionResults: z.array(z.object({ fullName: z.string(), status: z.string(), failureMessages: z.array(z.string()).nullish() })),
  })),
})

/** One vitest project; each of its tests counts. A file that cannot be loaded, or an error outside of any test, is a failure too. */
const tests = (project: string) => async (): Promise<Found> => {
  const report = path.join(scratch, `${project}.json`)
  const { code, output } = await run('node_modules/vitest/vitest.mjs', ['run', '--project', project, '--reporter', 'json', '--outputFile', report])
  const parsed = VitestReport.safeParse(readJson(report))
  if (!parsed.success) return { passed: 0, failures: [output.slice(-OUTPUT_TAIL_CHARS) || `vitest ended with ${code} and no report`] }
  const failures = parsed.data.testResults.flatMap((file) => {
    const failed = file.assertionResults.filter((test) => test.status !== 'passed')
    const name = path.relative(ROOT, file.name)
    if (failed.length === 0) return file.status === 'passed' ? [] : [`${name}: ${file.message ?? file.status}`]
    // What broke before the tests began (a hook) stands with the file.
    const texts = failed.map((test) => `${name}: ${test.fullName}: ${[test.status, ...(test.failureMessages ?? [])].join('\n')}`)
    return file.message ? [`${file.message}\n${texts[0] ?? ''}`, ...texts.slice(1)] : texts
  })
  const passed = parsed.data.numPassedTests
  if (passed + failures.length === 0) failures.push('no tests were found')
  if (code !== 0 && failures.length === 0) failures.push(output.slice(-OUTPUT_TAIL_CHARS))
  return { passed, failures }
}

const StoryReport = z.object({
  steps: z.array(z.object({ name: z.string(), ok: z.boolean(), ms: z.number() })),
  latency: z.object({ tillToWebMs: z.number().nullable(), webToTillMs: z.number().nullable() }),
})
/** Promised to shopkeepers: a sale at the till, or an order on the web, is on the other side within a second (median). */
const LATENCY_MEDIAN_MS_MAX = 1_000

/** The house in one go, `npm start -- --once --json`: each step counts, and so does each promised latency. */
const story = async (): Promise<Found> => {
  const { code, output, stdout } = await run('journeys/local/start.ts', ['--once', '--json', '--port', '0'])
  const parsed = StoryReport.safeParse(parseJson(stdout.trim().split('\n').at(-1) ?? ''))
  if (!parsed.success) return { passed: 0, failures: [output.slice(-OUTPUT_TAIL_CHARS) || `it ended with ${code} and said nothing`] }
  const { steps, latency } = parsed.data
  const checks = [
    ...steps,
    ...Object.entries(latency).map(([name, ms]) => ({ name: `${name} is ${ms}, at most ${LATENCY_MEDIAN_MS_MAX}`, ok: ms !== null && ms <= LATENCY_MEDIAN_MS_MAX })),
  ]
  const failures = checks.filter((check) => !check.ok).map((check) => check.name)
  if (failures.length > 0) failures[0] += `\n${output.slice(-OUTPUT_TAIL_CHARS)}`
  if (code !== 0 && failures.length === 0) failures.push(`it ended with ${code}`)
  return { passed: checks.filter((check) => check.ok).length, failures }
}

function readJson(file: string): unknown {
  try {
    return parseJson(readFileSync(file, 'utf8'))
  } catch {
    return undefined
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Both at once: one waits for its databases where the other works. */
const beside = (one: () => Promise<Found>, other: () => Promise<Found>) => async (): Promise<Found> => {
  const [first, second] = await Promise.all([one(), other()])
  return { passed: first.passed + second.passed, failures: [...first.failures, ...second.failures] }
}

const TSC = 'node_modules/typescript/bin/tsc'
const WRANGLER = 'node_modules/wrangler/bin/wrangler.js'
const parts: [what: string, check: () => Promise<Found>][] = [
  ['types of the client, as a browser has them', tool(TSC, '-p', 'client')],
  ['types of the Worker', tool(TSC, '-p', 'workers')],
  ['types of the connector and the journeys', tool(TSC, '-p', 'connector')],
  ['types of the simulation, which knows both sides', tool(TSC, '-p', 'journeys/simulation')],
  ['lint', tool('node_modules/oxlint/bin/oxlint', '--type-aware')],
  ['the generated binding types are those of wrangler.toml', tool(WRANGLER, 'types', 'workers/worker-configuration.d.ts', '--strict-vars=false', '--check')],
  ['the Worker can be deployed (dry run)', tool(WRANGLER, 'deploy', '--dry-run', '--outdir', path.join(scratch, 'worker'))],
  ...['staging', 'production'].map((name): [string, () => Promise<Found>] => [`the Worker can be deployed to ${name} (dry run)`, tool(WRANGLER, 'deploy', '--dry-run', '--env', name, '--outdir', path.join(scratch, name))]),
  ['unit and property tests in Node', tests('node')],
  ['POS adapters over real databases, and beside them the tests in workerd', beside(tests('databases'), tests('workerd'))],
  ['journeys over real processes', tests('journeys')],
  ['the whole house once (npm start -- --once --json)', story],
]

let passed = 0
let failed = 0
for (const [what, check] of parts) {
  const began = performance.now()
  const found = await progress.during(what, check)
  passed += found.passed
  failed += found.failures.length
  const took = `${((performance.now() - began) / 1000).toFixed(1)} s`
  progress.say(`${found.failures.length === 0 ? 'ok  ' : 'FAIL'} ${what}: ${found.passed} passed, ${found.failures.length} failed (${took})`)
  for (const failure of found.failures) progress.say(failure.trim().replaceAll(/^/gm, '     '))
}
rmSync(scratch, { recursive: true, force: true })
process.stdout.write(`${passed} passed, ${failed} failed\n`)
process.exitCode = failed === 0 ? 0 : 1

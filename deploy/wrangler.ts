import { spawn } from 'node:child_process'

/** What a run of wrangler answered. */
export type Ran = { code: number; stdout: string; stderr: string }

/** The platform, by its own command line: the arguments, and variables beside those of this process. A test has one that keeps its account in a file. */
export type Wrangler = (args: readonly string[], env?: Readonly<Record<string, string>>) => Promise<Ran>

/** Why a deployment stopped, and what to do about it. Nothing that was made before it is undone: the next run finds it. */
export class DeployError extends Error {
  readonly what: string
  readonly why: string
  readonly todo: string

  constructor(what: string, why: string, todo: string) {
    super(`${what}: ${why}`)
    this.what = what
    this.why = why
    this.todo = todo
  }
}

/** The real one. It never asks: whoever deploys is not always there. */
export const runWrangler = (program: string, cwd: string): Wrangler => (args, env = {}) => new Promise((resolve, reject) => {
  const child = spawn(process.execPath, [program, ...args], {
    cwd,
    env: { ...process.env, CI: 'true', NO_COLOR: '1', FORCE_COLOR: '0', WRANGLER_HIDE_BANNER: 'true', WRANGLER_SEND_METRICS: 'false', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  child.on('error', reject)
  child.on('close', (code, signal) => resolve({ code: code ?? 1, stdout, stderr: signal ? `${stderr}\nwrangler was ended by ${signal}` : stderr }))
})

const LINES_SHOWN = 12
const COLOURS = new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*m`, 'g')
/** Wrangler's frames, its advertising, and where it keeps its own log. */
const NOISE = /^[\s─━╭╰│-]*$|⛅|Logs were written to|please file an issue|github\.com\/cloudflare\/workers-sdk/

/** What wrangler said last, for a person. */
export function lastWords({ code, stdout, stderr }: Ran): string {
  const lines = `${stdout}\n${stderr}`.replaceAll(COLOURS, '').split('\n').map((line) => line.trimEnd()).filter((line) => !NOISE.test(line))
  const blamed = lines.findIndex((line) => /✘|\[ERROR\]/.test(line))
  const said = (blamed === -1 ? lines.slice(-LINES_SHOWN) : lines.slice(blamed, blamed + LINES_SHOWN)).map((line) => line.replace(/^\s*✘?\s*\[ERROR\]\s*/, '').trim()).join('\n')
  return said === '' ? `wrangler ended with ${code} and said nothing` : said
}

/** Runs it and answers what it printed; anything but success is an error with wrangler's own words. */
export async function must(wrangler: Wrangler, what: string, todo: string, args: readonly string[], env?: Readonly<Record<string, string>>): Promise<string> {
  const ran = await wrangler(args, env)
  if (ran.code !== 0) throw new DeployError(what, lastWords(ran), todo)
  return ran.stdout
}

/** The JSON in what was printed: a notice may stand before it. */
export function jsonOf(printed: string, what: string): unknown {
  const start = printed.search(/[[{]/)
  try {
    return JSON.parse(start === -1 ? printed : printed.slice(start))
  } catch {
    throw new DeployError(what, 'wrangler printed something else than JSON', 'run "npm ci", so that it is the version this was written for')
  }
}

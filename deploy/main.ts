import { execFile } from 'node:child_process'
import path from 'node:path'
import { promisify } from 'node:util'
import { Command, InvalidArgumentError, Option } from 'commander'
import { Listr } from 'listr2'
import { ENVIRONMENTS } from './read-config.ts'
import type { Environment } from './read-config.ts'
import { newReport, OPTIONAL_SECRETS, stepsOf } from './steps.ts'
import type { DeployOptions, Report, Step } from './steps.ts'
import { DeployError, runWrangler } from './wrangler.ts'

const ROOT = path.resolve(import.meta.dirname, '..')
const WRANGLER = path.join(ROOT, 'node_modules/wrangler/bin/wrangler.js')
const SERVED_WITHIN_S = 120
const EXIT = { done: 0, stopped: 1, wrongUsage: 2 } as const

const HELP = `
It does, in this order, and stops at the first that fails:
  1. looks over wrangler.toml and the account
  2. creates what is missing: D1 database, KV namespace, ten queues that keep messages for 14 days; writes the ids into wrangler.toml
  3. looks whether every required secret is set, and says how to set one
  4. notes D1's bookmark, then applies the migrations
  5. deploys, and asks the new version what a deployment could have broken; it only reads

It can be run again at any time: what is there stays. docs/deploy.md walks from an empty account to a first order.

Secrets (npx wrangler secret put NAME --env staging|production):
  MASTER_KEY           required; base64 of 32 random bytes
${Object.entries(OPTIONAL_SECRETS).map(([name, what]) => `  ${name.padEnd(20)} optional; ${what}`).join('\n')}

Variables of this command:
  CLOUDFLARE_API_TOKEN    instead of "npx wrangler login"
  CLOUDFLARE_ACCOUNT_ID   which account, where a login has several

Examples:
  npm run deploy -- --env staging
  npm run deploy -- --env production --json

Exit codes: ${EXIT.done} deployed and answering, ${EXIT.stopped} stopped with a reason, ${EXIT.wrongUsage} wrong usage
`

type Flags = { env: Environment; url?: string; json: boolean; root: string; wrangler: string; servedWithin: number }

const program = new Command('npm run deploy --')
  .description('Brings the edge into a Cloudflare account, and checks that it answers there.')
  .addOption(new Option('--env <environment>', 'which environment of wrangler.toml').choices(ENVIRONMENTS).makeOptionMandatory())
  .option('--url <address>', 'where the Worker answers, if wrangler does not know it', asAddress)
  .option('--json', 'one JSON object at the end, nothing else on stdout', false)
  // For the tests, which deploy a copy to an account that is a file.
  .addOption(new Option('--root <folder>').default(ROOT).hideHelp())
  .addOption(new Option('--wrangler <program>').default(WRANGLER).hideHelp())
  .addOption(new Option('--served-within <seconds>').default(SERVED_WITHIN_S).argParser(Number).hideHelp())
  .addHelpText('after', HELP)
  .showHelpAfterError('("npm run deploy -- --help" shows how)')
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? EXIT.done : EXIT.wrongUsage))
  .action(run)

await program.parseAsync()

async function run(flags: Flags): Promise<void> {
  const report = newReport(flags.env)
  try {
    const options: DeployOptions = {
      root: flags.root,
      environment: flags.env,
      wrangler: runWrangler(flags.wrangler, flags.root),
      url: flags.url,
      accountId: process.env['CLOUDFLARE_ACCOUNT_ID'] || undefined,
      message: await commitOf(flags.root),
      servedWithinMs: flags.servedWithin * 1_000,
    }
    await listed(stepsOf(options, report), flags.json).run()
    if (flags.json) process.stdout.write(`${JSON.stringify({ ok: true, ...report })}\n`)
    else process.stdout.write(summary(report))
  } catch (error) {
    if (!(error instanceof DeployError)) throw error
    process.exitCode = EXIT.stopped
    const { what, why, todo } = error
    if (flags.json) process.stdout.write(`${JSON.stringify({ ok: false, ...report, error: { what, why, todo } })}\n`)
    else process.stderr.write(`\n${what} stopped the deployment to ${flags.env}.\n${indented(why)}\n  What to do:\n${indented(todo)}\n${madeSoFar(report)}`)
  }
}

function listed(steps: readonly Step[], silent: boolean): { run(): Promise<unknown> } {
  const tasks = steps.map(({ title, run: work }) => ({
    title,
    task: async (_: unknown, task: { title: string; output: string }): Promise<void> => {
      const came = await work((what) => (task.output = what))
      if (came !== '') task.title = `${title}: ${came}`
    },
  }))
  return new Listr(tasks, { renderer: silent ? 'silent' : 'default', fallbackRenderer: 'simple', silentRendererCondition: silent, rendererOptions: { showErrorMessage: false } })
}

function indented(text: string): string {
  return text.split('\n').map((line) => `    ${line}`).join('\n')
}

function madeSoFar({ created, idsWritten }: Report): string {
  const lines = [...created.map((what) => `  created: ${what}\n`), ...(idsWritten ? ['  wrangler.toml has the ids: commit it\n'] : [])]
  return lines.length === 0 ? '' : `${lines.join('')}The next run finds them.\n`
}

function summary({ environment, created, idsWritten, version, url, bookmark }: Report): string {
  return [
    `\n${environment} serves version ${version} at ${url}`,
    ...created.map((what) => `  created: ${what}`),
    ...(idsWritten ? ['  wrangler.toml has the ids of the database and the namespace: commit it'] : []),
    `  back to the version before: npx wrangler rollback --env ${environment}`,
    `  D1 as it was before the migrations: bookmark ${bookmark} (docs/runbook.md, "D1 was restored to an earlier moment")`,
    ...(created.length > 0 ? ['  Next: a store and a channel, docs/deploy.md, 5'] : []),
    '',
  ].join('\n')
}

/** Which commit this is, and whether something beside it is deployed. */
async function commitOf(root: string): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)('git', ['describe', '--always', '--dirty', '--abbrev=12'], { cwd: root })
    return stdout.trim()
  } catch {
    return 'not from a git checkout'
  }
}

function asAddress(text: string): string {
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol)) throw new InvalidArgumentError('an address begins with https://')
  return text
}

import { appendFileSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Ran } from './wrangler.ts'

/**
 * Stands for wrangler and Cloudflare's network, which no test reaches: an account in a file that keeps what was created, and answers in the words
 * and shapes of wrangler 4.156. What it is asked is checked against the real program's own `--help` in deploy.test.ts.
 */
export type FakeAccount = {
  databases: { uuid: string; name: string }[]
  namespaces: { id: string; title: string }[]
  queues: Record<string, number>
  secrets: string[]
  migrated: number
  deployed: { version: string; message: string }[]
  calls: string[][]
  /** What goes wrong: the beginning of a command, and what wrangler says then. */
  fails: Record<string, string>
  /** What `deploy` names as targets. */
  targets: string[]
  loggedIn: boolean
  accounts: { id: string; name: string }[]
}

export const emptyAccount = (more: Partial<FakeAccount> = {}): FakeAccount => ({
  databases: [], namespaces: [], queues: {}, secrets: [], migrated: 0, deployed: [], calls: [], fails: {}, targets: [], loggedIn: true, accounts: [{ id: 'a'.repeat(32), name: 'Shop' }], ...more,
})

/** What a deployment calls. */
export const COMMANDS = [
  'whoami', 'd1 list', 'd1 create', 'd1 time-travel info', 'd1 migrations apply', 'kv namespace list', 'kv namespace create', 'queues info', 'queues create', 'queues update', 'secret list', 'deploy',
] as const

const said = (value: unknown): Ran => ({ code: 0, stdout: `${JSON.stringify(value, null, 2)}\n`, stderr: '' })
const refused = (words: string): Ran => ({ code: 1, stdout: '', stderr: `\n✘ [ERROR] ${words}\n\n🪵  Logs were written to "/root/.config/.wrangler/logs/x.log"\n` })
const flag = (args: readonly string[], name: string): string => args[args.indexOf(name) + 1] ?? ''

/** One call of wrangler on the account; changes it. */
export function answer(account: FakeAccount, args: readonly string[], env: Readonly<Record<string, string | undefined>>): Ran {
  account.calls.push([...args])
  const line = args.join(' ')
  const failing = Object.keys(account.fails).find((start) => line.startsWith(start))
  if (failing !== undefined) return refused(account.fails[failing] ?? '')
  const id = (account.databases.length + account.namespaces.length + account.deployed.length + 1).toString(16)
  switch (COMMANDS.find((command) => `${line} `.startsWith(`${command} `))) {
    case 'whoami':
      return account.loggedIn ? said({ loggedIn: true, authType: 'OAuth Token', email: 'it@shop.example', accounts: account.accounts, tokenPermissions: [] }) : { code: 1, stdout: '{"loggedIn":false}\n', stderr: '' }
    case 'd1 list':
      return said(account.databases)
    case 'd1 create':
      account.databases.push({ uuid: `${id.padStart(8, '0')}-1111-4111-8111-111111111111`, name: args[2] ?? '' })
      return { code: 0, stdout: '✅ Successfully created DB\n', stderr: '' }
    case 'kv namespace list':
      return said(account.namespaces)
    case 'kv namespace create':
      account.namespaces.push({ id: id.padStart(32, 'f'), title: args[3] ?? '' })
      return { code: 0, stdout: '✨ Success!\n', stderr: '' }
    case 'queues info':
      return args[2] !== undefined && args[2] in account.queues ? { code: 0, stdout: `Queue Name: ${args[2]}\n`, stderr: '' } : refused(`Queue "${args[2]}" does not exist. To create it, run: wrangler queues create ${args[2]}`)
    case 'queues create':
    case 'queues update':
      account.queues[args[2] ?? ''] = Number(flag(args, '--message-retention-period-secs'))
      return { code: 0, stdout: '', stderr: '' }
    case 'secret list':
      return account.secrets.length === 0 && account.deployed.length === 0 ? refused(`Worker "tillbridge-${flag(args, '--env')}" (env: ${flag(args, '--env')}) not found.\n\nIf this is a new Worker, run \`wrangler deploy\` first to create it.`) : said(account.secrets.map((name) => ({ name, type: 'secret_text' })))
    case 'd1 time-travel info':
      return said({ bookmark: `0000007b-${id.padStart(8, '0')}-00004e2f` })
    case 'd1 migrations apply':
      account.migrated += 1
      return { code: 0, stdout: '🌀 Executing on remote database\n', stderr: '' }
    case 'deploy': {
      const version = `${id.padStart(8, '0')}-2222-4222-8222-222222222222`
      account.deployed.push({ version, message: flag(args, '--message') })
      const told = env['WRANGLER_OUTPUT_FILE_PATH']
      if (told) appendFileSync(told, `${JSON.stringify({ type: 'wrangler-session', version: 1 })}\n${JSON.stringify({ type: 'deploy', version: 1, version_id: version, targets: account.targets })}\n`)
      return { code: 0, stdout: 'Uploaded\n', stderr: '' }
    }
    default:
      return refused(`Unknown arguments: ${line}`)
  }
}

/** As a program: FAKE_ACCOUNT names the file. Several run at once, as wrangler does, and each changes it alone. */
if (process.argv[1] !== undefined && path.resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const file = process.env['FAKE_ACCOUNT'] ?? ''
  const lock = `${file}.lock`
  for (;;) {
    try {
      mkdirSync(lock)
      break
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20)
    }
  }
  const account = JSON.parse(readFileSync(file, 'utf8')) as FakeAccount
  const { code, stdout, stderr } = answer(account, process.argv.slice(2), process.env)
  writeFileSync(file, JSON.stringify(account))
  rmdirSync(lock)
  process.stdout.write(stdout)
  process.stderr.write(stderr)
  process.exitCode = code
}

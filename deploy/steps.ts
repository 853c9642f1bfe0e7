import { readFile, rename, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { settingFaults } from '../workers/gateway/settings.ts'
import { addressOf, createAccount } from './account.ts'
import { deadLetterFaults, environmentFaults, queuesOf } from './environments.ts'
import type { Environment } from './read-config.ts'
import { readConfig } from './read-config.ts'
import { SMOKE_LOOKS, smokeTest } from './smoke.ts'
import { DeployError } from './wrangler.ts'
import type { Wrangler } from './wrangler.ts'
import { withIds } from './write-ids.ts'

/** Secrets that a deployment does without; named so that nobody has to read the code for them. */
export const OPTIONAL_SECRETS: Readonly<Record<string, string>> = {
  STRIPE_SECRET_KEY: 'has Stripe take payments, with STRIPE_WEBHOOK_SECRET',
  STRIPE_WEBHOOK_SECRET: 'has Stripe take payments, with STRIPE_SECRET_KEY',
  ALERT_WEBHOOK_URL: 'where alerts go until an operator sets another address',
  MASTER_KEY_PREVIOUS: 'the MASTER_KEY of before, while it is being changed',
}
/** The platform's own limit on calls is far away; wrangler takes a second and some 150 MB each. */
const QUEUES_AT_ONCE = 3

export type DeployOptions = {
  root: string
  environment: Environment
  wrangler: Wrangler
  /** Where the Worker answers, if it is not what wrangler says. */
  url?: string | undefined
  /** CLOUDFLARE_ACCOUNT_ID. */
  accountId?: string | undefined
  /** What `wrangler deployments list` shows: which commit this is. */
  message: string
  servedWithinMs: number
}

/** What was found, made and deployed; filled while the steps run. */
export type Report = {
  environment: Environment
  account?: { id: string; name: string }
  created: string[]
  idsWritten: boolean
  secretsOptional: string[]
  bookmark?: string
  version?: string
  url?: string
  smoke: string[]
}

export const newReport = (environment: Environment): Report => ({ environment, created: [], idsWritten: false, secretsOptional: [], smoke: [] })

/** `run` tells what it does now by `say`, and answers what came of it. It throws `DeployError`, and does nothing twice when it is run again. */
export type Step = { title: string; run: (say: (what: string) => void) => Promise<string> }

/** A deployment, in the order in which nothing that serves is touched before everything it needs is there. */
export function stepsOf(options: DeployOptions, report: Report): Step[] {
  const { root, environment } = options
  const file = path.join(root, 'wrangler.toml')
  const config = readConfig(file, environment)
  const account = createAccount(options.wrangler, environment)
  const database = config.d1_databases[0]?.database_name ?? config.name ?? ''
  const ids = { database: '', namespace: '' }
  const noteMade = (what: string, made: boolean): void => void (made && report.created.push(what))

  return [
    { title: 'wrangler.toml', run: async () => checkConfig(file, environment) },
    {
      title: 'The account',
      run: async () => {
        report.account = await account.account(options.accountId ?? config.account_id)
        return `${report.account.name} (${report.account.id})`
      },
    },
    {
      title: 'The database and the KV namespace',
      run: async (say) => {
        say(database)
        const d1 = await account.database(database)
        noteMade(`D1 database ${database}`, d1.made)
        const title = `${config.name}-catalog`
        say(title)
        const kv = await account.namespace(title)
        noteMade(`KV namespace ${title}`, kv.made)
        Object.assign(ids, { database: d1.id, namespace: kv.id })
        report.idsWritten = await writeIds(file, environment, ids)
        return report.idsWritten ? 'their ids are in wrangler.toml now' : ''
      },
    },
    {
      title: 'The queues, which keep messages for 14 days',
      run: async (say) => {
        const names = queuesOf(config).toSorted()
        const todo = [...names]
        const work = async (): Promise<void> => {
          for (let name = todo.shift(); name !== undefined; name = todo.shift()) {
            say(name)
            noteMade(`queue ${name}`, (await account.queue(name)).made)
          }
        }
        await Promise.all(Array.from({ length: QUEUES_AT_ONCE }, work))
        report.created.sort()
        return `${names.length} are there`
      },
    },
    {
      title: 'The secrets',
      run: async () => {
        const there = new Set(await account.secrets())
        report.secretsOptional = Object.keys(OPTIONAL_SECRETS).filter((name) => there.has(name))
        const missing = (config.secrets?.required ?? []).filter((name) => !there.has(name))
        if (there.has('ADMIN_TOKEN')) throw new DeployError('The secrets', `ADMIN_TOKEN is set, which is for development: outside of it Access opens the operator API`, `npx wrangler secret delete ADMIN_TOKEN --env ${environment}`)
        if (missing.length > 0) throw new DeployError('The secrets', `${missing.join(' and ')} ${missing.length === 1 ? 'is' : 'are'} not set`, `${missing.map((name) => `openssl rand -base64 32 | tee /dev/stderr | npx wrangler secret put ${name} --env ${environment}`).join('\n')}\nKeep what it shows where your other secrets are: nobody can read it from Cloudflare again. Then run this again`)
        return [...config.secrets?.required ?? [], ...report.secretsOptional].join(', ')
      },
    },
    {
      title: 'The migrations',
      run: async (say) => {
        const bookmark = await account.bookmark(database)
        report.bookmark = bookmark
        say(`before them: bookmark ${bookmark}`)
        await account.migrate(database, bookmark)
        return `D1's bookmark before them is ${bookmark}`
      },
    },
    {
      title: 'The deployment',
      run: async () => {
        const { version, targets } = await account.deploy(options.message)
        report.version = version
        const url = options.url ?? addressOf(targets)
        if (url === null) throw new DeployError('The deployment', `version ${version} is live, and wrangler named no address it answers at`, 'give the address to look at: --url https://…')
        report.url = url.replace(/\/+$/, '')
        return `version ${version} at ${report.url}`
      },
    },
    {
      title: 'The smoke test',
      run: async (say) => {
        await smokeTest({
          url: report.url ?? '', version: report.version ?? '', environment, servedWithinMs: options.servedWithinMs,
          onLook: (name) => {
            report.smoke.push(name)
            say(`${report.smoke.length} of ${SMOKE_LOOKS.length}: ${name}`)
          },
        })
        return `${SMOKE_LOOKS.length} of ${SMOKE_LOOKS.length}`
      },
    },
  ]
}

/** Everything that can be known without an account. The secret is set elsewhere, so any good one stands for it. */
function checkConfig(file: string, environment: Environment): string {
  const config = readConfig(file, environment)
  const faults = [...environmentFaults(readConfig(file, null), config, environment), ...deadLetterFaults(config)]
  if (faults.length > 0) throw new DeployError('wrangler.toml', faults.join('\n'), 'mend these lines; "npm test" says the same of both environments')
  const key = Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString('base64')
  const wrong = settingFaults({ ...config.vars, MASTER_KEY: key })
  if (wrong.length > 0) throw new DeployError('wrangler.toml', wrong.join('\n'), `set them in [env.${environment}.vars] (docs/deploy.md, 3): without them the Worker would serve nothing`)
  return `[env.${environment}] has everything that the code needs`
}

/** True when something was written. Whole at every moment, so that an interrupted run leaves no half file. */
async function writeIds(file: string, environment: Environment, ids: { database: string; namespace: string }): Promise<boolean> {
  const toml = await readFile(file, 'utf8')
  const written = withIds(toml, environment, ids)
  if (written === null) throw new DeployError('wrangler.toml', `[env.${environment}] has no line for the id of its database or its namespace`, `write them by hand: database_id = "${ids.database}" and id = "${ids.namespace}"`)
  if (written === toml) return false
  const draft = `${file}.${process.pid}`
  await writeFile(draft, written)
  await rename(draft, file)
  return true
}

import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { z } from 'zod'
import { DeployError, jsonOf, lastWords, must } from './wrangler.ts'
import type { Wrangler } from './wrangler.ts'

/** The longest that the platform keeps a message (14 days): a queue that nobody could read for a week loses nothing. */
export const RETENTION_S = 14 * 24 * 60 * 60

const whoamiSchema = z.object({ loggedIn: z.boolean(), accounts: z.array(z.object({ id: z.string(), name: z.string() })).optional() })
const databasesSchema = z.array(z.object({ uuid: z.string(), name: z.string() }))
const namespacesSchema = z.array(z.object({ id: z.string(), title: z.string() }))
const secretsSchema = z.array(z.object({ name: z.string() }))
const bookmarkSchema = z.object({ bookmark: z.string() })
const deploySchema = z.object({ type: z.literal('deploy'), version_id: z.string().nullable().optional(), targets: z.array(z.string()).optional() })

/** Something that is there, and whether it was made just now. */
export type Found = { id: string; made: boolean }

/** What a deployment asks of a Cloudflare account, by wrangler alone. Each of them throws `DeployError`. */
export type Account = ReturnType<typeof createAccount>

export function createAccount(wrangler: Wrangler, environment: string) {
  const read = <T>(schema: z.ZodType<T>, printed: string, what: string): T => {
    const parsed = schema.safeParse(jsonOf(printed, what))
    if (!parsed.success) throw new DeployError(what, `wrangler printed another JSON than expected (${z.prettifyError(parsed.error)})`, 'run "npm ci", so that it is the version this was written for')
    return parsed.data
  }

  return {
    /** The account that would be deployed to. `chosen` is CLOUDFLARE_ACCOUNT_ID, or `account_id` of wrangler.toml. */
    async account(chosen: string | undefined): Promise<{ id: string; name: string }> {
      const ran = await wrangler(['whoami', '--json'])
      const told = ran.stdout.includes('{') ? read(whoamiSchema, ran.stdout, 'The account') : undefined
      if (!told?.loggedIn) throw new DeployError('The account', told ? 'nobody is logged in to Cloudflare here' : lastWords(ran), 'run "npx wrangler login", or set CLOUDFLARE_API_TOKEN (docs/deploy.md, 2)')
      const accounts = told.accounts ?? []
      // A token of narrow rights cannot list its accounts; whether the one named is right, the first call to it says.
      if (chosen !== undefined && accounts.length === 0) return { id: chosen, name: 'as named' }
      const account = chosen === undefined ? accounts[0] : accounts.find(({ id }) => id === chosen)
      if (!account) throw new DeployError('The account', chosen === undefined ? 'no account can be seen with this login' : `whoever is logged in does not belong to the account ${chosen}`, chosen === undefined ? 'set CLOUDFLARE_ACCOUNT_ID to the account\'s id' : 'log in as somebody who does, or correct CLOUDFLARE_ACCOUNT_ID')
      if (chosen === undefined && accounts.length > 1) throw new DeployError('The account', `there are ${accounts.length}: ${accounts.map(({ id, name }) => `${name} (${id})`).join(', ')}`, 'say which: CLOUDFLARE_ACCOUNT_ID=… npm run deploy -- …')
      return account
    },

    async database(name: string): Promise<Found> {
      const list = async () => read(databasesSchema, await must(wrangler, 'The database', 'look at https://www.cloudflarestatus.com, and whether the token may edit D1', ['d1', 'list', '--json']), 'The database').find((each) => each.name === name)
      const there = await list()
      if (there) return { id: there.uuid, made: false }
      await must(wrangler, 'The database', 'see what wrangler says above; then run this again', ['d1', 'create', name, '--update-config=false'])
      const made = await list()
      if (!made) throw new DeployError('The database', `${name} was created and is not in the list yet`, 'run this again in a minute')
      return { id: made.uuid, made: true }
    },

    async namespace(title: string): Promise<Found> {
      const list = async () => read(namespacesSchema, await must(wrangler, 'The KV namespace', 'look whether the token may edit Workers KV', ['kv', 'namespace', 'list']), 'The KV namespace').find((each) => each.title === title)
      const there = await list()
      if (there) return { id: there.id, made: false }
      await must(wrangler, 'The KV namespace', 'see what wrangler says above; then run this again', ['kv', 'namespace', 'create', title, '--update-config=false'])
      const made = await list()
      if (!made) throw new DeployError('The KV namespace', `${title} was created and is not in the list yet`, 'run this again in a minute')
      return { id: made.id, made: true }
    },

    /** A queue that was there is told the retention again: one made by hand keeps its messages for four days. */
    async queue(name: string): Promise<{ made: boolean }> {
      const seen = await wrangler(['queues', 'info', name])
      const there = seen.code === 0
      if (!there && !/does not exist/.test(seen.stdout + seen.stderr)) throw new DeployError(`The queue ${name}`, lastWords(seen), 'look whether the token may edit Queues')
      await must(wrangler, `The queue ${name}`, 'queues that keep messages for 14 days need the Workers Paid plan (docs/deploy.md, 1); else see what wrangler says', ['queues', there ? 'update' : 'create', name, '--message-retention-period-secs', String(RETENTION_S)])
      return { made: !there }
    },

    /** Their names; values are never shown. A Worker that is not there yet has none. */
    async secrets(): Promise<string[]> {
      const ran = await wrangler(['secret', 'list', '--env', environment, '--format', 'json'])
      if (ran.code === 0) return read(secretsSchema, ran.stdout, 'The secrets').map(({ name }) => name)
      if (/Worker ".*" .*not found|Worker ".*" not found|10007/.test(ran.stdout + ran.stderr)) return []
      throw new DeployError('The secrets', lastWords(ran), 'look whether the token may edit Workers Scripts')
    },

    /** Where D1 is now, to come back to. */
    async bookmark(database: string): Promise<string> {
      const printed = await must(wrangler, 'The database\'s bookmark', 'run this again; nothing was changed', ['d1', 'time-travel', 'info', database, '--env', environment, '--json'])
      return read(bookmarkSchema, printed, 'The database\'s bookmark').bookmark
    },

    async migrate(database: string, bookmark: string): Promise<void> {
      await must(wrangler, 'The migrations', `the one that failed was rolled back and nothing is deployed: mend it and run this again. To go back to before all of them: npx wrangler d1 time-travel restore ${database} --env ${environment} --bookmark=${bookmark}`, ['d1', 'migrations', 'apply', database, '--env', environment, '--remote'])
    },

    /** The version that is live now, and where it answers. */
    async deploy(message: string): Promise<{ version: string; targets: string[] }> {
      const folder = await mkdtemp(path.join(tmpdir(), 'tillbridge-deploy-'))
      try {
        const told = path.join(folder, 'told.ndjson')
        await must(wrangler, 'The deployment', 'the version before goes on serving: see what wrangler says, mend it and run this again', ['deploy', '--env', environment, '--message', message], { WRANGLER_OUTPUT_FILE_PATH: told })
        const lines = (await readFile(told, 'utf8').catch(() => '')).split('\n').filter((line) => line !== '')
        const entry = lines.map((line) => deploySchema.safeParse(jsonOf(line, 'The deployment'))).find(({ success }) => success)?.data
        if (!entry?.version_id) throw new DeployError('The deployment', 'wrangler did not say which version is live', 'run "npm ci", so that it is the version this was written for, and run this again')
        return { version: entry.version_id, targets: entry.targets ?? [] }
      } finally {
        await rm(folder, { recursive: true, force: true })
      }
    },
  }
}

/** Where a Worker answers, by what wrangler calls its targets: its address on workers.dev, a custom domain, a route. `null`: none of them is an address. */
export function addressOf(targets: readonly string[]): string | null {
  const hosts = targets.flatMap((target) => {
    const [, host] = /^(?:https?:\/\/)?((?:[a-z0-9-]+\.)+[a-z]{2,})(?:\/\*)?(?:$|[\s(])/i.exec(target) ?? []
    return host === undefined ? [] : [host.toLowerCase()]
  })
  // The shop's own name first: that is where the storefronts call.
  const host = hosts.find((each) => !each.endsWith('.workers.dev')) ?? hosts[0]
  return host === undefined ? null : `https://${host}`
}

import { execFile } from 'node:child_process'
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { addressOf, RETENTION_S } from './account.ts'
import { queuesOf } from './environments.ts'
import { answer, COMMANDS, emptyAccount } from './fake-wrangler.ts'
import type { FakeAccount } from './fake-wrangler.ts'
import { readConfig } from './read-config.ts'
import { newReport, stepsOf } from './steps.ts'
import type { DeployOptions, Report } from './steps.ts'
import { DeployError, jsonOf, lastWords } from './wrangler.ts'
import { withIds } from './write-ids.ts'

const ROOT = path.resolve(import.meta.dirname, '..')
const WRANGLER = path.join(ROOT, 'node_modules/wrangler/bin/wrangler.js')
const ZEROS = '00000000-0000-0000-0000-000000000000'

/** What the deployed Worker would answer; stands for the edge in the account. */
let served: { version: () => string; misconfigured: boolean; admin: number; products: number }
let account: FakeAccount
let folder: string
let url: string
const edge = createServer((request, response) => {
  const send = (status: number, body: unknown): void => void response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body))
  const problem = (status: number, type: string, more = {}): void => send(status, { type: `https://tillbridge.dev/problems/${type}`, title: type, status, ...more })
  if (served.misconfigured) return problem(503, 'misconfigured', { faults: ['MASTER_KEY is not random'] })
  switch (request.url?.split('?')[0]) {
    case '/healthz': return send(200, { ok: true, version: served.version() })
    case '/openapi.json': return send(200, { openapi: '3.1.0' })
    case '/v1/products': return served.products === 200 ? send(200, { items: [] }) : problem(served.products, 'overloaded')
    case '/v1/stores': return send(200, { items: [] })
    case '/admin/v1/stores': return problem(served.admin, 'unauthorized')
    default: return problem(404, 'not-found')
  }
})

beforeAll(async () => {
  await new Promise<void>((resolve) => edge.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(edge.address() as AddressInfo).port}`
})
afterAll(() => edge.close())
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'tillbridge-deploy-test-'))
  const toml = readFileSync(path.join(ROOT, 'wrangler.toml'), 'utf8')
  writeFileSync(path.join(folder, 'wrangler.toml'), toml.replaceAll('ACCESS_TEAM_DOMAIN = ""', 'ACCESS_TEAM_DOMAIN = "shop.cloudflareaccess.com"').replaceAll('ACCESS_AUD = ""', `ACCESS_AUD = "${'5e'.repeat(32)}"`))
  account = emptyAccount({ secrets: ['MASTER_KEY'] })
  served = { version: () => account.deployed.at(-1)?.version ?? 'the one before', misconfigured: false, admin: 401, products: 200 }
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

async function deploy(more: Partial<DeployOptions> = {}): Promise<Report> {
  const report = newReport(more.environment ?? 'staging')
  const wrangler = async (args: readonly string[], env: Readonly<Record<string, string>> = {}) => answer(account, args, env)
  for (const step of stepsOf({ root: folder, environment: 'staging', wrangler, url, message: 'a1b2c3d4e5f6', servedWithinMs: 0, ...more }, report)) await step.run(() => {})
  return report
}
async function stopped(more: Partial<DeployOptions> = {}): Promise<DeployError> {
  const error: unknown = await deploy(more).then(() => null, (fault: unknown) => fault)
  if (!(error instanceof DeployError)) throw new Error('it went on', { cause: error })
  return error
}
const made = (): string[][] => account.calls.filter(([, verb, third]) => verb === 'create' || third === 'create')

describe.each(['staging', 'production'] as const)('an empty account, %s', (environment) => {
  it('gets everything that wrangler.toml names, and the ids are written down', async () => {
    const report = await deploy({ environment })
    const config = readConfig(path.join(folder, 'wrangler.toml'), environment)
    expect(account.databases.map(({ name }) => name)).toEqual([config.d1_databases[0]?.database_name])
    expect(config.d1_databases[0]?.database_id).toBe(account.databases[0]?.uuid)
    expect(config.kv_namespaces[0]?.id).toBe(account.namespaces[0]?.id)
    expect(account.queues).toEqual(Object.fromEntries(queuesOf(config).map((name) => [name, RETENTION_S])))
    expect(report.created).toHaveLength(12)
    expect([report.idsWritten, account.migrated, account.deployed]).toEqual([true, 1, [{ version: report.version, message: 'a1b2c3d4e5f6' }]])
    expect(report.smoke).toHaveLength(5)
  })
})

describe('run again', () => {
  it('makes nothing and writes nothing', async () => {
    await deploy()
    const toml = readFileSync(path.join(folder, 'wrangler.toml'), 'utf8')
    account.calls = []
    const report = await deploy()
    expect([made(), report.created, report.idsWritten]).toEqual([[], [], false])
    expect(readFileSync(path.join(folder, 'wrangler.toml'), 'utf8')).toBe(toml)
    expect(account.deployed).toHaveLength(2)
  })

  it('on a fresh checkout finds what is there by its name', async () => {
    await deploy()
    copyFileSync(path.join(ROOT, 'wrangler.toml'), path.join(folder, 'fresh.toml'))
    writeFileSync(path.join(folder, 'wrangler.toml'), readFileSync(path.join(folder, 'wrangler.toml'), 'utf8').replace(account.databases[0]?.uuid ?? '', ZEROS))
    account.calls = []
    const report = await deploy()
    expect([made(), report.idsWritten]).toEqual([[], true])
  })

  it('tells a queue that was made by hand how long to keep its messages', async () => {
    account.queues['tillbridge-staging-orders'] = 345_600
    expect((await deploy()).created).toHaveLength(11)
    expect(account.queues['tillbridge-staging-orders']).toBe(RETENTION_S)
  })

  it('goes on where it stopped', async () => {
    account.fails['queues create tillbridge-staging-status'] = 'A request to the Cloudflare API failed. Queues are unavailable [code: 10013]'
    const error = await stopped()
    expect([error.what.startsWith('The queue tillbridge-staging-status'), error.why.includes('10013'), error.todo.includes('Workers Paid')]).toEqual([true, true, true])
    expect([account.migrated, account.deployed]).toEqual([0, []])
    account.fails = {}
    await deploy()
    expect(account.databases).toHaveLength(1)
    expect(Object.keys(account.queues)).toHaveLength(10)
  })
})

describe('it stops before anything that serves is touched', () => {
  afterEach(() => expect(account.deployed).toEqual([]))

  it('without Access', async () => {
    copyFileSync(path.join(ROOT, 'wrangler.toml'), path.join(folder, 'wrangler.toml'))
    expect((await stopped()).why).toContain('ACCESS_AUD')
    expect(account.calls).toEqual([])
  })
  it('with an environment that forgot something', async () => {
    writeFileSync(path.join(folder, 'wrangler.toml'), readFileSync(path.join(folder, 'wrangler.toml'), 'utf8').replace('{ queue = "tillbridge-staging-stock", binding = "STOCK" },', ''))
    expect((await stopped()).why).toContain('[env.staging] lacks queues.producers STOCK')
  })
  it('without a login', async () => {
    account.loggedIn = false
    expect((await stopped()).todo).toContain('wrangler login')
  })
  it('when it cannot know which account', async () => {
    account.accounts.push({ id: 'b'.repeat(32), name: 'Other' })
    expect((await stopped()).todo).toContain('CLOUDFLARE_ACCOUNT_ID')
    expect((await stopped({ accountId: 'c'.repeat(32) })).why).toContain('does not belong')
    account.accounts = []
    expect((await stopped()).todo).toContain('CLOUDFLARE_ACCOUNT_ID')
    account.fails['d1 list'] = 'Authentication error [code: 10000]'
    expect((await stopped({ accountId: 'c'.repeat(32) })).why).toContain('Authentication error')
  })
  it('without the secret, and says how it is made', async () => {
    account.secrets = []
    expect((await stopped()).todo).toContain('openssl rand -base64 32 | tee /dev/stderr | npx wrangler secret put MASTER_KEY --env staging')
    expect(account.migrated).toBe(0)
  })
  it('with a development token', async () => {
    account.secrets.push('ADMIN_TOKEN')
    expect((await stopped()).todo).toContain('secret delete ADMIN_TOKEN')
  })
  it('when a migration fails, with the way back', async () => {
    account.fails['d1 migrations apply'] = 'near "TABEL": syntax error'
    const { why, todo } = await stopped()
    expect(why).toContain('near "TABEL"')
    expect(todo).toMatch(/time-travel restore tillbridge-staging --env staging --bookmark=[0-9a-f]+-/)
  })
})

describe('a deployment that does not answer as it should', () => {
  it('is another version', async () => {
    served.version = () => 'the one before'
    expect((await stopped()).why).toContain('still answers with version the one before')
  })
  it('is waited for', async () => {
    let asked = 0
    served.version = () => (++asked < 3 ? 'the one before' : account.deployed.at(-1)?.version ?? '')
    await deploy({ servedWithinMs: 20_000 })
    expect(asked).toBe(3)
  })
  it('refuses to serve', async () => {
    served.misconfigured = true
    expect((await stopped({ servedWithinMs: 60_000 })).why).toContain('MASTER_KEY is not random')
  })
  it('has no database', async () => {
    served.products = 503
    expect((await stopped()).why).toContain('answered 503 overloaded')
  })
  it('shows the operator API to everybody', async () => {
    served.admin = 200
    expect((await stopped()).todo).toContain('wrangler rollback --env staging')
  })
  it('is nowhere', async () => {
    expect((await stopped({ url: undefined })).todo).toContain('--url')
    expect((await stopped({ url: 'http://127.0.0.1:1' })).why).toContain('answered nothing')
  })
})

describe('words', () => {
  it('the address among wrangler\'s targets', () => {
    expect(addressOf(['schedule: * * * * *', 'https://tillbridge-staging.shop.workers.dev'])).toBe('https://tillbridge-staging.shop.workers.dev')
    expect(addressOf(['https://tillbridge.shop.workers.dev', 'api.shop.example (custom domain)'])).toBe('https://api.shop.example')
    expect(addressOf(['api.shop.example/*'])).toBe('https://api.shop.example')
    expect(addressOf(['Producer for tillbridge-orders', 'Consumer for tillbridge-orders', 'schedule: 1'])).toBeNull()
  })
  it('what wrangler said last, without frames and colours', () => {
    const escape = String.fromCharCode(27)
    expect(lastWords({ code: 1, stdout: ' ⛅️ wrangler 4\n───\nhello\n', stderr: `${escape}[31m✘ [ERROR] It broke${escape}[0m\n\n  because of this\n\n🪵  Logs were written to "x"\n` })).toBe('It broke\nbecause of this')
    expect(lastWords({ code: 7, stdout: '', stderr: '' })).toContain('ended with 7')
    expect(() => jsonOf('nothing', 'X')).toThrow(DeployError)
  })
  it('the ids are put into their lines and nothing else changes', () => {
    const toml = readFileSync(path.join(ROOT, 'wrangler.toml'), 'utf8')
    const written = withIds(toml, 'production', { database: 'd', namespace: 'n' }) ?? ''
    const changed = written.split('\n').map((line, place) => [line, toml.split('\n')[place]]).filter(([now, before]) => now !== before)
    expect(changed.map(([now]) => now)).toEqual(['database_id = "d"', 'id = "n"'])
    expect(withIds(toml.replaceAll('\n', '\r\n'), 'production', { database: 'd', namespace: 'n' })).toBe(written.replaceAll('\n', '\r\n'))
    expect(withIds(toml, 'elsewhere', { database: 'd', namespace: 'n' })).toBeNull()
  })
})

describe('the command', () => {
  const command = (file: string, ...args: string[]) => promisify(execFile)(process.execPath, [path.join(ROOT, 'deploy/main.ts'), '--root', folder, '--wrangler', path.join(ROOT, 'deploy/fake-wrangler.ts'), '--url', url, '--served-within', '5', ...args], { env: { ...process.env, FAKE_ACCOUNT: file } })
    .then((done) => ({ code: 0, ...done }), (fault: { code: number; stdout: string; stderr: string }) => fault)

  it('stops with a reason, is run again, and says what it made', async () => {
    const file = path.join(folder, 'account.json')
    writeFileSync(file, JSON.stringify(emptyAccount()))
    served.version = () => (JSON.parse(readFileSync(file, 'utf8')) as FakeAccount).deployed.at(-1)?.version ?? ''
    const first = await command(file, '--env', 'production')
    expect([first.code, first.stderr.includes('What to do:'), first.stderr.includes('secret put MASTER_KEY --env production'), first.stderr.includes('created: D1 database tillbridge-production')]).toEqual([1, true, true, true])
    writeFileSync(file, JSON.stringify({ ...(JSON.parse(readFileSync(file, 'utf8')) as FakeAccount), secrets: ['MASTER_KEY', 'ALERT_WEBHOOK_URL'] }))
    const second = await command(file, '--env', 'production', '--json')
    expect(JSON.parse(second.stdout)).toMatchObject({ ok: true, environment: 'production', created: [], secretsOptional: ['ALERT_WEBHOOK_URL'], url })
  }, 60_000)

  it('teaches', async () => {
    const { stdout } = await command('', '--help')
    for (const word of ['--env', '--json', 'CLOUDFLARE_API_TOKEN', 'MASTER_KEY', 'docs/deploy.md']) expect(stdout).toContain(word)
    expect((await command('', '--env', 'moon')).code).toBe(2)
  })
})

describe('the real wrangler', () => {
  it('has every command and every flag that a deployment calls', async () => {
    await deploy()
    account.fails['queues info'] = 'Queue does not exist.'
    await deploy()
    const flags = new Map<string, Set<string>>()
    for (const call of account.calls) {
      const name = COMMANDS.find((each) => `${call.join(' ')} `.startsWith(`${each} `)) ?? ''
      flags.set(name, new Set([...(flags.get(name) ?? []), ...call.filter((each) => each.startsWith('--')).map((each) => each.split('=')[0] ?? '')]))
    }
    account.queues = {}
    expect([...flags.keys()].toSorted()).toEqual([...COMMANDS].filter((each) => flags.has(each)).toSorted())
    for (const [name, used] of flags) {
      const { stdout } = await promisify(execFile)(process.execPath, [WRANGLER, ...name.split(' '), '--help'], { env: { ...process.env, WRANGLER_SEND_METRICS: 'false' } })
      for (const each of used) expect(stdout, `wrangler ${name} ${each}`).toContain(each)
    }
  }, 120_000)
})

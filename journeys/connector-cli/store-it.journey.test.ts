import { strFromU8, unzipSync } from 'fflate'
import { appendFileSync, readFileSync, realpathSync, statSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { openTillFile } from '../../connector/pos/embedded/schema.ts'
import { addItem, sell } from '../../connector/pos/embedded/till.ts'
import { expectAnswer, operatorApi, placed, shopApi, type Keys } from '../local/edge-api.ts'
import { freePort, openChannel, startEdge } from '../local/house.ts'
import { startProcess, type Running } from '../local/processes.ts'
import { until } from '../local/until.ts'
import { command, commandLine, jsonOf } from './command.ts'

const ADMIN_TOKEN = 'store-it-admin'
const STORE = 'corner-shop'
const MAIL = 'bess.quayle@example.org'
const MAIN = path.resolve(import.meta.dirname, '../../connector/main.ts')
const isBelowTmp = [tmpdir(), MAIN].some((place) => `${realpathSync(place)}/`.startsWith('/tmp/'))
const WITHIN_MS = 30_000

let dir: string
let edge: Running
let connector: Running | null
let keys: Keys
let told: string[][]
const at = (name: string) => path.join(dir, 'shop', name)
const config = () => ['--config', at('shop.yaml')]
const operator = () => operatorApi(edge.ready.url, ADMIN_TOKEN)
const web = () => shopApi(edge.ready.url, keys)
const pairingCode = async () => expectAnswer(await operator().send(`/stores/${STORE}/pairing-code`, 'POST', {}), [200, 201], z.object({ code: z.string() })).code
const secret = () => readFileSync(at('shop.secret'), 'utf8').trim()
const start = () => startProcess({ name: 'the connector', args: [MAIN, 'run', ...config()], logFile: at('connector.log'), readyEvent: 'connector.ready', readyWithinMs: WITHIN_MS })
const status = async () => z.object({ running: z.boolean(), synced: z.boolean(), outbox: z.number(), lagS: z.number(), live: z.object({ doing: z.array(z.object({ what: z.string() })) }).nullable(), fresh: z.object({ posS: z.number().nullable(), edgeS: z.number().nullable() }) }).parse(jsonOf(await command(['status', ...config(), '--json'])))
const orders = async (...more: string[]) => z.object({ orders: z.array(z.object({ assignmentId: z.string(), number: z.string().nullable(), state: z.string(), posReference: z.string().nullable() })) }).parse(jsonOf(await command(['orders', 'list', ...config(), '--json', ...more]))).orders
const available = async (sku: string) => (await web().availability(sku)).available
const basket = (sku: string) => ({ lines: [{ sku, quantity: 1 }], fulfillment: { method: 'pickup', storeId: STORE }, customer: { name: 'Bess Quayle', email: MAIL, phone: '+44 7700 900123' } })

beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'tillbridge-store-it-'))
  edge = await startEdge({ dir, port: 0, adminToken: ADMIN_TOKEN })
  keys = await openChannel(edge.ready.url, ADMIN_TOKEN)
  await operator().registerStore({ storeId: STORE, name: 'Corner shop', timeZone: 'Europe/London', transport: { kind: 'pull' } })
  connector = null
})
afterAll(async () => {
  await connector?.stop()
  await edge.stop()
  await rm(dir, { recursive: true, force: true })
})

describe('a store\'s IT, from nothing', () => {
  it('writes the configuration and trades a code for the secret, which nobody sees', async () => {
    const code = await pairingCode()
    const port = await freePort()
    const args = ['init', at('shop.yaml'), '--yes', '--pos', 'embedded', '--edge', edge.ready.url, '--store', STORE, '--port', String(port), '--code-file', '-']
    const ended = await command(args, { stdin: `${code}\n` })
    expect(ended.stderr).toBe('')
    expect(ended.code).toBe(0)
    expect(secret()).toMatch(/^tbsec_/)
    expect(statSync(at('shop.secret')).mode & 0o777).toBe(0o600)
    for (const text of [ended.stdout, ended.stderr, ended.seen]) expect(text).not.toContain(secret())
    expect(ended.seen).toContain('init')
    expect(ended.seen).not.toContain(code)
    told = ended.stdout.split('\n').filter((line) => line.startsWith('  tillbridge-connector ')).map((line) => line.trim().split('          ')[0]!.split(/ +/).slice(1))
  })

  it('finds a way to a service in what init said, command by command', async () => {
    expect(told.map(([name]) => name)).toEqual(['check', 'doctor', 'run', 'install-service'])
    const ended = []
    for (const args of told.filter(([name]) => name !== 'run')) ended.push(await command(args))
    // The till is not there yet, which the doctor finds. A service has a temporary folder of its own, so it could not live where this shop does.
    expect(ended.map(({ code }) => code)).toEqual([0, 7, isBelowTmp ? 9 : 0])
    expect((ended.at(-1)?.stderr ?? '').includes('the service has a /tmp of its own')).toBe(isBelowTmp)
  })

  it('writes over nothing, and spends no code twice', async () => {
    const before = secret()
    const again = await command(['init', at('shop.yaml'), '--yes', '--pos', 'embedded', '--edge', edge.ready.url, '--store', STORE])
    expect(again.code).toBe(9)
    expect(again.stderr).toContain('is there already')
    const wrong = await command(['pair', ...config(), '--force'], { env: { TILLBRIDGE_PAIRING_CODE: 'AAAAA-AAAAA' } })
    expect(wrong.code).toBe(10)
    expect(wrong.stderr).toContain('What to do')
    expect(secret()).toBe(before)
  })

  it('doctor finds the till that is missing, and names a fix for each finding that is not in order', async () => {
    const ended = await command(['doctor', ...config(), '--json'])
    expect(ended.code).toBe(7)
    const { findings } = z.object({ findings: z.array(z.object({ name: z.string(), level: z.string(), fix: z.string().nullable() })) }).parse(jsonOf(ended))
    expect(findings).toContainEqual(expect.objectContaining({ name: 'pos', level: 'fail' }))
    expect(findings).toContainEqual(expect.objectContaining({ name: 'signature', level: 'ok' }))
    for (const { level, fix } of findings) expect(fix !== null).toBe(level !== 'ok')
  })

  it('compares everything without a running connector, which is the first sync', async () => {
    const till = openTillFile(at('data/till.sqlite'), 'create')
    for (const [sku, pieces] of [['TEA', 10], ['CUP', 5]] as const) {
      const added = addItem(till, { sku, name: sku, description: null, brand: null, category: null, identifiers: [], unit: 'each', price: { amountMinor: 500, currency: 'GBP' }, taxIncluded: true, taxRate: '20', imageUrl: null, tracked: true }, pieces)
      expect(added.ok).toBe(true)
    }
    till.close()
    expect((await command(['doctor', ...config(), '--json'])).code).toBe(0)
    const ended = await command(['reconcile', ...config(), '--json'])
    expect(ended.stderr.split('\n').filter((line) => line.includes('What to do'))).toEqual([])
    expect(jsonOf(ended)).toMatchObject({ compared: 2, stillToSend: 0 })
    await until('both goods on the web', WITHIN_MS, async () => (await available('TEA')) === 10 && (await available('CUP')) === 5)
    expect(await status()).toMatchObject({ running: false, synced: true, outbox: 0, lagS: 0, live: null })
  })
})

describe('beside a running connector', () => {
  it('status knows what it does and how fresh it is, though the shop is idle', async () => {
    connector = await start()
    const seen = await until('a connector that watches', WITHIN_MS, async () => {
      const now = await status()
      return now.live?.doing[0]?.what === 'watching' && now.fresh.posS !== null && now.fresh.edgeS !== null ? now : null
    }, 300)
    expect(seen.running).toBe(true)
    expect(seen.fresh.posS).toBeLessThan(5)
    const words = (await command(['status', ...config()])).stdout
    expect(words).toContain('watching the POS')
    expect(commandLine(connector.pid)).not.toContain(secret())
  })

  it('an order is listed without its customer, and shown with it', async () => {
    const { order } = await placed(await web().place(basket('TEA'), 'first-order'))
    const [listed] = await until('the order in the till', WITHIN_MS, async () => {
      const done = await orders('--state', 'done')
      return done.length === 1 ? done : null
    }, 300)
    expect(listed).toMatchObject({ number: order.number, state: 'done' })
    const list = await command(['orders', 'list', ...config(), '--since', '1h'])
    expect(list.stdout).toContain(order.number)
    expect(list.stdout).not.toContain(MAIL)
    const show = await command(['orders', 'show', order.number, ...config()])
    expect(show.stdout).toContain(MAIL)
    expect(show.stdout).toContain('told the edge: order.accepted')
    expect((await command(['orders', 'show', 'W-0', ...config()])).code).toBe(8)
  })

  it('what is done already is neither tried nor given up again', async () => {
    const [{ assignmentId } = { assignmentId: '' }] = await orders()
    const retried = await command(['orders', 'retry', assignmentId, ...config()])
    expect([retried.code, retried.stdout.includes('Nothing to try')]).toEqual([0, true])
    const given = await command(['orders', 'give-up', assignmentId, ...config(), '--reason', 'store_closed', '--json'])
    expect(given.code).toBe(0)
    expect(jsonOf(given)).toMatchObject({ kind: 'settled', state: 'done' })
    expect((await command(['orders', 'give-up', assignmentId, ...config()])).code).toBe(2)
  })

  it('reconcile asks the connector, and doctor is content', async () => {
    const ended = await command(['reconcile', ...config()])
    expect(ended.code).toBe(0)
    expect(ended.stdout).toContain('the edge has everything as the POS has it')
    const doctor = await command(['doctor', ...config(), '--json'])
    expect(jsonOf(doctor)).toMatchObject({ ok: true, failed: 0 })
    expect((await status()).running).toBe(true)
  })

  it('nothing is taken from somebody without the token', async () => {
    const control = z.object({ url: z.string(), token: z.string() }).parse(JSON.parse(readFileSync(at('data/shop.sqlite.control'), 'utf8')))
    expect(statSync(at('data/shop.sqlite.control')).mode & 0o777).toBe(0o600)
    const ask = (headers: Record<string, string>) => fetch(`${control.url}/reconcile`, { method: 'POST', headers }).then(({ status: code }) => code)
    expect(await ask({})).toBe(403)
    expect(await ask({ authorization: 'Bearer guessed' })).toBe(403)
    expect(await ask({ authorization: `Bearer ${control.token}`, origin: 'https://evil.example' })).toBe(403)
    expect((await fetch(`${connector?.ready.url}/reconcile`, { method: 'POST', headers: { authorization: `Bearer ${control.token}` } })).status).toBe(404)
    expect(await ask({ authorization: `Bearer ${control.token}` })).toBe(202)
  })
})

describe('an order that cannot come into the till', () => {
  it('is not given up on a guess while the till is away, and is on a person\'s word; the edge hears it', async () => {
    await connector?.stop()
    // A file that is no database: the till does not answer.
    const till = readFileSync(at('data/till.sqlite'))
    connector = await start()
    writeFileSync(at('data/till.sqlite'), 'broken')
    const { order } = await placed(await web().place(basket('CUP'), 'second-order'))
    const { assignmentId } = await until('the order in the journal', WITHIN_MS, async () => (await orders('--open')).find((each) => each.number === order.number) ?? null, 300)
    const guess = await command(['orders', 'give-up', order.number, ...config(), '--reason', 'store_closed', '--yes'])
    expect(guess.code).toBe(9)
    expect(guess.stderr).toContain('look for it in the till')
    const told = await command(['orders', 'give-up', assignmentId, ...config(), '--reason', 'store_closed', '--not-in-pos', '--yes', '--json'])
    expect(jsonOf(told)).toMatchObject({ kind: 'rejected', reason: 'store_closed' })
    writeFileSync(at('data/till.sqlite'), till)
    const again = await command(['orders', 'give-up', assignmentId, ...config(), '--reason', 'store_closed', '--not-in-pos', '--yes', '--json'])
    expect(jsonOf(again)).toMatchObject({ kind: 'settled', state: 'rejected' })
    await until('the edge to hear it', WITHIN_MS, async () => (await web().order(order.id)).status === 'cancelled', 300)
  })
})

describe('when support is asked', () => {
  it('quarantine says what could not be read; diag holds no customer and no secret', async () => {
    expect((await command(['quarantine', 'list', ...config()])).stdout).toContain('Every row of the POS could be read')
    expect((await command(['quarantine', 'show', 'items/17', ...config()])).code).toBe(8)
    const out = at('diag.zip')
    const ended = await command(['diag', ...config(), '--out', out, '--log', at('connector.log')])
    expect(ended.code).toBe(0)
    const files = unzipSync(readFileSync(out))
    expect(Object.keys(files).map((name) => path.basename(name)).sort()).toEqual(['check.txt', 'configuration.yaml', 'doctor.json', 'journal.json', 'log.jsonl', 'status.json', 'versions.json'])
    const all = Object.values(files).map((file) => strFromU8(file)).join('\n')
    expect(all).toContain('connector.started')
    for (const hidden of [secret(), secret().slice(6), MAIL, 'Bess', 'Quayle', '7700 900123']) expect(all, hidden).not.toContain(hidden)
    expect(readFileSync(at('connector.log'), 'utf8')).not.toContain(secret().slice(6))
    expect((await command(['diag', ...config(), '--out', out])).code).toBe(9)
  })

  it('a stopped connector says what the till sold meanwhile when it is compared', async () => {
    await connector?.stop()
    connector = null
    const till = openTillFile(at('data/till.sqlite'), 'existing')
    expect(sell(till, [{ sku: 'TEA', quantity: 2 }], Date.now()).ok).toBe(true)
    till.close()
    const ended = await command(['reconcile', ...config()])
    expect(ended.code).toBe(0)
    expect(ended.stdout).toContain('never_told')
    expect(ended.stdout).toMatch(/TEA: the POS has 7, the edge had 9/)
  })
})

describe('a tunnel', () => {
  it('is told to the edge with the very command that "tunnel config" prints', async () => {
    appendFileSync(at('shop.yaml'), 'tunnel: { hostname: corner.shop.example }\n')
    const ended = await command(['tunnel', 'config', ...config(), '--json'])
    expect(ended.code).toBe(9)
    const { steps } = z.object({ steps: z.array(z.object({ commands: z.array(z.string()) })) }).parse(jsonOf(ended))
    const toEdge = steps.flatMap(({ commands }) => commands).filter((each) => each.includes('$EDGE'))
    const [, method = '', url = '', body = ''] = /^curl -sS -X (\w+) "\$EDGE(\S+)" -H "Authorization: Bearer \$ADMIN_TOKEN" -H 'Content-Type: application\/json' -d '(.+)'$/.exec(toEdge.join('\n')) ?? []
    const answer = await fetch(`${edge.ready.url}${url}`, { method, body, headers: { 'Authorization': `Bearer ${ADMIN_TOKEN}`, 'Content-Type': 'application/json' } })
    expect([answer.status, await answer.json()]).toMatchObject([200, { storeId: STORE, transport: { kind: 'tunnel', url: 'https://corner.shop.example', accessClientId: 'CLIENT_ID' } }])
  })
})

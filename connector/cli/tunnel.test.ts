import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { parse } from 'yaml'
import { SECRET, STORE_ID, testFolder } from '../test-shop.ts'
import { runCommand } from './test-command.ts'

const ID = '6ff42ae2-765d-4adf-8112-31c55c1551ef'
const AUD = 'a'.repeat(64)
const LINK = `tunnel: { hostname: till.shop.example }\nserver: { port: 8791, access: { team: my-shop, audience: [${AUD}, ${'b'.repeat(64)}] } }`

let folder: ReturnType<typeof testFolder>
beforeEach(() => {
  folder = testFolder()
  writeFileSync(folder.file('store.secret'), SECRET, { mode: 0o600 })
})
afterEach(() => folder.remove())

async function tunnelConfig(link: string, ...args: string[]): Promise<{ code: number | null; out: string; err: string }> {
  writeFileSync(folder.file('shop.yaml'), `
edge: { url: 'https://shop.example' }
store: { id: ${STORE_ID}, secretFile: store.secret }
journal: { file: journal.sqlite }
pos: { type: embedded, file: till.sqlite }
${link}
`)
  const { code, stdout, stderr } = await runCommand('tunnel', 'config', '--config', folder.file('shop.yaml'), ...args)
  return { code, out: stdout, err: stderr }
}

test('writes what cloudflared reads: only orders and health pass, Access is asked inside the rule, the rest is 404', async () => {
  const out = folder.file('config.yml')
  const said = await tunnelConfig(LINK, '--credentials', '/etc/cloudflared/id.json', '--out', out)
  expect(said).toMatchObject({ code: 0, err: '' })
  const written: unknown = parse(readFileSync(out, 'utf8'))
  expect(written).toEqual({
    'tunnel': `tillbridge-${STORE_ID}`, 'credentials-file': '/etc/cloudflared/id.json', 'metrics': '127.0.0.1:20241', 'protocol': 'auto', 'no-autoupdate': true,
    'ingress': [
      {
        hostname: 'till.shop.example', path: expect.any(String) as string, service: 'http://127.0.0.1:8791',
        originRequest: { connectTimeout: '5s', access: { required: true, teamName: 'my-shop', audTag: [AUD, 'b'.repeat(64)] } },
      },
      { service: 'http_status:404' },
    ],
  })
  const { ingress } = written as { ingress: { path?: string }[] }
  const passes = (path: string): boolean => new RegExp(ingress[0]?.path ?? '').test(path)
  expect(['/orders/ord_1.1', '/orders/ord_1.1/cancel', '/health'].map(passes)).toEqual([true, true, true])
  expect(['/', '/ready', '/metrics', '/status', '/desk', '/desk/orders/x', '/orders/', '/orders/a/b', '/x/orders/a', '/healthy'].filter(passes)).toEqual([])
  for (const word of ['cloudflared tunnel create', 'tunnel route dns', 'access/service_tokens', 'non_identity', 'access/apps', 'ingress validate', 'service install', `-X PUT "$EDGE/admin/v1/stores/${STORE_ID}/transport"`, `doctor --config ${folder.file('shop.yaml')}`, 'Access answers 401', 'docs secure-link']) expect(said.out).toContain(word)
  expect(said.out).not.toContain(SECRET)

  // So that the command as printed writes what was written here.
  expect(said.out).toContain('--credentials /etc/cloudflared/id.json --out')
  // A service, or another folder, knows nothing of where this was asked.
  expect([...said.out.matchAll(/--(?:config|out) ("[^"]+"|\S+)/g)].map(([, path]) => path)).toEqual([folder.file('shop.yaml'), out, out, out, out, folder.file('shop.yaml')])

  const before = readFileSync(out, 'utf8')
  expect(await tunnelConfig(LINK, '--out', out, '--tunnel', ID)).toMatchObject({ code: 9, err: expect.stringContaining('exists already') as string })
  expect(readFileSync(out, 'utf8')).toBe(before)
})

test('says how to come by what is missing, and writes nothing', async () => {
  const said = await tunnelConfig('server: { port: 8791 }', '--json', '--out', folder.file('config.yml'))
  expect(said.code).toBe(9)
  expect(JSON.parse(said.out)).toMatchObject({ ok: false, missing: ['tunnel.hostname', 'server.access'] })
  expect(existsSync(folder.file('config.yml'))).toBe(false)
  expect((await tunnelConfig(LINK.replace('8791', '0'), '--tunnel', ID)).code).toBe(9)
})

test('a replica on another machine reaches the connector over the network', async () => {
  const { code, out } = await tunnelConfig(LINK, '--json', '--tunnel', ID, '--origin', 'http://10.0.0.5:8791', '--metrics', '127.0.0.1:20242')
  expect(code).toBe(0)
  const { yaml } = JSON.parse(out) as { yaml: string }
  expect(parse(yaml)).toMatchObject({ metrics: '127.0.0.1:20242', ingress: [{ service: 'http://10.0.0.5:8791' }, { service: 'http_status:404' }] })
})

test('cloudflared names the credentials by the tunnel\'s id: of a tunnel known by its name nothing is guessed', async () => {
  const out = folder.file('config.yml')
  expect(await tunnelConfig(LINK, '--out', out)).toMatchObject({ code: 9, err: expect.stringContaining('give --credentials') as string })
  expect(existsSync(out)).toBe(false)
  const { steps } = JSON.parse((await tunnelConfig(LINK, '--json')).out) as { steps: { commands: string[] }[] }
  expect(steps.flatMap(({ commands }) => commands.filter((command) => command.includes('tunnel config')))).toEqual([expect.stringContaining(join('.cloudflared', 'TUNNEL_ID.json'))])
  expect((await tunnelConfig(LINK, '--tunnel', ID, '--out', out)).code).toBe(0)
  expect(parse(readFileSync(out, 'utf8'))).toMatchObject({ 'tunnel': ID, 'credentials-file': join(homedir(), '.cloudflared', `${ID}.json`) })
})

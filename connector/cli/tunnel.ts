import { writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import type { Command } from 'commander'
import { cloudflaredConfig, tunnelSteps, type Step } from '../link/cloudflared.ts'
import { Hostname } from '../link/tunnel-config.ts'
import { EXIT, type ExitCode } from './exit-codes.ts'
import { CONFIG, JSON_FLAG } from './flags.ts'
import { readConfig } from './read-config.ts'
import { complain, faultText, say, sayJson } from './say.ts'

type Options = { config: string; json?: boolean; out?: string; tunnel?: string; credentials?: string; origin?: string; metrics?: string }

export function addTunnelCommand(program: Command, onExit: (code: ExitCode) => void): void {
  program.command('tunnel').description('the Cloudflare Tunnel that lets the edge push orders to this store')
    .addHelpText('after', `
Example:
  tillbridge-connector tunnel config --config shop.yaml`)
    .command('config').description('write cloudflared\'s configuration for this store, and say what is to be done once')
    .requiredOption(...CONFIG).option(...JSON_FLAG)
    .option('--out <file>', 'write config.yml here; an existing file is never overwritten')
    .option('--tunnel <name>', 'the tunnel\'s name or id (default: tillbridge-STORE)')
    .option('--credentials <file>', 'the tunnel\'s credentials file, as "cloudflared tunnel create" named it (needless when --tunnel is the id)')
    .option('--origin <url>', 'the connector as this cloudflared reaches it, for a replica on another machine')
    .option('--metrics <address>', 'where this cloudflared answers on its own machine, for a second one on this machine')
    .addHelpText('after', `
Needs tunnel.hostname, server.access.team and server.access.audience in the configuration. Without them it says how to get
them and ends with 9. Touches no network.

Example:
  tillbridge-connector tunnel config --config shop.yaml --credentials ~/.cloudflared/6ff42ae2-765d-4adf-8112-31c55c1551ef.json --out config.yml`)
    .action((options: Options) => onExit(tunnelConfig(options)))
}

function tunnelConfig(options: Options): ExitCode {
  const config = readConfig(options.config)
  if (!config) return EXIT.configuration
  const { store, server, tunnel: link } = config
  const tunnel = options.tunnel ?? `tillbridge-${store.id}`
  const out = options.out === undefined ? null : resolve(options.out)
  const credentials = options.credentials === undefined ? credentialsOf(tunnel) : resolve(options.credentials)
  const files = { connector: resolve(options.config), cloudflared: out ?? resolve('config.yml'), credentials: credentials ?? join(CLOUDFLARED, 'TUNNEL_ID.json') }
  const steps = tunnelSteps({ storeId: store.id, hostname: link?.hostname ?? 'STORE.YOUR-DOMAIN', tunnel }, files)
  const { access } = server
  if (!link || !access) {
    if (options.json) sayJson({ ok: false, missing: [...(link ? [] : ['tunnel.hostname']), ...(access ? [] : ['server.access'])], steps })
    else say(inWords(steps))
    complain({ what: 'no config.yml was written', why: `${link ? '' : 'tunnel.hostname '}${!link && !access ? 'and ' : ''}${access ? '' : 'server.access '}is not in the configuration`, todo: 'take the steps up to that, and ask again' })
    return EXIT.notDone
  }
  if (credentials === null) {
    if (options.json) sayJson({ ok: false, missing: ['--credentials'], steps })
    complain({ what: 'no config.yml was written', why: `cloudflared names the credentials file by the tunnel's id, which ${tunnel} is not`, todo: 'give --credentials with the file that "cloudflared tunnel create" named; "cloudflared tunnel list" shows the id' })
    return EXIT.notDone
  }
  if (server.port === 0 && options.origin === undefined) {
    complain({ what: 'no config.yml was written', why: 'server.port is 0, another port at each start, and cloudflared must know it', todo: 'set server.port, such as 8791' })
    return EXIT.notDone
  }
  const host = server.host === '0.0.0.0' || server.host === '::' ? '127.0.0.1' : server.host
  const yaml = cloudflaredConfig({
    storeId: store.id, hostname: Hostname.parse(link.hostname), tunnel, origin: options.origin ?? `http://${host.includes(':') ? `[${host}]` : host}:${server.port}`,
    credentialsFile: credentials, team: access.team, audiences: [access.audience].flat(), metrics: options.metrics ?? new URL(link.metricsUrl).host,
  })
  if (out !== null && !writeNew(out, yaml)) return EXIT.notDone
  if (options.json) sayJson({ ok: true, out, yaml, steps })
  else say(out === null ? `${yaml}\n${inWords(steps)}` : `Written: ${out}\n\n${inWords(steps)}`)
  return EXIT.ok
}

/** Where `cloudflared tunnel create` leaves its files, unless it is told otherwise. */
const CLOUDFLARED = join(homedir(), '.cloudflared')
const UUID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i
/** By a tunnel's name nobody finds it. */
const credentialsOf = (tunnel: string): string | null => (UUID.test(tunnel) ? join(CLOUDFLARED, `${tunnel.toLowerCase()}.json`) : null)

const inWords = (steps: readonly Step[]): string =>
  steps.map(({ title, commands }, index) => [`${index + 1}. ${title}`, ...commands.map((command) => `     ${command}`)].join('\n')).join('\n\n')

/** Somebody may have written more into it. */
function writeNew(file: string, text: string): boolean {
  try {
    writeFileSync(file, text, { flag: 'wx', mode: 0o644 })
    return true
  } catch (error) {
    const isThere = error instanceof Error && 'code' in error && error.code === 'EEXIST'
    complain({
      what: `${file} was not written`, why: isThere ? 'it exists already, and may hold rules of somebody else' : faultText(error),
      todo: isThere ? 'name another file with --out, compare the two, and move it' : 'look at the folder and its rights',
    })
    return false
  }
}

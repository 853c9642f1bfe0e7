import { portOf, readFlags } from './flags.ts'
import { goOffline } from './offline.ts'

goOffline()
const { serveEdge } = await import('./serve-edge.ts')

const HELP = `The edge alone, on this machine: the Worker with local D1, KV, Queues and Durable Objects.

  npm run edge -- --port 8787 --state .tillbridge/edge

  --port N      where to serve on 127.0.0.1; 0 picks a free port (default 8787)
  --state DIR   where D1, KV, Durable Objects and the master key are kept between runs (default .tillbridge/edge)
  --help        this text

ADMIN_TOKEN             opens the operator API (default "dev-admin-token")
STRIPE_SECRET_KEY, STRIPE_WEBHOOK_SECRET
                        have Stripe take payments (docs/payments.md); test keys, sk_test_…
STRIPE_API_URL          another address of Stripe's API, such as a fake on this machine
MAIL_API_KEY, MAIL_API_URL
                        have a provider carry mails (docs/mail.md); left out they land in STATE/mail, to be opened

Prints one line of JSON on stdout once it serves: {"event":"edge.ready","url":"http://127.0.0.1:8787"}.
Everything else, the Worker's own logs included, goes to stderr. Ctrl-C or SIGTERM ends it.
`

/** Handed to the Worker as an operator's `wrangler secret put` would. */
const OPTIONAL_SECRETS = ['STRIPE_SECRET_KEY', 'STRIPE_WEBHOOK_SECRET', 'STRIPE_API_URL', 'MAIL_API_KEY', 'MAIL_API_URL']

const values = readFlags(HELP, {
  port: { type: 'string', default: '8787' },
  state: { type: 'string', default: '.tillbridge/edge' },
  help: { type: 'boolean', default: false },
})
await run(portOf(values.port))

async function run(port: number): Promise<void> {
  const edge = await serveEdge({
    port,
    stateDir: values.state,
    adminToken: process.env.ADMIN_TOKEN || 'dev-admin-token',
    secrets: Object.fromEntries(OPTIONAL_SECRETS.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : []))),
    log: (line) => process.stderr.write(`${line}\n`),
  }).catch((error: unknown) => fail(error instanceof Error ? error.message : String(error)))

  let ending = false
  const end = async () => {
    if (ending) return
    ending = true
    await edge.close()
    process.exit(0)
  }
  process.on('SIGTERM', () => void end())
  process.on('SIGINT', () => void end())
  process.stdout.write(`${JSON.stringify({ event: 'edge.ready', url: edge.url })}\n`)
}

function fail(message: string): never {
  process.stderr.write(`edge: ${message}\n`)
  process.exit(1)
}

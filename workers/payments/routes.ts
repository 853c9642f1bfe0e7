import { Hono } from 'hono'
import { readBytes } from '../gateway/body.ts'
import type { AppEnv } from '../gateway/context.ts'
import { problem } from '../gateway/problem.ts'
import { log } from '../log.ts'
import { hearProvider } from './hear-provider.ts'

/** An event with a large charge in it is some 20 kB. */
const EVENT_BYTES_MAX = 256_000

/** What payment providers tell us, mounted at `/payments`. Each is known by its signature alone. */
export const providerEvents = new Hono<AppEnv>()

providerEvents.post('/stripe', async (c) => {
  const { ports, requestId } = c.var
  const read = await readBytes(c.req.raw, EVENT_BYTES_MAX)
  if (!read.ok) return problem(c, read.refusal.type, read.refusal.detail)
  const event = await ports.readProviderEvent('stripe', new TextDecoder().decode(read.value), c.req.header('Stripe-Signature') ?? null)
  if (!event.ok) {
    if (event.reason === 'not-set-up') return problem(c, 'not-found', 'Stripe is not set up here.')
    log('payment.event_refused', { requestId, provider: 'stripe' })
    return problem(c, 'bad-signature', 'This is not signed with the endpoint\'s secret, or it is too old.')
  }
  const outcome = event.reference === null ? 'superseded' : await hearProvider({ ...ports, log }, 'stripe', event.reference, requestId)
  log('payment.event', { requestId, provider: 'stripe', type: event.type, outcome })
  return c.json({ outcome }, 200, { 'Cache-Control': 'no-store' })
})

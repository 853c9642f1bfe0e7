import { createAdaptorServer, type HttpBindings } from '@hono/node-server'
import { Hono, type Context } from 'hono'
import { randomBytes, timingSafeEqual } from 'node:crypto'
import { Server } from 'node:http'
import { z } from 'zod'
import { RejectReason } from '../../contract/events.ts'
import type { GiveUp, GivenUp } from '../delivery/give-up.ts'
import { jsonIn, readBody } from '../delivery/read-body.ts'
import { failureFields } from '../failure.ts'
import type { Retried } from '../journal/read-refused-again.ts'
import { SellingWord } from '../journal/selling-word.ts'
import { removeControlFile, writeControlFile } from './control-file.ts'
import type { LiveStatus } from './live-status.ts'

/** What store IT may ask of a running connector. */
export type Control = {
  status(): LiveStatus
  reconcile(): void
  /** Tries an order now, whatever its wait. False when there is nothing to do for it. */
  retryOrder(assignmentId: string): boolean
  giveUp(order: GiveUp): Promise<GivenUp>
  /** Reads a refused row of the POS again. */
  retryRefused(key: string): Promise<Retried>
  dropRefused(key: string): boolean
  /** Takes an item off the web, or puts it back. False: the POS sells nothing of that name. */
  sell(word: SellingWord): Promise<boolean>
}

export const GiveUpBody = z.object({
  reason: RejectReason,
  detail: z.string().max(500).nullable(),
  word: z.union([z.literal('not-in-pos'), z.object({ inPos: z.string().min(1).max(128) }), z.null()]),
})
export const KeyBody = z.object({ key: z.string().min(1) })

const TOKEN_BYTES = 32
/** A command is some words. */
const BODY_BYTES_MAX = 10_000
const CLOSE_AFTER_MS = 500

/**
 * Takes commands on a port of its own that no tunnel leads to and only this machine reaches; the address and a token of this run
 * stand in a file beside the journal. Without the token nothing is answered: another user, or a page in a browser here, has none.
 */
export async function startControl(control: Control, journalFile: string): Promise<{ close(): Promise<void> }> {
  const token = randomBytes(TOKEN_BYTES).toString('base64url')
  const server = createAdaptorServer({ fetch: createControlRoutes(control, token).fetch, overrideGlobalObjects: false })
  if (!(server instanceof Server)) throw new TypeError('expected a plain HTTP server')
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => resolve())
  })
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : 0
  writeControlFile(journalFile, { url: `http://127.0.0.1:${port}`, token, pid: process.pid })
  return {
    close: () => new Promise((resolve) => {
      removeControlFile(journalFile)
      const timer = setTimeout(() => server.closeAllConnections(), CLOSE_AFTER_MS)
      server.close(() => {
        clearTimeout(timer)
        resolve()
      })
      server.closeIdleConnections()
    }),
  }
}

type Env = { Bindings: HttpBindings }

export function createControlRoutes(control: Control, token: string): Hono<Env> {
  const app = new Hono<Env>()
  app.use(async (c, next) => {
    // A page under a name that was made to point here has the token neither, but need not even be asked for it.
    const isForeign = new URL(c.req.url).hostname !== '127.0.0.1' || c.req.header('origin') !== undefined
    if (isForeign || !isSame(c.req.header('authorization') ?? '', `Bearer ${token}`)) return c.json({ fault: 'not allowed' }, 403)
    return next()
  })
  app.get('/status', (c) => c.json(control.status()))
  app.post('/reconcile', (c) => {
    control.reconcile()
    return c.json({}, 202)
  })
  app.post('/orders/:assignmentId/retry', (c) => c.json({ tried: control.retryOrder(c.req.param('assignmentId')) }))
  app.post('/orders/:assignmentId/give-up', async (c) => {
    const body = await read(c, GiveUpBody)
    return body ? c.json(await control.giveUp({ assignmentId: c.req.param('assignmentId'), ...body })) : c.json({ fault: 'not understood' }, 422)
  })
  app.post('/refused/retry', async (c) => {
    const body = await read(c, KeyBody)
    return body ? c.json(await control.retryRefused(body.key)) : c.json({ fault: 'not understood' }, 422)
  })
  app.post('/refused/drop', async (c) => {
    const body = await read(c, KeyBody)
    return body ? c.json({ found: control.dropRefused(body.key) }) : c.json({ fault: 'not understood' }, 422)
  })
  app.post('/selling', async (c) => {
    const word = await read(c, SellingWord)
    return word ? c.json({ known: await control.sell(word) }) : c.json({ fault: 'not understood' }, 422)
  })
  app.notFound((c) => c.json({ fault: 'this connector does not know that command' }, 404))
  // Whoever has the token asked for it, and is told what the log would be.
  app.onError((error, c) => c.json(failureFields(error, 'command'), 500))
  return app
}

async function read<T extends z.ZodType>(c: Context<Env>, shape: T): Promise<z.output<T> | null> {
  const body = await readBody(c.req.raw, BODY_BYTES_MAX)
  const parsed = shape.safeParse(body && jsonIn(body))
  return parsed.success ? parsed.data : null
}

function isSame(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)]
  return a.length === b.length && timingSafeEqual(a, b)
}

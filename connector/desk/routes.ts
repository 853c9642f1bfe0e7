import { createHash } from 'node:crypto'
import type { HttpBindings } from '@hono/node-server'
import { Hono, type Context } from 'hono'
import { getCookie, setCookie } from 'hono/cookie'
import { secureHeaders } from 'hono/secure-headers'
import { z } from 'zod'
import { AssignmentId } from '../../contract/values.ts'
import { jsonIn, readBody } from '../delivery/read-body.ts'
import { systemMonotonic } from '../edge/edge-clock.ts'
import { faultFields } from '../fault.ts'
import { JournalCannotWrite } from '../journal/database.ts'
import { warnSeldom } from '../seldom.ts'
import type { Desk } from './desk.ts'
import type { Tap } from './order-card.ts'
import { REFUSE_CHOICES } from './page/card-view.ts'
import { DESK_CSS, SLIP_CSS } from './page/desk-css.ts'
import { deskPage, pinPage, shownCards, troubleOf } from './page/desk-page.ts'
import { DESK_SCRIPT, MARK_SVG, SLIP_SCRIPT } from './page/desk-script.ts'
import { slipPage } from './page/slip.ts'
import type { PinGuard } from './pin-guard.ts'
import { KNOWN_MS, type Sessions } from './session.ts'
import type { Tapped } from './take-step.ts'

/** Who may see the desk: whoever calls from this machine, or whoever knows the PIN. */
export type DeskAccess = { kind: 'local' } | { kind: 'pin'; guard: PinGuard; sessions: Sessions }

type Env = { Bindings: HttpBindings }
type Call = Context<Env>

/** A tap is some hundred bytes. */
const BODY_BYTES_MAX = 2_000
const COOKIE = 'tillbridge-desk'
const OPEN_TO_ALL: ReadonlySet<string> = new Set(['/desk/enter', '/desk/desk.css', '/desk/mark.svg'])

const reasons = z.enum(REFUSE_CHOICES.map(({ reason }) => reason))
const TapBody = z.discriminatedUnion('kind', [
  z.object({ kind: z.enum(['picked', 'ready', 'handed-over', 'arrived']) }),
  z.object({ kind: z.literal('not-in-till'), seen: z.int().min(0).optional() }),
  z.object({ kind: z.literal('refuse'), reason: reasons }),
  z.object({ kind: z.literal('in-till'), posReference: z.string().trim().min(1).max(64).regex(/^\P{Cc}*$/u) }),
])

/** The pages of the desk. Everything on them comes from here: nothing inline that runs, nothing from another host, in nobody's frame. */
export function createDeskRoutes(desk: Desk, access: DeskAccess): Hono<Env> {
  const app = new Hono<Env>()
  const warn = warnSeldom(desk.log, systemMonotonic)

  app.use(secureHeaders({
    contentSecurityPolicy: {
      defaultSrc: ["'none'"], scriptSrc: ["'self'"], styleSrc: ["'self'"], imgSrc: ["'self'"], connectSrc: ["'self'"], formAction: ["'self'"], baseUri: ["'none'"], frameAncestors: ["'none'"],
    },
    // A form's Origin is "null" under no-referrer, and the Origin is what keeps other pages from tapping.
    referrerPolicy: 'same-origin', xFrameOptions: 'DENY', strictTransportSecurity: false,
  }))
  app.use(async (c, next) => {
    await next()
    c.header('cache-control', 'no-store')
  })

  app.use(async (c, next) => {
    if (c.req.method !== 'GET' && c.req.method !== 'HEAD' && !isSameOrigin(c)) {
      warn({ event: 'desk.foreign-page' })
      return c.json({ text: 'Tap on the desk itself.' }, 403)
    }
    if (access.kind === 'local' || OPEN_TO_ALL.has(c.req.path) || access.sessions.isValid(getCookie(c, COOKIE) ?? '')) return next()
    if (c.req.path === '/desk') return c.html(await pinPage(desk.storeId, null))
    // Locked twice, on an old page: it is out.
    if (c.req.path === '/desk/leave') return c.redirect('/desk', 303)
    return c.json({ text: 'Enter the PIN first.' }, 401)
  })

  if (access.kind === 'pin') enterByPin(app, desk, access, warn)

  app.get('/desk', async (c) => c.html(await deskPage({ ...desk.view(), withPin: access.kind === 'pin' })))
  app.get('/desk/orders', async (c) => {
    const view = { ...desk.view(), withPin: access.kind === 'pin' }
    const news = { cards: await shownCards(view), trouble: troubleOf(view) }
    const version = createHash('sha256').update(JSON.stringify(news)).digest('base64url')
    return c.req.query('version') === version ? c.body(null, 204) : c.json({ version, ...news })
  })

  app.get('/desk/slip/:assignmentId', async (c) => {
    const row = desk.find(c.req.param('assignmentId'))
    return row?.assignment ? c.html(await slipPage(row.assignment, row.posReference, desk.storeId)) : c.text('There is no such order here.', 404)
  })

  app.post('/desk/orders/:assignmentId', async (c) => {
    if (c.req.header('x-desk') !== 'tap') return c.json({ text: 'Tap on the desk itself.' }, 403)
    const id = AssignmentId.safeParse(c.req.param('assignmentId'))
    const sent = await readBody(c.req.raw, BODY_BYTES_MAX)
    if (!sent) return tooLong(c)
    const body = TapBody.safeParse(jsonIn(sent))
    if (!id.success || !body.success) return c.json({ text: 'This page is of another version. Load it again.' }, 422)
    return answerTap(c, desk, id.data, body.data)
  })

  const assets = [
    asset(app, 'desk.css', 'text/css; charset=utf-8', DESK_CSS), asset(app, 'slip.css', 'text/css; charset=utf-8', SLIP_CSS),
    asset(app, 'desk.js', 'text/javascript; charset=utf-8', DESK_SCRIPT), asset(app, 'slip.js', 'text/javascript; charset=utf-8', SLIP_SCRIPT),
    asset(app, 'mark.svg', 'image/svg+xml', MARK_SVG),
  ]

  for (const path of ['/desk', '/desk/orders', '/desk/orders/:assignmentId', '/desk/slip/:assignmentId', ...access.kind === 'pin' ? ['/desk/enter', '/desk/leave'] : [], ...assets]) {
    app.all(path, (c) => c.json({ text: 'This address is not called like this. The desk is at /desk.' }, 405))
  }
  app.notFound((c) => c.text('Nothing here. The desk is at /desk.', 404))
  app.onError((error, c) => {
    desk.log.error({ event: 'desk.fault', path: c.req.routePath, ...faultFields(error) })
    return c.json({ text: 'Something in the connector failed. Nothing was done; its log says what.' }, 500)
  })
  return app
}

/** Answers its path. */
function asset(app: Hono<Env>, name: string, type: string, text: string): string {
  const path = `/desk/${name}`
  app.get(path, (c) => c.body(text, 200, { 'content-type': type }))
  return path
}

async function answerTap(c: Call, desk: Desk, assignmentId: string, tap: Tap): Promise<Response> {
  const number = desk.find(assignmentId)?.assignment?.number ?? 'This order'
  let tapped: Tapped
  try {
    tapped = await desk.tap(assignmentId, tap)
  } catch (error) {
    desk.log.warn({ event: 'desk.tap-failed', assignmentId, tap: tap.kind, ...faultFields(error) })
    const text = error instanceof JournalCannotWrite ? 'The connector\'s disk is full, so nothing can be kept. Tell whoever looks after it.' : 'The till did not answer. Look whether the order has moved, then tap again.'
    return c.json({ text }, 503)
  }
  desk.log.info({ event: 'desk.tapped', assignmentId, tap: tap.kind, outcome: tapped.kind })
  switch (tapped.kind) {
    case 'done': return c.json({ text: `${number}: ${DONE_WORDS[tap.kind]}${tapped.note ? ` ${tapped.note}` : ''}` })
    case 'already': return c.json({ text: `${number}: this was done already.` })
    case 'unknown': return c.json({ text: 'There is no such order here.' }, 404)
    case 'refused': return c.json({ text: `${number}: ${tapped.text}` }, 409)
  }
}

const DONE_WORDS: Record<Tap['kind'], string> = {
  picked: 'being picked.', ready: 'ready for the shopper.', 'handed-over': 'handed over.', arrived: 'arrived.', refuse: 'refused; the shopper is told.',
  'in-till': 'it is in the till.', 'not-in-till': 'it is written into the till again.',
}

function enterByPin(app: Hono<Env>, desk: Desk, { guard, sessions }: Extract<DeskAccess, { kind: 'pin' }>, warn: ReturnType<typeof warnSeldom>): void {
  app.post('/desk/enter', async (c) => {
    const form = await readBody(c.req.raw, BODY_BYTES_MAX)
    if (!form) return tooLong(c)
    const device = sessions.knownAs(getCookie(c, COOKIE) ?? '')
    const answer = guard.try(device === null ? { kind: 'stranger', address: c.env.incoming.socket.remoteAddress ?? 'unknown' } : { kind: 'known', device }, new URLSearchParams(new TextDecoder().decode(form)).get('pin') ?? '')
    if (answer.kind !== 'right') {
      warn({ event: 'desk.wrong-pin', reason: answer.kind })
      // Rounded first: the monotonic clock has fractions, and 1000.0000001 ms are one second.
      const waitS = Math.ceil(Math.round(answer.waitMs) / 1000)
      if (waitS > 0) c.header('retry-after', String(waitS))
      return c.html(await pinPage(desk.storeId, { wrong: answer.kind === 'wrong', waitS }), answer.kind === 'wrong' ? 403 : 429)
    }
    keepCookie(c, sessions.issue())
    return c.redirect('/desk', 303)
  })
  app.post('/desk/leave', (c) => {
    keepCookie(c, sessions.issueEnded())
    return c.redirect('/desk', 303)
  })
}

// Not "secure": a shop's own network has no certificates. The PIN opens the desk and nothing else.
const keepCookie = (c: Call, cookie: string): void => setCookie(c, COOKIE, cookie, { httpOnly: true, sameSite: 'Strict', path: '/desk', maxAge: KNOWN_MS / 1000 })

const tooLong = (c: Call): Response => c.json({ text: 'This is too long.' }, 413)

/** A browser says where a form or a script comes from; what says nothing is no browser's page of ours. */
function isSameOrigin(c: Call): boolean {
  const origin = c.req.header('origin')
  const site = c.req.header('sec-fetch-site')
  return origin !== undefined && URL.canParse(origin) && new URL(origin).host === c.req.header('host') && (site === undefined || site === 'same-origin')
}

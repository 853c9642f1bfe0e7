import { request as httpRequest } from 'node:http'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { systemClock } from '../../contract/clock.ts'
import { receiveOrder } from '../delivery/receive-order.ts'
import { createWriter } from '../delivery/writer.ts'
import type { RunningServer } from '../delivery/server.ts'
import type { Journal } from '../journal/journal.ts'
import { assignmentId, assignmentOf, memoryPos, NOW, openTestJournal, shopOf, silent, STORE_ID, testFolder, type MemoryPos } from '../test-shop.ts'
import { createDesk } from './desk.ts'
import { listenForDesk } from './listen.ts'
import { createPinGuard } from './pin-guard.ts'
import type { DeskAccess } from './routes.ts'
import { createSessions } from './session.ts'

const ID = assignmentId(1)
let folder: ReturnType<typeof testFolder>
let journal: Journal
let pos: MemoryPos
let server: RunningServer

async function serve(access: DeskAccess): Promise<void> {
  const desk = createDesk({
    shop: shopOf(journal, pos), log: silent, storeId: STORE_ID, config: { listen: null, warnAfterMinutes: 10, redAfterMinutes: 30 }, posReachable: () => true, wake: { capture: () => {}, writer: () => {} },
  })
  server = await listenForDesk(desk, access, { host: '127.0.0.1', port: 0, pin: null })
}
beforeEach(async () => {
  folder = testFolder()
  journal = openTestJournal(folder.file('journal.sqlite'))
  pos = memoryPos({ A: 5 })
  receiveOrder(journal, assignmentOf(1, { A: 2 }, { note: '<script>alert(1)</script>', customer: { name: '"><img src=x>', email: 'shopper@example.com' } }), NOW)
  await createWriter(shopOf(journal, pos), silent).once(new AbortController().signal)
})
afterEach(async () => {
  await server.close()
  journal.close()
  folder.remove()
})

type Ask = { method?: string; path: string; headers?: Record<string, string>; body?: string }
type Answer = { status: number; headers: Record<string, string | string[] | undefined>; text: string }
/** Not `fetch`: it sets Host and Origin itself. */
const ask = ({ method = 'GET', path, headers = {}, body }: Ask): Promise<Answer> => new Promise((resolve, reject) => {
  const sent = httpRequest(server.url + path, { method, headers, agent: false }, (response) => {
    let text = ''
    response.setEncoding('utf8').on('data', (part: string) => void (text += part)).on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }))
  })
  sent.on('error', reject)
  sent.end(body)
})
const own = () => ({ 'origin': server.url, 'content-type': 'application/json', 'x-desk': 'tap' })
const tap = (body: unknown, headers: Record<string, string> = own(), id = ID) => ask({ method: 'POST', path: `/desk/orders/${id}`, headers, body: JSON.stringify(body) })
const progress = () => journal.inbox.get(ID)?.progress

describe('on this machine', () => {
  beforeEach(() => serve({ kind: 'local' }))

  test('the page holds the order, escaped, and lets nothing run but its own', async () => {
    const { status, headers, text } = await ask({ path: '/desk' })
    expect(status).toBe(200)
    expect(text).toContain('W-1')
    expect(text).toContain('&lt;script&gt;alert(1)')
    expect(text).not.toMatch(/<script>alert|<img src=x|https?:\/\/|style="|onclick/)
    expect(headers['content-security-policy']).toMatch(/default-src 'none'.*frame-ancestors 'none'/)
    expect(headers['content-security-policy']).not.toContain('unsafe')
    expect(headers).toMatchObject({ 'x-frame-options': 'DENY', 'x-content-type-options': 'nosniff', 'cache-control': 'no-store', 'referrer-policy': 'same-origin' })
    for (const [, path = ''] of text.matchAll(/(?:href|src)="(\/[^"#]+)"/g)) expect([path, (await ask({ path })).status]).toEqual([path, 200])
  })

  test('the slip has the lines, the code and its bars', async () => {
    const { status, text } = await ask({ path: `/desk/slip/${ID}` })
    expect(status).toBe(200)
    expect(text).toContain('<h1>W-1</h1>')
    expect(text).toContain('<svg')
    expect(text).toMatch(/2 ×<\/td><td>Item A/)
    expect(text).not.toMatch(/<img src=x|<script>alert/)
    expect((await ask({ path: '/desk/slip/nothing' })).status).toBe(404)
  })

  test.each([['nothing', ''], ['what is longer than paper', 'W'.repeat(300)], ['what no bars can say', '\u202e<i>№ 7']])('%s for an order number breaks neither the page nor the slip', async (_what, number) => {
    receiveOrder(journal, { ...assignmentOf(2, { A: 1 }), number }, NOW)
    expect((await ask({ path: '/desk' })).status).toBe(200)
    const { status, text } = await ask({ path: `/desk/slip/${assignmentId(2)}` })
    expect([status, text.includes('<svg'), text.includes('<i>')]).toEqual([200, false, false])
  })

  test('marks that turn the direction of a name turn nothing beside it', async () => {
    const turned = assignmentOf(2, { A: 1 }, { note: 'note \u202eeton', customer: { name: 'Ann \u202ennA', email: 'shopper@example.com' } })
    receiveOrder(journal, { ...turned, lines: turned.lines.map((line) => ({ ...line, name: 'Tea \u202eaeT' })) }, NOW)
    const { text } = await ask({ path: '/desk' })
    for (const said of ['note \u202eeton', 'Ann \u202ennA', 'Tea \u202eaeT']) expect(text).toContain(`<bdi>${said}</bdi>`)
  })

  test('news come once: the same version brings nothing', async () => {
    const news = JSON.parse((await ask({ path: '/desk/orders' })).text) as { version: string; cards: { section: string; isNew: boolean; html: string }[] }
    expect(news.cards).toMatchObject([{ section: 'new', isNew: true }])
    await tap({ kind: 'picked' })
    const next = JSON.parse((await ask({ path: `/desk/orders?version=${news.version}` })).text) as typeof news
    expect(next.cards).toMatchObject([{ section: 'picking', isNew: false }])
    // The second may begin a new minute, which is news.
    expect([204, 200]).toContain((await ask({ path: `/desk/orders?version=${next.version}` })).status)
  })

  test('a tap answers in words', async () => {
    expect(await tap({ kind: 'picked' })).toMatchObject({ status: 200, text: '{"text":"W-1: being picked."}' })
    expect(await tap({ kind: 'picked' })).toMatchObject({ status: 200, text: expect.stringContaining('done already') })
    expect(await tap({ kind: 'arrived' })).toMatchObject({ status: 409, text: expect.stringContaining('moved on') })
    expect((await tap({ kind: 'picked' }, own(), assignmentId(9))).status).toBe(404)
    pos.fail = { at: 'staffStep', when: 'before' }
    expect(await tap({ kind: 'ready' })).toMatchObject({ status: 503, text: expect.stringContaining('The till did not answer') })
    expect(progress()).toBe('picking')
  })

  test.each([
    ['another page', { origin: 'http://evil.example' }, 403],
    ['another port of this machine', { origin: 'http://127.0.0.1:1' }, 403],
    ['a sandboxed page', { origin: 'null' }, 403],
    ['another site, by the browser\'s word', { 'sec-fetch-site': 'cross-site' }, 403],
    ['a form', { 'x-desk': '' }, 403],
  ])('%s cannot tap', async (_what, headers, status) => {
    expect((await tap({ kind: 'picked' }, { ...own(), ...headers })).status).toBe(status)
    expect(progress()).toBeNull()
  })

  test('no origin at all cannot tap', async () => {
    expect((await tap({ kind: 'picked' }, { 'content-type': 'application/json', 'x-desk': 'tap' })).status).toBe(403)
  })

  test.each([
    [{ kind: 'void' }, 422], [{ kind: 'refuse' }, 422], [{ kind: 'refuse', reason: 'expired' }, 422], [{ kind: 'in-till', posReference: ' ' }, 422], [null, 422], [{ kind: 'picked', more: 'x'.repeat(3000) }, 413],
  ])('a body that is no tap changes nothing: %j', async (body, status) => {
    expect((await tap(body)).status).toBe(status)
    expect(progress()).toBeNull()
  })

  test('neither the tunnel nor a name that points here sees it', async () => {
    for (const headers of [{ 'cf-ray': '1' }, { host: 'rebound.example' }]) {
      for (const path of ['/desk', '/desk/orders', '/desk/desk.js', '/']) expect(await ask({ path, headers })).toMatchObject({ status: 404, text: '' })
    }
  })
})

describe('in the shop\'s network', () => {
  beforeEach(() => serve({ kind: 'pin', guard: createPinGuard('4711', () => performance.now()), sessions: createSessions(journal.meta, '4711', systemClock) }))
  const enter = (pin: string, headers: Record<string, string> = { origin: server.url }) =>
    ask({ method: 'POST', path: '/desk/enter', headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers }, body: `pin=${pin}` })
  const cookieOf = (answer: Answer): string => String(answer.headers['set-cookie']?.[0]).split(';')[0] ?? ''

  test('nothing of an order is seen without the PIN', async () => {
    const page = await ask({ path: '/desk' })
    expect(page.text).toContain('name="pin"')
    for (const answer of [page, await ask({ path: '/desk/orders' }), await ask({ path: `/desk/slip/${ID}` }), await tap({ kind: 'picked' })]) expect(answer.text).not.toContain('W-1')
    expect((await ask({ path: '/desk/orders' })).status).toBe(401)
    expect((await ask({ path: '/orders/x' })).status).toBe(401)
    expect((await ask({ path: '/metrics' })).status).toBe(401)
    expect(progress()).toBeNull()
  })

  test('the PIN opens it, by a cookie that no script and no other site can use', async () => {
    const entered = await enter('4711')
    expect(entered).toMatchObject({ status: 303, headers: { location: '/desk' } })
    expect(entered.headers['set-cookie']?.[0]).toMatch(/HttpOnly; SameSite=Strict/i)
    const cookie = cookieOf(entered)
    expect((await ask({ path: '/desk', headers: { cookie } })).text).toContain('W-1')
    expect((await tap({ kind: 'picked' }, { ...own(), cookie })).status).toBe(200)
    expect((await tap({ kind: 'ready' }, { ...own(), cookie, origin: 'http://evil.example' })).status).toBe(403)
    expect((await ask({ path: '/metrics', headers: { cookie } })).status).toBe(404)
    const locked = cookieOf(await ask({ method: 'POST', path: '/desk/leave', headers: { origin: server.url, cookie } }))
    expect((await ask({ path: '/desk', headers: { cookie: locked } })).text).toContain('name="pin"')
    expect(await ask({ method: 'POST', path: '/desk/leave', headers: { origin: server.url, cookie: locked } })).toMatchObject({ status: 303 })
    // Others' wrong tries do not hinder it.
    for (let n = 0; n < 5; n += 1) await enter('0000')
    expect((await enter('4711')).status).toBe(429)
    expect((await enter('4711', { origin: server.url, cookie: locked })).status).toBe(303)
  })

  test('wrong tries are told how long to wait, and then not looked at', async () => {
    for (let n = 0; n < 2; n += 1) expect((await enter('0000')).status).toBe(403)
    expect(await enter('0000')).toMatchObject({ status: 403, headers: { 'retry-after': '1' }, text: expect.stringContaining('That was not the PIN. Try again in 1 second.') })
    expect(await enter('4711')).toMatchObject({ status: 429, text: expect.stringContaining('Too many wrong tries') })
    expect((await enter('4711', { origin: 'http://evil.example' })).status).toBe(403)
  })

  test('a name that points here is not ours, an address is', async () => {
    const { port } = new URL(server.url)
    expect((await ask({ path: '/desk', headers: { host: `rebound.example:${port}` } })).status).toBe(404)
    expect((await ask({ path: '/desk', headers: { host: `192.168.1.20:${port}` } })).status).toBe(200)
    expect((await ask({ path: '/desk', headers: { 'cf-ray': '1' } })).status).toBe(404)
  })
})

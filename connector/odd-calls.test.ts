import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { systemClock } from '../contract/clock.ts'
import { signedHeaders } from '../contract/signing.ts'
import { startControl } from './control/control-server.ts'
import { readControlFile } from './control/control-file.ts'
import { LiveStatus } from './control/live-status.ts'
import { receiveOrder } from './delivery/receive-order.ts'
import { requestCancel } from './delivery/request-cancel.ts'
import { startServer, type RunningServer } from './delivery/server.ts'
import { createDesk } from './desk/desk.ts'
import { listenForDesk } from './desk/listen.ts'
import { createPinGuard } from './desk/pin-guard.ts'
import { createDeskRoutes } from './desk/routes.ts'
import { createSessions } from './desk/session.ts'
import { createEdgeClock } from './edge/edge-clock.ts'
import type { Journal } from './journal/journal.ts'
import { assignmentId, assignmentOf, memoryPos, openTestJournal, SECRET, shopOf, silent, STORE_ID, testFolder } from './test-shop.ts'

/** Whatever is sent to any port of a connector is answered by a word about the call, never by a fault of the connector's own. */

const ID = assignmentId(1)
let folder: ReturnType<typeof testFolder>
let journal: Journal
let delivery: RunningServer
let tablets: RunningServer
let control: { url: string; token: string; close(): Promise<void> }
let cookie: string
const faults: string[] = []

beforeAll(async () => {
  folder = testFolder()
  journal = openTestJournal(folder.file('journal.sqlite'))
  receiveOrder(journal, assignmentOf(1, { A: 1 }), systemClock())
  const log = silent.child({}, { level: 'error' })
  log.error = (...said: unknown[]) => void faults.push(JSON.stringify(said))
  const desk = createDesk({
    shop: shopOf(journal, memoryPos({ A: 5 })), log, storeId: STORE_ID, config: { listen: null, warnAfterMinutes: 10, redAfterMinutes: 30 }, posReachable: () => true, wake: { capture: () => {}, writer: () => {} },
  })
  const status = () => LiveStatus.parse({
    version: '1', url: 'http://127.0.0.1:1', startedAt: '2026-01-02T12:00:00Z', doing: [{ what: 'watching' }], comparisons: { finished: 0, failed: 0, wanted: false }, troubles: [],
    pos: { reachable: true, lookedAt: null, lookedAgoS: null }, edge: { answering: false, answeredAt: null, answeredAgoS: null, holdsStore: false, clockSkewMs: null },
  })
  delivery = await startServer({
    storeId: STORE_ID, secrets: [SECRET], clock: createEdgeClock(systemClock), log,
    receive: (assignment) => receiveOrder(journal, assignment, systemClock()), cancel: (id) => requestCancel(journal, id, systemClock()),
    readiness: () => ({ ready: true, waitingFor: [], troubles: [] }), metrics: () => 'up 1\n', status, taking: () => true, desk: createDeskRoutes(desk, { kind: 'local' }).fetch,
  }, { host: '127.0.0.1', port: 0 })
  const sessions = createSessions(journal.meta, '471147', systemClock)
  cookie = `tillbridge-desk=${sessions.issue()}`
  tablets = await listenForDesk(desk, { kind: 'pin', guard: createPinGuard('471147', () => 0), sessions }, { host: '127.0.0.1', port: 0, pin: '471147' })
  const running = await startControl({
    status, reconcile: () => {}, retryOrder: () => false, giveUp: async () => ({ kind: 'unknown' }), retryRefused: async () => ({ kind: 'unknown' }), dropRefused: () => false, sell: async () => false,
  }, folder.file('journal.sqlite'))
  const file = readControlFile(folder.file('journal.sqlite'))
  if (file === null || file === 'denied') throw new Error('no control file')
  control = { ...running, url: file.url, token: file.token }
})
afterAll(async () => {
  await Promise.all([delivery.close(), tablets.close(), control.close()])
  journal.close()
  folder.remove()
})

type Said = { status: number; text: string }
/** The bytes as they are: `fetch` would mend or refuse what is odd in them. Null when the line was closed without a word. */
const say = (url: string, raw: string | Buffer): Promise<Said | null> => new Promise((resolve, reject) => {
  const { port, hostname: host } = new URL(url)
  let text = ''
  const socket = connect({ port: Number(port), host }, () => socket.write(raw))
  socket.setEncoding('latin1').setTimeout(5_000, () => socket.destroy(new Error(`no answer to ${raw.toString('latin1').slice(0, 200)}`)))
  socket.on('data', (part: string) => void (text += part))
  // What was answered before the line broke is the answer.
  socket.on('error', (error) => (text === '' && !('code' in error) ? reject(error) : undefined))
  socket.on('close', () => {
    const status = /^HTTP\/1\.1 (\d{3})/.exec(text)?.[1]
    resolve(status === undefined ? null : { status: Number(status), text })
  })
})

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND', 'M-SEARCH', 'TRACE', 'QUERY']
const PATHS = [
  '/', '//', '/desk', '/desk/', '/desk/foo', '/desk/orders', `/desk/orders/${ID}`, '/desk/orders/nothing', '/desk/orders/%', '/desk/orders/%00', '/desk/orders/%ff%fe', `/desk/orders/${'x'.repeat(2_000)}`, '/desk/slip/%E0%A4%A', '/desk/slip/', '/desk/enter', '/desk/leave',
  '/desk/desk.css', '/desk/../orders/x', '/desk/%2e%2e/status', '/desk?version=%', '/desk/orders?version=a&version=b', '/orders', '/orders/', `/orders/${ID}`, '/orders/%', `/orders/${ID}/cancel`, '/orders/x/cancel', `/orders/${ID}/cancel/more`, '/orders//cancel',
  '/health', '/health/', '/HEALTH', '/ready', '/metrics', '/status', '/reconcile', `/orders/${ID}/retry`, `/orders/${ID}/give-up`, '/refused/retry', '/refused/drop', '/favicon.ico', '/.env', '/\u00e9'.normalize(), '*', 'http://other.example/desk', '/a\\b', '/#x', '/?', '/;x=1', '/__proto__', '/desk/constructor',
]
const BODIES: readonly { type: string | null; body: string }[] = [
  { type: null, body: '' },
  { type: 'application/json', body: '{"kind":"picked"' },
  { type: 'application/json', body: '[]' },
  { type: 'application/json', body: '{"__proto__":{"kind":"picked"},"key":{},"reason":1,"word":[]}' },
  { type: 'application/x-www-form-urlencoded', body: 'pin=%ff%&pin[]=1&__proto__=2&=&&' },
  { type: 'multipart/form-data; boundary=x', body: '--x\r\nContent-Disposition: form-data; name="pin"; filename="a"\r\n\r\n\0\r\n' },
  { type: 'multipart/form-data', body: 'no boundary' },
  { type: 'text/html;;;charset="', body: '\0\u00ff' },
  { type: '\u00e9/\u00e9', body: '"' },
]

describe('no call is a fault of the connector\'s', () => {
  const everywhere = () => [
    { what: 'delivery', url: delivery.url, headers: { 'origin': delivery.url, 'x-desk': 'tap' } },
    { what: 'tablets', url: tablets.url, headers: { 'origin': tablets.url, cookie, 'x-desk': 'tap' } },
    { what: 'tablets without the PIN', url: tablets.url, headers: { origin: tablets.url } },
    { what: 'control', url: control.url, headers: { authorization: `Bearer ${control.token}` } },
    { what: 'control without the token', url: control.url, headers: {} },
  ]
  const odd = (found: Said | null, path = ''): string | null => {
    if (found === null || found.status >= 500) return String(found?.status ?? 'no word')
    const body = found.text.split('\r\n\r\n').slice(1).join()
    // What is no HTTP at all is answered by Node's parser, whose word is its status; and who comes by a name that is not ours hears nothing.
    if (path.startsWith('http://') && found.status === 404) return null
    return found.status >= 400 && body === '' && !found.text.startsWith('HTTP/1.1 400 Bad Request\r\nConnection: close') ? `${found.status} without a word` : null
  }

  test.each(METHODS)('%s, on every path, with every kind of body', async (method) => {
    const found: string[] = []
    for (const { what, url, headers } of everywhere()) {
      for (const path of PATHS) {
        for (const { type, body } of method === 'POST' ? BODIES : BODIES.slice(0, 2)) {
          const lines = Object.entries({ host: new URL(url).host, connection: 'close', ...headers, ...(type === null ? {} : { 'content-type': type }), ...(body === '' ? {} : { 'content-length': String(Buffer.byteLength(body, 'latin1')) }) })
          const said = await say(url, Buffer.from(`${method} ${path} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}`).join('\r\n')}\r\n\r\n${body}`, 'latin1'))
          const wrong = method === 'HEAD' && said && said.status < 500 ? null : odd(said, path)
          if (wrong) found.push(`${what}: ${method} ${path.slice(0, 60)} ${type ?? ''}: ${wrong}`)
        }
      }
    }
    expect(found).toEqual([])
    expect(faults).toEqual([])
  })

  const HUGE = 'x'.repeat(200_000)
  const chunked = (body: string) => `transfer-encoding: chunked\r\n\r\n${Buffer.byteLength(body).toString(16)}\r\n${body}\r\n0\r\n\r\n`
  test.each([
    ['a body without a length', '/desk/foo', chunked('{"kind":"picked"}'), [404, 403, 401]],
    ['a tap without a length', `/desk/orders/${ID}`, chunked('{"kind":"picked"}'), [409, 401, 403, 404]],
    ['a body without an end, beyond all bounds', `/desk/orders/${ID}`, `transfer-encoding: chunked\r\n\r\n${HUGE.length.toString(16)}\r\n${HUGE}`, [413, 401, 403, 404]],
    ['a PIN as long as a book', '/desk/enter', `content-length: ${HUGE.length}\r\n\r\n${HUGE}`, [413, 404, 403]],
    ['a command as long as a book', '/refused/drop', chunked(HUGE), [422, 404, 403, 401]],
    ['an order as long as a book', `/orders/${ID}/cancel`, chunked(HUGE), [413, 401, 403, 404]],
    ['a length that is none', '/desk/enter', 'content-length: -1\r\n\r\n', [400]],
    ['two lengths', '/desk/enter', 'content-length: 1\r\ncontent-length: 2\r\n\r\nxx', [400]],
    ['more headers than anybody sends', '/desk', `${'x-more: y\r\n'.repeat(20_000)}\r\n`, [431]],
  ])('%s', async (_what, path, rest, statuses) => {
    for (const { what, url, headers } of everywhere()) {
      const said = await say(url, `POST ${path} HTTP/1.1\r\nhost: ${new URL(url).host}\r\nconnection: close\r\n${Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`).join('')}${rest}`)
      expect(statuses, `${what}: ${said?.text.slice(0, 200)}`).toContain(said?.status)
    }
    expect(faults).toEqual([])
  })

  test('what is signed and is no order is answered by what is wrong with it', async () => {
    const bodies = ['', 'null', '[]', '"x"', '{', '\u0000', '{"__proto__":{}}', JSON.stringify({ ...assignmentOf(2, { A: 1 }), lines: [] }), JSON.stringify(assignmentOf(2, { A: 1 })), '['.repeat(30_000), `{"n":${'9'.repeat(400)}}`]
    for (const path of [`/orders/${ID}`, '/orders/%', '/orders/x', `/orders/${ID}/cancel`, '/orders/x/cancel', '/orders', '/orders/', `/orders/${ID}?x=%`, `/orders/${ID}/more`]) {
      for (const method of ['PUT', 'POST', 'DELETE']) {
        for (const body of bodies) {
          const bytes = new TextEncoder().encode(body)
          const signed = await signedHeaders([SECRET], { id: crypto.randomUUID(), timestampS: Math.floor(systemClock() / 1000), method, target: path, body: bytes })
          const lines = Object.entries({ 'host': new URL(delivery.url).host, 'connection': 'close', 'content-type': 'application/json', 'content-length': String(bytes.length), ...signed })
          const said = await say(delivery.url, `${method} ${path} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}`).join('\r\n')}\r\n\r\n${body}`)
          expect(odd(said), `${method} ${path} ${body.slice(0, 40)}`).toBeNull()
        }
      }
    }
    expect(faults).toEqual([])
  })
})

import { createServer } from 'node:http'
import type { IncomingHttpHeaders } from 'node:http'
import { once } from 'node:events'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { MailKind, MailSettings } from '../../contract/mail.ts'
import { createCloudflareMailer } from './cloudflare-mailer.ts'
import { afterMail } from './deliver-mail.ts'
import { exampleSubject } from './example-order.ts'
import { createHttpMailer } from './http-mailer.ts'
import type { Mail, StoredMail } from './port.ts'
import { renderMail, templateFault, viewOf } from './render.ts'

const FROM = { email: 'orders@shop.example', name: 'The Shop' }
const settingsOf = (more: object = {}): MailSettings => MailSettings.parse({ from: FROM, ...more })
const write = (kind: MailKind, more: object = {}, subject = exampleSubject('web')) => {
  const settings = settingsOf(more)
  return renderMail(kind, settings, viewOf(subject, settings))
}

describe('a mail', () => {
  it.each(MailKind.options)('%s says which order, what it costs and where it goes, in both its forms', (kind) => {
    const { subject, text, html } = write(kind)
    expect(subject).toContain('A1B2C-D3E4F')
    for (const said of [text, html]) for (const word of ['A Shopper', 'A1B2C-D3E4F', 'Green tea, loose', '750 g', '$25.98', '$42.99', 'High Street', 'The Shop']) expect(said).toContain(word)
    expect(`${subject}${text}${html}`).not.toMatch(/\{\{|undefined|null|\[object/)
  })
  it('says sums and moments in the channel\'s language, moments in the store\'s time zone', () => {
    const { text } = write('placed', { locale: 'de-DE' })
    expect(text.replaceAll('\u00a0', ' ')).toContain('42,99 $')
    // 14:00 in UTC is nine in New York.
    expect(text).toContain('27. November 2026 um 09:00')
    const yen = exampleSubject('web')
    yen.order.totals.total = { amountMinor: 1234, currency: 'JPY' }
    expect(write('placed', { locale: 'en' }, yen).text).toContain('¥1,234')
    yen.order.totals.total = { amountMinor: 1234, currency: 'KWD' }
    expect(write('placed', { locale: 'en' }, yen).text.replaceAll('\u00a0', ' ')).toContain('KWD 1.234')
  })
  it('opens the shop\'s page of the order, if it has one', () => {
    expect(write('shipped', { orderUrl: 'https://shop.example/o/{id}?n={number}&t={token}' }).html).toContain('https:&#x2F;&#x2F;shop.example&#x2F;o&#x2F;ord_00000000000000000000000000?n&#x3D;A1B2C-D3E4F&amp;t&#x3D;example-token')
    expect(write('shipped').html).not.toContain('href')
  })
  it('is in the channel\'s own words where it has some, and in ours where not', () => {
    const own = write('placed', { templates: { placed: { subject: 'Merci {{name}} !', text: '{{#lines}}{{sku}} {{/lines}}{{#address}}home{{/address}}{{^address}}shop{{/address}}' } } })
    expect([own.subject, own.text]).toEqual(['Merci A Shopper !', 'CLO-00003 CLO-00017 shop'])
    expect(own.html).toContain('thank you for your order')
  })
  it('of a hostile shopper or item breaks out of neither its form nor its head', () => {
    const subject = exampleSubject('web')
    subject.order.customer = { name: '<img src=x onerror=alert(1)> {{token}} "\\ \u2028', email: 'shopper@shop.example' }
    subject.order.lines = subject.order.lines.map((line) => ({ ...line, name: '</td><script>alert(1)</script>' }))
    const { html, text } = write('placed', {}, subject)
    expect(html).not.toMatch(/<img|<script/)
    expect(html).toContain('{{token}}')
    expect(text).toContain('<img src=x onerror=alert(1)> {{token}}')
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (name) => {
      subject.order.customer.name = name
      const { subject: head } = write('placed', { templates: { placed: { subject: '{{name}}' } } }, subject)
      expect(head).not.toMatch(/[\r\n]/)
    }))
  })
  it('whose template cannot be read is refused before it is one', () => {
    expect(templateFault('{{#lines}} {{name}} {{/lines}}')).toBeNull()
    for (const broken of ['{{#lines}}', '{{name', '{{/lines}}']) expect(templateFault(broken)).toContain('expected a Mustache template')
    expect(write('placed', { templates: { placed: { text: 'x{{constructor}}{{__proto__}}{{order.customer.email}}{{toString}}y' } } }).text).not.toContain('function')
  })
})

const stored: StoredMail = { orderId: 'ord_1', kind: 'placed', channelId: 'web', state: 'pending', attempts: 0, said: null, nextTryAt: 0, createdAt: 0, settledAt: null }
describe('a mail that is not taken', () => {
  it('is tried again, ever less often, for a day', () => {
    const waits: number[] = []
    let mail = stored
    let now = 0
    while (mail.nextTryAt !== null) {
      const next = afterMail(mail, { kind: 'later', said: '503' }, now, 0.5)
      if (next.nextTryAt !== null) waits.push(next.nextTryAt - now)
      now = next.nextTryAt ?? now
      mail = next
    }
    expect(mail).toMatchObject({ state: 'failed', said: '503' })
    expect(waits.slice(0, 4)).toEqual([30_000, 60_000, 120_000, 240_000])
    expect(now).toBeLessThanOrEqual(23 * 3_600_000)
    expect(now).toBeGreaterThan(20 * 3_600_000)
  })
  it('waits as long as the provider asks, and no longer than two hours', () => {
    expect(afterMail(stored, { kind: 'later', said: '429', retryAfterMs: 600_000 }, 0, 0.5).nextTryAt).toBe(600_000)
    expect(afterMail(stored, { kind: 'later', said: '429', retryAfterMs: 9e9 }, 0, 0.5).nextTryAt).toBe(7_200_000)
  })
  it('is given up at once where it never will be', () => expect(afterMail(stored, { kind: 'never', said: '422', fault: 'recipient' }, 7, 0.5)).toMatchObject({ state: 'failed', nextTryAt: null, settledAt: 7, attempts: 1 }))
})

const mail: Mail = { id: 'ord_1.placed.0', from: FROM, to: { name: 'A "Shopper"', email: 'a@shop.example' }, replyTo: 'help@shop.example', subject: 'Hello', text: 'Hello', html: '<p>Hello</p>' }
describe('the provider\'s HTTP', () => {
  let url = ''
  let answer: { status: number; body?: object; headers?: Record<string, string> } = { status: 200 }
  let heard: { headers: IncomingHttpHeaders; path: string | undefined; body: unknown }[] = []
  const server = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      heard.push({ headers: request.headers, path: request.url, body: JSON.parse(Buffer.concat(parts).toString()) })
      response.writeHead(answer.status, { 'Content-Type': 'application/json', ...answer.headers }).end(JSON.stringify(answer.body ?? {}))
    })
  })
  beforeEach(async () => {
    heard = []
    if (!server.listening) await once(server.listen(0, '127.0.0.1'), 'listening')
    const address = server.address()
    url = `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`
  })
  afterEach(() => server.closeAllConnections())
  const send = (at = url) => createHttpMailer({ apiKey: 're_secret', apiUrl: at })(mail)

  it('is spoken as it is documented', async () => {
    answer = { status: 200, body: { id: 're_01' } }
    expect(await send()).toEqual({ kind: 'sent', said: 're_01' })
    expect(heard).toMatchObject([{
      path: '/emails', headers: { 'authorization': 'Bearer re_secret', 'idempotency-key': 'ord_1.placed.0', 'content-type': 'application/json' },
      body: { from: '"The Shop" <orders@shop.example>', to: ['"A  Shopper" <a@shop.example>'], reply_to: 'help@shop.example', subject: 'Hello', text: 'Hello', html: '<p>Hello</p>' },
    }])
  })
  it.each([
    [{ status: 429, body: { name: 'rate_limit_exceeded', message: 'slow down' }, headers: { 'Retry-After': '7' } }, { kind: 'later', said: '429 rate_limit_exceeded slow down', retryAfterMs: 7_000 }],
    [{ status: 500 }, { kind: 'later', said: '500' }],
    [{ status: 302, headers: { Location: 'http://127.0.0.1:9/' } }, { kind: 'later', said: '302' }],
    [{ status: 409, body: { name: 'concurrent_idempotent_requests' } }, { kind: 'later', said: '409 concurrent_idempotent_requests' }],
    [{ status: 409, body: { name: 'invalid_idempotent_request' } }, { kind: 'sent', said: '409 invalid_idempotent_request' }],
    [{ status: 401, body: { name: 'missing_api_key' } }, { kind: 'never', said: '401 missing_api_key', fault: 'setup' }],
    [{ status: 403, body: { name: 'invalid_from_address', message: 'The domain is not verified' } }, { kind: 'never', said: '403 invalid_from_address The domain is not verified', fault: 'setup' }],
    [{ status: 422, body: { name: 'validation_error', message: 'Invalid `to` field.' } }, { kind: 'never', said: '422 validation_error Invalid `to` field.', fault: 'recipient' }],
  ])('answers %j', async (given, outcome) => {
    answer = given
    expect(await send()).toEqual(outcome)
  })
  it('that nobody answers is tried later, and its key stands in no word', async () => {
    const outcome = await send('http://127.0.0.1:9')
    expect(outcome.kind).toBe('later')
    expect(JSON.stringify(outcome)).not.toContain('re_secret')
  })
})

describe('Cloudflare\'s binding', () => {
  const throwing = (error: unknown) => createCloudflareMailer({ send: async () => { throw error } })(mail)
  it('is handed both forms', async () => {
    const sent: unknown[] = []
    const outcome = await createCloudflareMailer({ send: async (built: unknown) => {
      sent.push(built)
      return { messageId: 'm-1' }
    } })(mail)
    expect(outcome).toEqual({ kind: 'sent', said: 'm-1' })
    expect(sent).toEqual([{ from: FROM, to: 'a@shop.example', replyTo: 'help@shop.example', subject: 'Hello', text: 'Hello', html: '<p>Hello</p>' }])
  })
  it.each([
    ['E_SENDER_NOT_VERIFIED', { kind: 'never', said: 'E_SENDER_NOT_VERIFIED', fault: 'setup' }], ['E_RECIPIENT_SUPPRESSED', { kind: 'never', said: 'E_RECIPIENT_SUPPRESSED', fault: 'recipient' }],
    ['E_RATE_LIMIT_EXCEEDED', { kind: 'later', said: 'E_RATE_LIMIT_EXCEEDED' }], ['E_NEVER_HEARD_OF', { kind: 'later', said: 'E_NEVER_HEARD_OF' }],
  ])('throws %s', async (code, outcome) => expect(await throwing(Object.assign(new Error('no'), { code }))).toEqual(outcome))
  it('throws what has no code', async () => expect(await throwing(new TypeError('no'))).toEqual({ kind: 'later', said: 'TypeError' }))
})

import fc from 'fast-check'
import type { ApiDocument, Operation } from './api-document.ts'
import type { RawCall } from './send-raw.ts'

/**
 * A call that must be refused, and what is wrong with it. `sign`: its credentials are made for it as it is; else it has its own, or none.
 * `mayFit`: hostile, but by the document nothing is wrong with it, so that it may be served as well.
 */
export type BadCall = { why: string; call: RawCall; sign: boolean; mayFit?: true | undefined }

const encode = (text: string): Uint8Array => new TextEncoder().encode(text)
/** Longer than any limit of a body that is not of events. */
const OVERSIZE_BYTES = 70_000

const HOSTILE = ['', ' ', '\u0000', '\u202e\u0000', '\ud800', '\'; DROP TABLE orders; --', '<script>alert(1)</script>', '${7*7}', '../../../etc/passwd', '%00', '%zz', '\r\nX-Injected: 1', '𝕿𝖊𝖘𝖙'.repeat(40), 'a'.repeat(3_000), '-1', '1e400', 'NaN', '__proto__', 'constructor']
const ODD_PARTS = ['%zz', '%E0%A4%A', '%00', '%ff%fe', '%2e%2e%2f', 'a%20b', '%c0%af', '%', '%u0041', 'x'.repeat(2_000), '%0d%0aX:1', '%F0%9F%92%A9%20', '*', ';id=1', '%27%20OR%201=1--']
const BROKEN = ['', '{', '{"a":', '[1,', 'null null', '{"lines":[}', "{'a':1}", '\ufeff{', 'undefined', '{"a":1}}', 'NaN', '<xml/>', '{"a":"\n"}', '"']
const TYPES = ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'application/xml', 'application/jsonp', 'application/json-patch+json', ' ', 'application/octet-stream']
const ODD_HEADERS: Record<string, string>[] = [
  {}, { 'X-Request-Id': '\'; DROP TABLE orders' }, { 'X-Request-Id': 'x'.repeat(500) }, { traceparent: '00-zz-zz-zz' }, { 'If-None-Match': '*' }, { Accept: 'application/xml;q=zz' }, { 'Accept-Language': '*' }, { Cookie: 'session=1; __proto__=2' },
  { 'X-Forwarded-For': '127.0.0.1, ::1' }, { 'X-HTTP-Method-Override': 'DELETE' }, { Range: 'bytes=0-1' }, { 'Content-Encoding': 'br' }, { 'CF-Access-Jwt-Assertion': 'a.b.c' },
]
const BAD_KEYS = ['', 'Bearer', 'Bearer ', 'Bearer pk_', `Bearer sk_${'0'.repeat(48)}`, `Bearer ${'x'.repeat(2_000)}`, 'Basic YWRtaW46YWRtaW4=', 'bearer null', 'Bearer undefined', 'Bearer a b']
const METHODS = ['DELETE', 'PUT', 'PATCH', 'POST', 'PROPFIND', 'PURGE', 'GET']

/** Anything that JSON can say and a schema may not expect. */
const value = fc.oneof(
  fc.constantFrom<unknown>(null, true, false, -1, 0, 1.5, 1e21, -1e308, Number.MAX_SAFE_INTEGER, '', [], {}, [[[]]], { __proto__x: 1 }, [null], ['']),
  fc.constantFrom<unknown>(...HOSTILE), fc.string({ unit: 'binary', maxLength: 40 }), fc.double({ noNaN: true, noDefaultInfinity: true }), fc.dictionary(fc.string({ maxLength: 8 }), fc.integer(), { maxKeys: 3 }),
)

/** One place of the example gets another value, or goes. */
function mutations(example: unknown): fc.Arbitrary<unknown> {
  const places = placesOf(example)
  return fc.record({ place: fc.constantFrom(...places), value, kind: fc.constantFrom('put', 'put', 'drop', 'many') }).map(({ place, value: put, kind }) => change(example, place, kind === 'many' ? Array.from({ length: 200 }, () => put) : kind === 'drop' ? undefined : put))
}

function placesOf(value: unknown, at: string[] = []): string[][] {
  const inside = typeof value === 'object' && value !== null ? Object.entries(value).flatMap(([key, each]) => placesOf(each, [...at, key])) : []
  return [at, ...inside]
}

function change(value: unknown, [key, ...rest]: string[], put: unknown): unknown {
  if (key === undefined) return put
  if (Array.isArray(value)) return value.flatMap((each: unknown, index) => (String(index) !== key ? [each] : rest.length === 0 && put === undefined ? [] : [change(each, rest, put)]))
  return Object.fromEntries(Object.entries(Object(value)).flatMap(([name, each]) => (name !== key ? [[name, each]] : rest.length === 0 && put === undefined ? [] : [[name, change(each, rest, put)]])))
}

/** Bad calls of one operation. `valid` is one that would be served. */
export function badCalls(document: ApiDocument, operation: Operation, valid: RawCall): fc.Arbitrary<BadCall> {
  const kinds = [wrongMethod(document, valid)]
  if (operation.security.length > 0) kinds.push(badKey(valid))
  if (operation.body) kinds.push(badBody(document, operation, valid), badBody(document, operation, valid), unreadableBody(operation, valid))
  for (const parameter of operation.parameters) {
    if (parameter.in === 'query') kinds.push(badQuery(document, operation, parameter, valid), hostileQuery(parameter.name, valid))
    if (parameter.in === 'path') kinds.push(badPath(operation, valid))
  }
  if (operation.id === 'placeOrder') kinds.push(fc.constantFrom('', 'a b', 'x'.repeat(256)).map((key) => ({ why: `Idempotency-Key "${key.slice(0, 9)}"`, sign: true, call: { ...valid, headers: { ...valid.headers, 'Idempotency-Key': key } } })))
  return fc.tuple(fc.oneof(...kinds), fc.constantFrom(...ODD_HEADERS), fc.constantFrom('', '', 'utm=1', 'limit[]=1', '__proto__=1', '%zz=%zz', '=', '&&')).map(([bad, headers, extra]) => ({
    ...bad, call: { ...bad.call, headers: { ...headers, ...bad.call.headers }, target: extra === '' ? bad.call.target : `${bad.call.target}${bad.call.target.includes('?') ? '&' : '?'}${extra}` },
  }))
}

function wrongMethod({ operations }: ApiDocument, valid: RawCall): fc.Arbitrary<BadCall> {
  const answered = operations.filter(({ path }) => matches(path, valid.target)).map(({ method }) => method)
  return fc.constantFrom(...METHODS.filter((method) => !answered.includes(method))).map((method) => ({ why: `method ${method}`, sign: true, call: { ...valid, method } }))
}
const matches = (path: string, target: string): boolean => new RegExp(`^${path.replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(target.split('?')[0] ?? '')

function badKey(valid: RawCall): fc.Arbitrary<BadCall> {
  const { 'Authorization': _, 'X-Order-Token': __, 'tillbridge-signature': ___, ...headers } = valid.headers
  return fc.constantFrom(...BAD_KEYS).map((key) => ({
    why: `credentials "${key.slice(0, 20)}"`, sign: false, call: { ...valid, headers: { ...headers, 'Authorization': key, 'X-Order-Token': key, 'tillbridge-signature': `v1,${btoa(key)}` } },
  }))
}

const badBody = (document: ApiDocument, operation: Operation, valid: RawCall): fc.Arbitrary<BadCall> =>
  mutations(operation.body?.example).filter((body) => body !== undefined && !document.fitsRequest(operation, JSON.parse(JSON.stringify(body))))
    .map((body) => ({ why: `body ${JSON.stringify(body).slice(0, 200)}`, sign: true, call: { ...valid, headers: { ...valid.headers, 'Content-Type': 'application/json' }, body: encode(JSON.stringify(body)) } }))

function unreadableBody(operation: Operation, valid: RawCall): fc.Arbitrary<BadCall> {
  const json = { ...valid.headers, 'Content-Type': 'application/json' }
  const example = encode(JSON.stringify(operation.body?.example))
  const broken = BROKEN.filter((text) => text !== '' || operation.body?.required).map((text) => ({ why: `broken JSON ${text}`, sign: true, call: { ...valid, headers: json, body: encode(text) } }))
  return fc.oneof(
    fc.constantFrom(...broken),
    fc.constantFrom(...TYPES).map((type) => ({ why: `type ${type}`, sign: true, call: { ...valid, headers: { ...valid.headers, 'Content-Type': type }, body: example } })),
    fc.uint8Array({ minLength: 1, maxLength: 60 }).filter((bytes) => bytes.some((byte) => byte > 0xf7)).map((body) => ({ why: 'bytes that are no UTF-8', sign: true, call: { ...valid, headers: json, body } })),
    fc.constantFrom('[', '{"a":').map((bracket) => ({ why: 'nested too deep', sign: true, call: { ...valid, headers: json, body: encode(bracket.repeat(3_000)) } })),
    fc.constantFrom('"', '{"x":"').map((start) => ({ why: 'too large', sign: true, call: { ...valid, headers: json, body: encode(start + 'x'.repeat(OVERSIZE_BYTES)) } })),
  )
}

function badQuery(document: ApiDocument, operation: Operation, parameter: Operation['parameters'][number], valid: RawCall): fc.Arbitrary<BadCall> {
  const [path = ''] = valid.target.split('?')
  const isList = parameter.schema['type'] === 'array'
  const isNumber = parameter.schema['type'] === 'integer'
  const fits = (text: string) => document.fitsParameter(operation, parameter, isList ? [text] : isNumber ? (text.trim() === '' ? text : Number(text)) : text)
  const wrong = [...HOSTILE, '0', '101', '1.5', 'ten', '0x', 'x'.repeat(300)].filter((text) => text.isWellFormed() && !fits(text))
  const once = wrong.map((text) => `${parameter.name}=${encodeURIComponent(text)}`)
  const many = isList ? [Array.from({ length: 51 }, (_, index) => `${parameter.name}=S${index}`).join('&')] : parameter.name === 'channel' && operation.path.startsWith('/v1/') ? ['channel=nobody-has-it'] : [`${parameter.name}=1&${parameter.name}=2`]
  return fc.constantFrom(...once, ...many).map((query) => ({ why: `query ${query.slice(0, 80)}`, sign: true, call: { ...valid, target: `${path}?${query}` } }))
}

/** Whatever the schema says of it: a database reads it next. */
const hostileQuery = (name: string, valid: RawCall): fc.Arbitrary<BadCall> => fc.oneof(fc.constantFrom(...HOSTILE.filter((text) => text.isWellFormed()), '%', '_', '"', '*', '\\', 'MTIzIHg', 'aQ', 'Y3g'), fc.string({ unit: 'grapheme', maxLength: 60 }))
  .map((text) => ({ why: `${name} "${text.slice(0, 60)}"`, sign: true, mayFit: true, call: { ...valid, target: `${valid.target.split('?')[0]}?${name}=${encodeURIComponent(text)}` } }))

/** Something else in the place of a name: nothing is there. */
const badPath = (operation: Operation, valid: RawCall): fc.Arbitrary<BadCall> =>
  fc.tuple(fc.constantFrom(...ODD_PARTS), fc.integer({ min: 0, max: 3 })).map(([part, which]) => {
    const names = [...operation.path.matchAll(/\{(\w+)\}/g)]
    const place = names[which % names.length]?.index ?? 0
    const parts = operation.path.slice(0, place).split('/').length - 1
    const target = (valid.target.split('?')[0] ?? '').split('/').map((each, index) => (index === parts ? part : each)).join('/')
    return { why: `path ${target.slice(0, 120)}`, sign: true, ...(operation.id === 'getAvailability' ? { mayFit: true as const } : {}), call: { ...valid, target: target + (valid.target.includes('?') ? `?${valid.target.split('?')[1]}` : '') } }
  })

import type { Context, MiddlewareHandler } from 'hono'
import { uniqueSymbol } from 'hono-openapi'
import type { z } from 'zod'
import { canonicalJson } from '../../contract/canonical.ts'
import type { AppEnv } from './context.ts'
import { invalidRequest, problem } from './problem.ts'
import { shownRequest } from './show-schema.ts'

/** A refusal of a body, as the problem it becomes. */
export type BodyRefusal = { type: 'too-large' | 'unsupported-media-type' | 'invalid-json'; detail: string }
type Read<T> = { ok: true; value: T } | { ok: false; refusal: BodyRefusal }

/** Reads at most `maxBytes` of the body, whatever Content-Length claims. */
export async function readBytes(request: Request, maxBytes: number): Promise<Read<Uint8Array<ArrayBuffer>>> {
  const tooLarge = { ok: false, refusal: { type: 'too-large', detail: `A body here holds at most ${maxBytes} bytes.` } } as const
  if (Number(request.headers.get('Content-Length') ?? 0) > maxBytes) return tooLarge
  const whole = await readStream(request.body, maxBytes)
  return whole ? { ok: true, value: whole } : tooLarge
}

/** The whole stream, or `null` once it is longer than `maxBytes`: a packed body stops growing here. */
export async function readStream(stream: ReadableStream<Uint8Array> | null, maxBytes: number): Promise<Uint8Array<ArrayBuffer> | null> {
  if (!stream) return new Uint8Array()
  const parts: Uint8Array[] = []
  let length = 0
  for await (const part of stream) {
    length += part.length
    if (length > maxBytes) return null
    parts.push(part)
  }
  const whole = new Uint8Array(length)
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

/** JSON is UTF-8 (RFC 8259); a type that says another charset is believed, and refused. */
export const isJson = (contentType: string | null | undefined): boolean =>
  /^application\/json\s*(;|$)/i.test(contentType ?? '') && /^(utf-8|"utf-8")?$/i.test(/;\s*charset=([^;]*)/i.exec(contentType ?? '')?.[1]?.trim() ?? '')

export function parseJsonBytes(bytes: Uint8Array): Read<unknown> {
  try {
    return { ok: true, value: JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: false }).decode(bytes)) }
  } catch {
    return { ok: false, refusal: { type: 'invalid-json', detail: 'The body is not JSON in UTF-8.' } }
  }
}

/** Not 1e400, not half a surrogate pair, not ten thousand brackets: what has no RFC 8785 form cannot be compared or passed on. */
function isCarriable(value: unknown): boolean {
  try {
    return canonicalJson(value) !== ''
  } catch {
    return false
  }
}

export const refuseBody = (c: Context<AppEnv>, refusal: BodyRefusal): Response => problem(c, refusal.type, refusal.detail)

type BodyMiddleware<T extends z.ZodType> = MiddlewareHandler<AppEnv, string, { in: { json: z.input<T> }; out: { json: { parsed: z.output<T>; raw: unknown } } }>

/** Type first, then size, then JSON, then shape. A handler finds what the schema made of it and the JSON as it came: `c.req.valid('json')` is `{ parsed, raw }`. */
export function body<T extends z.ZodType>(schema: T, maxBytes: number): BodyMiddleware<T> {
  return shownBody<BodyMiddleware<T>>(schema, true, async (c, next) => {
    if (!isPlainJson(c)) return refuseType(c)
    const bytes = await readBytes(c.req.raw, maxBytes)
    if (!bytes.ok) return refuseBody(c, bytes.refusal)
    return takeJson(c, bytes.value, schema, next)
  })
}

/** The document shows the very schema that checks. */
export const shownBody = <M extends object>(schema: z.ZodType, required: boolean, middleware: M): M =>
  Object.assign(middleware, { [uniqueSymbol]: { spec: { requestBody: { required, content: { 'application/json': { schema: shownRequest(schema) } } } } } })

/** As `body`, and no body at all, of whatever type, is `{}`. */
export function optionalBody<T extends z.ZodType>(schema: T, maxBytes: number): BodyMiddleware<T> {
  return shownBody<BodyMiddleware<T>>(schema, false, async (c, next) => {
    const bytes = await readBytes(c.req.raw, maxBytes)
    if (!bytes.ok) return refuseBody(c, bytes.refusal)
    if (bytes.value.length > 0 && !isPlainJson(c)) return refuseType(c)
    return takeJson(c, bytes.value.length > 0 ? bytes.value : new TextEncoder().encode('{}'), schema, next)
  })
}

/** Only a connector packs what it sends (stores/signed-routes.ts). */
const isPlainJson = (c: Context<AppEnv>): boolean => isJson(c.req.header('Content-Type')) && /^(identity)?$/i.test(c.req.header('Content-Encoding') ?? '')

const refuseType = (c: Context<AppEnv>): Response => refuseBody(c, { type: 'unsupported-media-type', detail: 'Send the body as application/json in UTF-8, not packed.' })

async function takeJson(c: Context<AppEnv>, bytes: Uint8Array, schema: z.ZodType, next: () => Promise<void>): Promise<Response | void> {
  const json = parseJsonBytes(bytes)
  if (!json.ok) return refuseBody(c, json.refusal)
  if (!isCarriable(json.value)) return problem(c, 'invalid-request', 'The body holds a number or text that JSON cannot carry.', { errors: [{ path: '', message: 'expected finite numbers and whole characters' }] })
  const parsed = schema.safeParse(json.value)
  if (!parsed.success) return invalidRequest(c, parsed.error)
  c.req.addValidatedData('json', { parsed: parsed.data, raw: json.value } as object)
  return next()
}

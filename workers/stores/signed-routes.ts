import type { Context, MiddlewareHandler } from 'hono'
import type { z } from 'zod'
import { CONNECTOR_VERSION_HEADER, FIRST_CONNECTOR_VERSION, isOlder, versionSaid } from '../../contract/connector-version.ts'
import { SECRET_PREFIX, verifyCall } from '../../contract/signing.ts'
import { isJson, parseJsonBytes, readBytes, readStream, refuseBody, shownBody } from '../gateway/body.ts'
import type { BodyRefusal } from '../gateway/body.ts'
import type { AppEnv } from '../gateway/context.ts'
import { invalidRequest, problem } from '../gateway/problem.ts'
import { log } from '../log.ts'
import type { Store } from './port.ts'

/** Fits no signature: an unknown store costs a caller as much as a wrong signature, and the answer is the same. */
const NOBODYS_SECRETS = [`${SECRET_PREFIX}${btoa('no store has these thirty-two b.')}`]
/** Headers of a GET say nothing else than who calls. */
type SignedGet = { in: { header: object }; out: { header: { store: Store } } }
type SignedJson<T extends z.ZodType> = { in: { json: z.input<T> }; out: { json: { store: Store; parsed: z.output<T>; raw: unknown } } }

/** A GET signed by the store it is about: `c.req.valid('header').store`. */
export const signedGet: MiddlewareHandler<AppEnv, string, SignedGet> = async (c, next) => {
  const store = await whoSigned(c, new Uint8Array())
  if (!store) return refuseSignature(c)
  const tooOld = refuseVersion(c, store)
  if (tooOld) return tooOld
  c.req.addValidatedData('header', { store })
  return next()
}

/**
 * A body signed by the store it is about, in `c.req.valid('json')` with the JSON as it came beside it. Size first, because
 * nothing longer is read; then the signature over the bytes as sent; then type, unpacking, JSON and shape.
 */
export function signedJson<T extends z.ZodType>(schema: T, maxBytes: number): MiddlewareHandler<AppEnv, string, SignedJson<T>> {
  return shownBody<MiddlewareHandler<AppEnv, string, SignedJson<T>>>(schema, true, async (c, next) => {
    const bytes = await readBytes(c.req.raw, maxBytes)
    if (!bytes.ok) return refuseBody(c, bytes.refusal)
    const store = await whoSigned(c, bytes.value)
    if (!store) return refuseSignature(c)
    const tooOld = refuseVersion(c, store)
    if (tooOld) return tooOld
    if (!isJson(c.req.header('Content-Type'))) return refuseBody(c, { type: 'unsupported-media-type', detail: 'Send the body as application/json.' })
    const unpacked = await unpack(bytes.value, c.req.header('Content-Encoding'), maxBytes)
    if ('type' in unpacked) return refuseBody(c, unpacked)
    const json = parseJsonBytes(unpacked.bytes)
    if (!json.ok) return refuseBody(c, json.refusal)
    const parsed = schema.safeParse(json.value)
    if (!parsed.success) return invalidRequest(c, parsed.error)
    c.req.addValidatedData('json', { store, parsed: parsed.data, raw: json.value } as object)
    return next()
  })
}

const refuseSignature = (c: Context<AppEnv>): Response =>
  problem(c, 'bad-signature', 'Unknown store, wrong signature, or a clock that is off by more than five minutes; compare yours with Date.')

/** Said to a store's own connector only, and before its body is read: what an old one says may mean something else by now. */
function refuseVersion(c: Context<AppEnv>, { storeId }: Store): Response | null {
  const least = c.env.CONNECTOR_VERSION_MIN ?? FIRST_CONNECTOR_VERSION
  const said = versionSaid(c.req.header(CONNECTOR_VERSION_HEADER))
  if (!isOlder(said, least)) return null
  log('connect.too_old', { storeId, version: said, minVersion: least, requestId: c.var.requestId })
  return problem(c, 'connector-too-old', `This connector is ${said}; the edge needs at least ${least}. Install a newer one over it, with the same configuration and journal, and start it again: nothing is lost.`, { version: said, minVersion: least })
}

/** The target is as it stands in the address, nothing decoded. */
async function whoSigned(c: Context<AppEnv>, body: Uint8Array): Promise<Store | null> {
  const store = await c.var.ports.stores.find(c.req.param('storeId') ?? '')
  const target = c.req.url.slice(new URL(c.req.url).origin.length)
  const fits = await verifyCall(store?.secrets ?? NOBODYS_SECRETS, c.req.raw.headers, { method: c.req.method, target, body }, c.var.ports.clock())
  return fits ? store : null
}

async function unpack(bytes: Uint8Array<ArrayBuffer>, encoding: string | undefined, maxBytes: number): Promise<{ bytes: Uint8Array } | BodyRefusal> {
  if (encoding === undefined || /^identity$/i.test(encoding)) return { bytes }
  if (!/^gzip$/i.test(encoding)) return { type: 'unsupported-media-type', detail: 'The only Content-Encoding taken is gzip.' }
  try {
    const unpacked = await readStream(new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip')), maxBytes)
    return unpacked ? { bytes: unpacked } : { type: 'too-large', detail: `A body here holds at most ${maxBytes} bytes, unpacked.` }
  } catch {
    return { type: 'invalid-json', detail: 'The body is not what its Content-Encoding says.' }
  }
}

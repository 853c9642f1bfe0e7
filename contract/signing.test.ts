import { describe, expect, it } from 'vitest'
import vectors from './signing-vectors.json' with { type: 'json' }
import { createSecret, fromBase64, signCall, signedHeaders, SIGNING_HEADERS, verifyCall } from './signing.ts'

const bytes = (base64: string) => fromBase64(base64) ?? new Uint8Array()
const text = (value: string) => new TextEncoder().encode(value)
const call = { id: 'msg_1', timestampS: 1_790_000_000, method: 'POST', target: '/connect/v1/stores/main/events', body: text('{"a":1}') }
const at = call.timestampS * 1000

describe('signing of our own links', () => {
  it.each(vectors.vectors)('signs $name as another implementation does', async ({ secret, signature, bodyBase64, ...rest }) => {
    expect(await signCall([secret], { ...rest, body: bytes(bodyBase64) })).toBe(signature)
  })

  it('accepts either of two live secrets, signed with either or both', async () => {
    const [older, newer] = [createSecret(), createSecret()]
    for (const signing of [[older], [newer], [newer, older]]) {
      const headers = new Headers(await signedHeaders(signing, call))
      expect(await verifyCall([newer, older], headers, call, at)).toBe(true)
    }
  })

  it('refuses another secret, body, path, method or id', async () => {
    const secret = createSecret()
    const headers = await signedHeaders([secret], call)
    const refuses = async (change: object, secrets = [secret], over: Record<string, string> = {}) =>
      expect(await verifyCall(secrets, new Headers({ ...headers, ...over }), { ...call, ...change }, at)).toBe(false)
    await refuses({}, [createSecret()])
    await refuses({ body: text('{"a":2}') })
    await refuses({ target: `${call.target}?x=1` })
    await refuses({ method: 'PUT' })
    await refuses({}, [secret], { [SIGNING_HEADERS.id]: 'msg_2' })
    await refuses({}, [secret], { [SIGNING_HEADERS.signature]: 'v1,%%%' })
    await refuses({}, [secret], { [SIGNING_HEADERS.signature]: '' })
  })

  it('refuses what is older or newer than five minutes', async () => {
    const secret = createSecret()
    const headers = new Headers(await signedHeaders([secret], call))
    expect(await verifyCall([secret], headers, call, at + 299_000)).toBe(true)
    expect(await verifyCall([secret], headers, call, at + 301_000)).toBe(false)
    expect(await verifyCall([secret], headers, call, at - 301_000)).toBe(false)
  })
})

import { expect, it } from 'vitest'
import { signWebhook, verifyWebhook } from './standard-webhooks.ts'

// The vector published with Standard Webhooks' reference libraries.
const vector = {
  secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
  id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
  timestampS: 1614265330,
  body: '{"test": 2432232314}',
  signature: 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
}

it('signs as the reference libraries do', async () => {
  expect(await signWebhook(vector.secret, vector)).toBe(vector.signature)
})

it('accepts its own signature while fresh, and no other', async () => {
  const headers = new Headers({ 'webhook-id': vector.id, 'webhook-timestamp': String(vector.timestampS), 'webhook-signature': `v1,AAAA ${vector.signature}` })
  const now = vector.timestampS * 1000
  expect(await verifyWebhook(vector.secret, headers, vector.body, now)).toBe(true)
  expect(await verifyWebhook(vector.secret, headers, `${vector.body} `, now)).toBe(false)
  expect(await verifyWebhook(vector.secret, headers, vector.body, now + 301_000)).toBe(false)
})

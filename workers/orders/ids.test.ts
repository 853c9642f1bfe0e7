import { expect, it } from 'vitest'
import { OrderId } from '../../contract/values.ts'
import { accessTokenFor, deriveOrderId, isAccessToken, orderIdOf } from './ids.ts'

const MASTER = 'master-key-for-tests'

it('the same key of the same channel is the same order, any other is another', async () => {
  const first = await deriveOrderId(MASTER, 'web', 'key-1')
  expect(await deriveOrderId(MASTER, 'web', 'key-1')).toEqual(first)
  expect(OrderId.safeParse(first.orderId).success).toBe(true)
  expect(first.number).toMatch(/^[0-9A-Z]{5}-[0-9A-Z]{5}$/)
  const others = await Promise.all([deriveOrderId(MASTER, 'web', 'key-2'), deriveOrderId(MASTER, 'app', 'key-1'), deriveOrderId('other', 'web', 'key-1'), deriveOrderId(MASTER, 'web\nkey', '1')])
  expect(new Set([first, ...others].map((each) => each.orderId)).size).toBe(5)
})

it('an access token opens its own order and no other', async () => {
  const token = await accessTokenFor(MASTER, 'ord_a')
  expect(token).toMatch(/^[\w-]{43}$/)
  expect(await isAccessToken(MASTER, 'ord_a', token)).toBe(true)
  expect(await isAccessToken(MASTER, 'ord_b', token)).toBe(false)
  expect(await isAccessToken(MASTER, 'ord_a', `${token.slice(0, -2)}AA`)).toBe(false)
  expect(await isAccessToken(MASTER, 'ord_a', '%%%')).toBe(false)
})

it('an assignment names its order', () => expect(orderIdOf('ord_0123456789abcdefghjkmnpqrs.12')).toBe('ord_0123456789abcdefghjkmnpqrs'))

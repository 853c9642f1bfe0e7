import { expect, it } from 'vitest'
import type { Answer } from '../local/edge-api.ts'
import { seeded } from '../simulation/random.ts'
import { shop, shopperOf } from './shoppers.ts'
import type { Town } from './town.ts'

/** A town whose edge answers every order so. */
const answering = (status: number): Pick<Town, 'web'> => {
  const place = async (): Promise<Answer> => ({ status, headers: new Headers({ 'Content-Type': 'application/problem+json' }), text: '{}', body: {} })
  return { web: { place } as unknown as Town['web'] }
}
const told = async (status: number) => {
  const random = seeded(7)
  return shop(answering(status) as Town, shopperOf(random, 'a', ['TEA']), random, { placed: 0, refused: 0, calls: 0, unanswered: 0, atOnce: 0, cancels: 0 })
}

it('takes "sold out" for an answer, and no other refusal of a basket that is in order', async () => {
  expect(await told(409)).toMatchObject({ orderId: null, contradictions: [] })
  for (const status of [401, 404, 422]) expect((await told(status)).contradictions).not.toEqual([])
})

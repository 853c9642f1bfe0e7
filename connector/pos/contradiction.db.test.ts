import { afterEach, expect, inject, test } from 'vitest'
import { faultFields } from '../fault.ts'
import { memoryPos, PosAway } from '../test-shop.ts'
import { lookAtFirst } from './contradiction.ts'
import { openTestShop, type TestShop } from './ospos/test-shop.ts'
import { DatabaseFault, type FaultKind } from './sql/database-fault.ts'

let shop: TestShop | null = null
afterEach(async () => {
  await shop?.close()
  shop = null
})

test('a POS that answers and has no such location, no such table or lets nobody in contradicts the configuration; one that is as it says does not', async () => {
  shop = await openTestShop(inject('mariadb'))
  await shop.addItem({ price: '4.99', stock: 3 })
  expect(await lookAtFirst(shop.pos)).toEqual({ kind: 'answers' })

  const elsewhere = await lookAtFirst(shop.open({ location: 'Nowhere' }))
  expect(elsewhere.kind).toBe('contradicts')
  expect(elsewhere.kind === 'answers' ? null : faultFields(elsewhere.error)).toMatchObject({ why: 'The POS has no stock location Nowhere.', hint: expect.stringContaining('Set pos.location') as string })

  expect(await lookAtFirst(shop.open({}, undefined, { user: 'nobody', password: 'wrong' }))).toMatchObject({ kind: 'contradicts', error: { kind: 'login' } })
  await shop.register.db.query('RENAME TABLE ospos_item_quantities TO elsewhere')
  expect(await lookAtFirst(shop.pos)).toMatchObject({ kind: 'contradicts', error: { kind: 'no-table' } })
})

test.each([['unreachable', 'away'], ['lost', 'away'], ['timeout', 'away'], ['too-many', 'away'], ['full', 'away'], ['no-column', 'contradicts'], ['no-grant', 'contradicts']] as const)('a database that says %s is %s', async (kind: FaultKind, look) => {
  const pos = { ...memoryPos({ A: 1 }), currentCursor: () => Promise.reject(new DatabaseFault(kind, 'X', 'It says', 'Look')) }
  expect((await lookAtFirst(pos)).kind).toBe(look)
})

test('what is not there yet is told by the reading that wants it', async () => {
  const pos = { ...memoryPos({ A: 1 }), readSnapshot: () => Promise.reject(new PosAway('no file yet')) }
  expect(await lookAtFirst(pos)).toEqual({ kind: 'answers' })
})

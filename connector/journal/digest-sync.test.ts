import fc from 'fast-check'
import { expect, test } from 'vitest'
import { EMPTY_DIGEST, nextDigest } from '../../contract/digest.ts'
import { itemHash } from '../../contract/product.ts'
import { itemOf } from '../test-shop.ts'
import { hashOfItem } from './baseline.ts'
import { nextDigestSync } from './digest-sync.ts'

const json = fc.jsonValue().filter((value) => JSON.stringify(value).isWellFormed() && !JSON.stringify(value).includes('\\ud'))

test('the synchronous digest is the contract\'s, for any chain of events', async () => {
  await fc.assert(fc.asyncProperty(fc.array(json, { maxLength: 5 }), async (events) => {
    let theirs = EMPTY_DIGEST
    let ours = EMPTY_DIGEST
    for (const event of events) {
      theirs = await nextDigest(theirs, event)
      ours = nextDigestSync(ours, event)
    }
    expect(ours).toBe(theirs)
  }))
})

test('an item has the contract\'s hash, whether its defaults are filled in or not', async () => {
  const item = itemOf('A-1')
  expect(hashOfItem(item)).toBe(await itemHash(item))
  expect(hashOfItem({ ...item, imageUrl: '' })).toBe(await itemHash(item))
})

test('an item that the contract refuses still has a hash, and another one when it changes', () => {
  const refused = { ...itemOf('A-1'), name: '' }
  expect(hashOfItem(refused)).not.toBe(hashOfItem({ ...refused, taxRate: '7' }))
})

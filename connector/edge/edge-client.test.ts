import { expect, test } from 'vitest'
import { faultFields } from '../fault.ts'
import { SECRET, STORE_ID } from '../test-shop.ts'
import { createEdgeClient } from './edge-client.ts'

const faultAt = async (url: string) => {
  const edge = createEdgeClient({ url, storeId: STORE_ID, secrets: [SECRET], version: '0.2.0', clock: { now: () => 0, learn: () => {}, atLeast: () => {}, skewMs: () => null } })
  return edge.pending().then(() => null, faultFields)
}

test('an edge that does not answer is named by its host, with the cause and what to look at', async () => {
  // Nothing serves at port 2; port 9 is one that fetch itself refuses.
  expect(await faultAt('http://127.0.0.1:2')).toMatchObject({ hint: expect.stringContaining('no answer from 127.0.0.1:2 (ECONNREFUSED): nothing listens there') as string })
  expect(await faultAt('http://127.0.0.1:9')).toMatchObject({ hint: expect.stringContaining('(bad port)') as string })
})

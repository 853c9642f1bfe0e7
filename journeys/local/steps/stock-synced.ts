import assert from 'node:assert/strict'
import { until } from '../until.ts'
import type { Step } from './step.ts'

const SYNC_WITHIN_MS = 60_000
/** How many SKUs are asked about at once. */
const ASKED_AT_ONCE = 16

export const stockSynced: Step = {
  name: 'stock synced',
  run: async ({ till, operator, shop }) => {
    const levels = [...till.stock()]
    assert.ok(levels.length > 0, 'the till has counted nothing')
    await Promise.all(Array.from({ length: ASKED_AT_ONCE }, async (_, offset) => {
      for (let index = offset; index < levels.length; index += ASKED_AT_ONCE) {
        const [sku = ''] = levels[index] ?? []
        await until(`the edge to know ${till.onHand(sku)} of ${sku}`, SYNC_WITHIN_MS, async () => {
          const explained = await operator.explain(sku)
          const onHand = explained?.stores.find((store) => store.storeId === shop.storeId)?.onHand ?? null
          if (onHand !== till.onHand(sku)) throw new Error(`it says ${onHand}`)
          return true
        }, 200)
      }
    }))
    return `${levels.length} levels at the edge as in the till`
  },
}

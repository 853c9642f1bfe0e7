import { inject } from 'vitest'
import { posSuite } from '../pos-suite.ts'
import { openTestShop } from './test-shop.ts'

for (const orders of ['suspended', 'completed'] as const) {
  posSuite(`Open Source POS, orders ${orders}`, async () => {
    const { uncommitted: pos, open: reopen, memory, floor, close } = await openTestShop(inject('mariadb'), { orders })
    return { pos, reopen, memory, floor, close }
  }, {
    steps: orders === 'suspended' ? 'a sale is suspended or completed, with nothing between' : 'a finished sale only changes its payment',
    shipping: 'a sale does not say how the goods leave',
    reasons: 'cancelling a sale asks for none',
  })
}

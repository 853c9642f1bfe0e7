import { z } from 'zod'
import { ResumeSelling, Stop, StopSelling } from '../../contract/stops.ts'
import { page } from '../../contract/values.ts'
import { BODY_PROBLEMS } from '../gateway/describe.ts'
import type { DescribedRoutes } from '../gateway/describe.ts'
import { exampleOf, nameAnswer } from '../gateway/show-schema.ts'

const AT = '2026-11-27T10:00:00.000Z'
const stop = { sku: 'CLO-00003', storeId: 'high-street', by: 'operator' as const, why: 'recalled by its maker', since: AT, until: null }
const StopPage = page(Stop)
/** `sold: false`: the store itself has stopped it, too. */
const Resumed = z.object({ sku: z.string(), storeId: z.string().nullable(), sold: z.boolean() })
exampleOf(StopSelling, { sku: 'CLO-00003', storeId: 'high-street', why: 'recalled by its maker' })
exampleOf(ResumeSelling, { sku: 'CLO-00003', storeId: 'high-street' })
nameAnswer('Stop', Stop, stop)
nameAnswer('StopPage', StopPage, { items: [stop], nextCursor: null })
nameAnswer('Resumed', Resumed, { sku: 'CLO-00003', storeId: 'high-street', sold: true })

const base = { tag: 'operator: inventory', security: 'operator' } as const
const headers = ['Cache-Control'] as const

export const describedStops: DescribedRoutes = () => ({
  'GET /admin/v1/stops': { ...base, id: 'listStops', summary: 'What is not sold on the web for now, and why', answers: { 200: { when: 'A page.', schema: StopPage, headers } }, problems: ['unauthorized', 'invalid-request'] },
  'POST /admin/v1/stops': { ...base, id: 'stopSelling', summary: 'Take a SKU off the web at once', description: 'At one store or at all, until then or until it is lifted. Orders that stand go on.', answers: { 201: { when: 'It cannot be bought any more.', schema: Stop, headers } }, problems: ['unauthorized', 'forbidden', 'store-not-found', ...BODY_PROBLEMS] },
  'POST /admin/v1/stops/lift': { ...base, id: 'resumeSelling', summary: 'Put it back', answers: { 200: { when: 'Lifted; what the store itself has stopped stays so.', schema: Resumed, headers } }, problems: ['unauthorized', 'forbidden', ...BODY_PROBLEMS] },
})

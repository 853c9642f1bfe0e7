import { DailyTotals, Sale } from '../../contract/sales.ts'
import { page } from '../../contract/values.ts'
import type { DescribedRoutes } from '../gateway/describe.ts'
import { nameAnswer } from '../gateway/show-schema.ts'

const AT = '2026-11-27T10:00:00.000Z'
const usd = (amountMinor: number) => ({ amountMinor, currency: 'USD' })
const AllSalesPage = page(Sale)
nameAnswer('AllSalesPage', AllSalesPage, {
  items: [{ kind: 'sale', id: 'high-street/T-000017', channel: 'till', storeIds: ['high-street'], at: AT, total: usd(1299), lines: [{ sku: 'CLO-00003', name: null, quantity: 1, unitPrice: usd(1299), lineTotal: usd(1299) }], number: null, status: null, orderId: null, assignmentId: null, partOf: null }],
  nextCursor: null,
})
nameAnswer('DailyTotals', DailyTotals, { items: [{ storeId: 'high-street', day: '2026-11-27', channel: 'till', sales: { count: 17, total: usd(25_900) }, returns: { count: 1, total: usd(-1299) }, total: usd(24_601) }], nextCursor: null })

const base = { tag: 'operator: sales', security: 'operator' } as const
const headers = ['Cache-Control'] as const
const FILES = { 'text/csv': { schema: { type: 'string', description: 'A row for each line, with a header.' } }, 'application/x-ndjson': { schema: { type: 'string', description: 'A sale a line, as the list has it.' } } }

export const describedSales: DescribedRoutes = () => ({
  'GET /admin/v1/sales': { ...base, id: 'listAllSales', summary: 'Web orders, and sales and returns at the tills, newest first', description: 'By store, channel (`till`: over a counter), SKU, kind and time.', answers: { 200: { when: 'A page.', schema: AllSalesPage, headers } }, problems: ['unauthorized', 'invalid-request'] },
  'GET /admin/v1/sales/totals': {
    ...base, id: 'readDailyTotals', summary: 'What each till booked on each of its days, by channel', description: 'By the store\'s own calendar. A web order counts when its goods have left.',
    answers: { 200: { when: 'All of them.', schema: DailyTotals, headers } }, problems: ['unauthorized', 'invalid-request'],
  },
  'GET /admin/v1/sales/export': { ...base, id: 'exportSales', summary: 'The list as a file, oldest first', description: 'Streamed: as many rows as there are.', answers: { 200: { when: 'The file.', schema: null, headers, content: FILES } }, problems: ['unauthorized', 'invalid-request'] },
})

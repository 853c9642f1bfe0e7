import type { Order } from '../../contract/order.ts'
import type { MailSubject } from './render.ts'

const AT = '2026-11-27T10:00:00.000Z'
const usd = (amountMinor: number) => ({ amountMinor, currency: 'USD' })

const EXAMPLE: Order = {
  id: 'ord_00000000000000000000000000', number: 'A1B2C-D3E4F', channel: '', status: 'placed', cancelRequestedAt: null,
  lines: [
    { lineId: '1', sku: 'CLO-00003', name: 'Green tea, loose', quantity: 2, unit: 'each', unitPrice: usd(1299), taxIncluded: false, taxRate: '8.875', lineTotal: usd(2598), taxAmount: usd(231), cancelledQuantity: 0 },
    { lineId: '2', sku: 'CLO-00017', name: 'Coffee beans', quantity: 750, unit: 'g', unitPrice: usd(1800), taxIncluded: false, taxRate: '8.875', lineTotal: usd(1350), taxAmount: usd(120), cancelledQuantity: 0 },
  ],
  totals: { subtotal: usd(3948), tax: usd(351), shipping: usd(0), total: usd(4299) },
  fulfillment: { method: 'pickup', storeId: 'high-street' }, fulfillments: [], customer: { name: 'A Shopper', email: 'shopper@shop.example' }, payment: null, returns: [], note: null,
  placedAt: AT, updatedAt: AT, version: 1, promisedAt: '2026-11-27T14:00:00.000Z', erasedAt: null,
}

/** What a preview shows, and a test sends. */
export const exampleSubject = (channel: string): MailSubject => ({ order: { ...EXAMPLE, channel }, store: { name: 'High Street', timeZone: 'America/New_York' }, token: 'example-token' })

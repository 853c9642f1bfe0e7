import { ChannelPrice, PricesRemoved, PricesSet, RemovePrices, SetPrices } from '../../contract/prices.ts'
import { page } from '../../contract/values.ts'
import { BODY_PROBLEMS } from '../gateway/describe.ts'
import type { DescribedRoutes } from '../gateway/describe.ts'
import { exampleOf, nameAnswer } from '../gateway/show-schema.ts'

const AT = '2026-11-27T10:00:00.000Z'
const price = { amountMinor: 999, currency: 'USD' }
const PricePage = page(ChannelPrice)
exampleOf(SetPrices, { prices: [{ sku: 'CLO-00003', price, validFrom: '2030-11-29T00:00:00Z', validTo: '2030-12-02T00:00:00Z' }] })
exampleOf(RemovePrices, { prices: [{ sku: 'CLO-00003', validFrom: '2030-11-29T00:00:00Z' }] })
nameAnswer('ChannelPricePage', PricePage, { items: [{ channelId: 'boutique', sku: 'CLO-00003', storeId: null, price, validFrom: AT, validTo: null, updatedAt: AT }], nextCursor: null })
nameAnswer('PricesSet', PricesSet, { prices: 1, unknown: [] })
nameAnswer('PricesRemoved', PricesRemoved, { prices: 1 })

const base = { tag: 'operator: channels', security: 'operator' } as const
const headers = ['Cache-Control'] as const
const at = '/admin/v1/channels/:channelId/prices'

export const describedPrices: DescribedRoutes = () => ({
  [`GET ${at}`]: { ...base, id: 'listPrices', summary: 'A channel\'s own prices', description: 'With `sku` those of one. Where there is none, the tills\' own prices count.', answers: { 200: { when: 'A page, those that are over included.', schema: PricePage, headers } }, problems: ['unauthorized', 'channel-not-found', 'invalid-request'] },
  [`PUT ${at}`]: { ...base, id: 'setPrices', summary: 'Set prices of a channel', description: 'All of them or none; what is not named stays.', answers: { 200: { when: 'Set.', schema: PricesSet, headers } }, problems: ['unauthorized', 'forbidden', 'channel-not-found', ...BODY_PROBLEMS] },
  [`POST ${at}/remove`]: { ...base, id: 'removePrices', summary: 'Take prices back', answers: { 200: { when: 'How many there were.', schema: PricesRemoved, headers } }, problems: ['unauthorized', 'forbidden', 'channel-not-found', ...BODY_PROBLEMS] },
})

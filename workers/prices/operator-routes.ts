import { Hono } from 'hono'
import { fromInstant, toInstant } from '../../contract/clock.ts'
import { RemovePrices, SetPrices } from '../../contract/prices.ts'
import { Sku } from '../../contract/values.ts'
import { body } from '../gateway/body.ts'
import type { AppEnv } from '../gateway/context.ts'
import { encodeCursor, PageQuery, place } from '../gateway/paging.ts'
import { problem } from '../gateway/problem.ts'
import { query } from '../gateway/query.ts'
import type { ListedPrice, PriceKey, StoredPrice } from './port.ts'

/** 500 prices of 200 bytes. */
const BODY_BYTES_MAX = 200_000
const NO_STORE = { 'Cache-Control': 'no-store' }

const PriceCursor = place((text): PriceKey | null => {
  const [, validFrom = '', storeId = '', sku] = /^(\d{1,15}) (\S*) (.+)$/u.exec(text) ?? []
  return sku === undefined ? null : { sku, storeId: storeId === '' ? null : storeId, validFrom: Number(validFrom) }
})
const PricesQuery = PageQuery.extend({ cursor: PriceCursor, sku: Sku.optional() })

/** What a channel asks for instead of the tills' own prices, mounted at `/admin/v1/channels/:channelId/prices` behind the gateway's authentication. */
export const operatorPrices = new Hono<AppEnv>()

operatorPrices.use(async (c, next) =>
  (await c.var.ports.channels.find(c.req.param('channelId') ?? '')) ? next() : problem(c, 'channel-not-found', 'There is no channel with this id. Register it first.'))

const toAnswer = ({ amountMinor, currency, validFrom, validTo, updatedAt, ...price }: StoredPrice) =>
  ({ ...price, price: { amountMinor, currency }, validFrom: toInstant(validFrom), validTo: validTo === null ? null : toInstant(validTo), updatedAt: toInstant(updatedAt) })

operatorPrices.get('/', query(PricesQuery), async (c) => {
  const { sku, cursor, limit } = c.req.valid('query')
  const found = await c.var.ports.prices.list(c.req.param('channelId') ?? '', sku ?? null, cursor, limit + 1)
  const last = found.length > limit ? found[limit - 1] : undefined
  return c.json({ items: found.slice(0, limit).map(toAnswer), nextCursor: last ? encodeCursor(`${last.validFrom} ${last.storeId ?? ''} ${last.sku}`) : null }, 200, NO_STORE)
})

operatorPrices.put('/', body(SetPrices, BODY_BYTES_MAX), async (c) => {
  const { ports, actor } = c.var
  const channelId = c.req.param('channelId') ?? ''
  const now = ports.clock()
  const listed = c.req.valid('json').parsed.prices.map(({ sku, storeId, price, validFrom, validTo }): ListedPrice =>
    ({ sku, storeId: storeId ?? null, ...price, validFrom: validFrom === undefined ? now : fromInstant(validFrom), validTo: validTo === undefined ? null : fromInstant(validTo) }))
  const rows = Map.groupBy(await ports.catalog.sellable([...new Set(listed.map(({ sku }) => sku))], null), ({ sku }) => sku)
  const currenciesOf = ({ sku, storeId }: ListedPrice) => (rows.get(sku) ?? []).flatMap((row) => (row.item && (storeId === null || row.storeId === storeId) ? [row.item.price.currency] : []))
  const errors = listed.flatMap((price, index) => {
    const currencies = [...new Set(currenciesOf(price))]
    const isFault = currencies.length > 0 && !currencies.includes(price.currency)
    const isOver = price.validTo !== null && price.validTo <= Math.max(now, price.validFrom)
    return [
      ...(isFault ? [{ path: `/prices/${index}/price/currency`, message: `expected ${currencies.join(' or ')}, in which the stores sell ${price.sku}` }] : []),
      ...(isOver ? [{ path: `/prices/${index}/validTo`, message: 'expected an instant that is still to come, after validFrom' }] : []),
    ]
  })
  if (errors.length > 0) return problem(c, 'invalid-request', 'Not all of these prices can be asked; none was set.', { errors: errors.slice(0, ERRORS_MAX) })
  await ports.prices.set(channelId, listed, now)
  await ports.audit.record({ actor, action: 'prices.set', subject: channelId, detail: `${listed.length} prices: ${[...new Set(listed.map(({ sku }) => sku))].slice(0, SKUS_NAMED).join(' ')}` })
  return c.json({ prices: listed.length, unknown: [...new Set(listed.map(({ sku }) => sku))].filter((sku) => !rows.has(sku)) }, 200, NO_STORE)
})
/** Enough to mend a file by. */
const ERRORS_MAX = 20
/** In the audit log: enough to see what it was about. */
const SKUS_NAMED = 5

operatorPrices.post('/remove', body(RemovePrices, BODY_BYTES_MAX), async (c) => {
  const { ports, actor } = c.var
  const channelId = c.req.param('channelId') ?? ''
  const keys = c.req.valid('json').parsed.prices.map(({ sku, storeId, validFrom }): PriceKey => ({ sku, storeId: storeId ?? null, validFrom: fromInstant(validFrom) }))
  const removed = await ports.prices.remove(channelId, keys, ports.clock())
  await ports.audit.record({ actor, action: 'prices.remove', subject: channelId, detail: `${removed} prices: ${[...new Set(keys.map(({ sku }) => sku))].slice(0, SKUS_NAMED).join(' ')}` })
  return c.json({ prices: removed }, 200, NO_STORE)
})

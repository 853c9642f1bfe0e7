import { SqlConfig } from '../sql/sql-config.ts'

/** A word of the shop's queries that is misspelt: where it stands, the word, the mistake; and under which place the doctor tells it, with which word. */
export const SPOILED: [at: string, word: string, mistake: string, toldAt: string, says: string][] = [
  misspelt('pos.goods.query', 'shelf', 'shelfs'),
  misspelt('pos.goods.query', 'price', 'prise'),
  misspelt('pos.goods.columns.price', 'price', 'prise', 'pos.goods.columns'),
  misspelt('pos.goods.barcodes.query', 'codes', 'kodes'),
  misspelt('pos.goods.barcodes.barcode', 'code', 'kode', 'pos.goods.barcodes'),
  misspelt('pos.sales.query', 'bill_lines', 'bill_line'),
  misspelt('pos.sales.query', 'price', 'prise'),
  misspelt('pos.sales.columns.at', 'sold_at', 'sold', 'pos.sales.columns'),
  misspelt('pos.orders.find', 'bills', 'bils'),
  misspelt('pos.orders.find', 'state', 'stat'),
  ['pos.orders.find', 'AS reference', 'AS number', 'pos.orders.find', 'no column reference'],
  misspelt('pos.orders.stock.0', 'shelf', 'shelve'),
  misspelt('pos.orders.stock.1', 'qty', 'quantity'),
  ['pos.orders.stock.1', 'onHand', 'hand', 'pos.orders.stock.1', 'no column onHand'],
  misspelt('pos.orders.write.0.run', 'bills', 'bils'),
  misspelt('pos.orders.write.0.run', 'total', 'totals'),
  misspelt('pos.orders.write.1.run', 'bill_lines', 'bill_line'),
  misspelt('pos.orders.write.1.run', 'price', 'prise'),
  misspelt('pos.orders.write.2.run', 'shelf', 'shelve'),
  misspelt('pos.orders.write.2.run', 'qty', 'quantity'),
  misspelt('pos.orders.void.0.run', 'bills', 'bils'),
  misspelt('pos.orders.void.1.run', 'goods_id', 'good_id'),
  misspelt('pos.orders.lines', 'qty', 'quantity'),
  ['pos.orders.lines', 'AS quantity', 'AS pieces', 'pos.orders.lines', 'no column quantity'],
  misspelt('pos.orders.changes', 'bills', 'bils'),
  misspelt('pos.orders.changes', 'state', 'stat'),
]

function misspelt(at: string, word: string, mistake: string, toldAt = at): (typeof SPOILED)[number] {
  return [at, word, mistake, toldAt, mistake]
}

/** The configuration with that mistake. */
export function spoil(config: SqlConfig, at: string, word: string, mistake: string): SqlConfig {
  const spoiled: unknown = structuredClone(config)
  const path = at.split('.').slice(1)
  let holder = spoiled
  for (const key of path.slice(0, -1)) holder = inside(holder, key)
  const text = inside(holder, path.at(-1) ?? '')
  if (typeof text !== 'string' || typeof holder !== 'object' || holder === null || !text.includes(word)) throw new TypeError(`nothing to spoil at ${at}`)
  Reflect.set(holder, path.at(-1) ?? '', text.replace(word, mistake))
  return SqlConfig.parse(spoiled)
}

const inside = (holder: unknown, key: string): unknown => (typeof holder === 'object' && holder !== null ? Reflect.get(holder, key) : undefined)

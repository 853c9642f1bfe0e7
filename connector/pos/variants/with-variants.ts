import type { Item } from '../../../contract/product.ts'
import { identifierType } from '../embedded/items.ts'
import type { Pos } from '../port.ts'
import type { VariantBook } from './variants-file.ts'

/** An item shows as many. */
const IDENTIFIERS_MAX = 32

/** A POS whose items say, beside what it knows of them, what the shop's own table does. */
export function withVariants(pos: Pos, book: VariantBook | undefined): Pos {
  if (!book) return pos
  const told = (items: readonly Item[]): Item[] => items.map((item) => tell(item, book))
  return {
    ...pos,
    readChanges: async (cursor) => {
      const changes = await pos.readChanges(cursor)
      return { ...changes, items: told(changes.items) }
    },
    readSnapshot: async (afterSku, limit) => {
      const page = await pos.readSnapshot(afterSku, limit)
      return { ...page, items: told(page.items) }
    },
  }
}

function tell(item: Item, book: VariantBook): Item {
  const known = book.of.get(item.sku)
  if (!known) return item
  const had = new Set(item.identifiers.map(({ value }) => value))
  const more = [...new Set(known.barcodes)].filter((barcode) => !had.has(barcode)).map((value) => ({ type: identifierType(value), value }))
  return { ...item, identifiers: [...item.identifiers, ...more].slice(0, IDENTIFIERS_MAX), ...(known.variant ? { variant: known.variant } : {}) }
}

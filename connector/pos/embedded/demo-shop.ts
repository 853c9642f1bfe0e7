import type { Item } from '../../../contract/product.ts'
import { DEPARTMENTS, SERVICES, type Department } from './demo-words.ts'
import { openTillFile, TillFault, writeTransaction } from './schema.ts'
import { insertItem } from './till.ts'

/** A general store on a corner. */
export const DEMO_ITEMS = 1_000
/** What the words can be combined to, packs included, with room in every department. */
export const DEMO_ITEMS_MAX = 10_000
/** Any number; this one is the shop everybody sees. */
const SEED = 20_260_501

export type DemoItem = { item: Item; stock: number | undefined }

/** The shop: the same on every run and machine. `count` items, services included. */
export function demoItems(count: number = DEMO_ITEMS): DemoItem[] {
  if (!Number.isSafeInteger(count) || count < 1 || count > DEMO_ITEMS_MAX) throw new RangeError(`a demo shop has 1 to ${DEMO_ITEMS_MAX} items, not ${count}`)
  const random = mulberry32(SEED)
  const services = SERVICES.slice(0, Math.ceil(count / 100)).map(([name, priceMinor], index) => service(name, priceMinor, index))
  const goods = count - services.length
  let taken = 0
  const shelves = DEPARTMENTS.flatMap((department, index) => {
    // The last department takes what rounding left.
    const share = index === DEPARTMENTS.length - 1 ? goods - taken : Math.floor((goods * department.share) / 100)
    taken += share
    return stockDepartment(department, share, random)
  })
  return [...shelves, ...services]
}

/**
 * Fills a till with the demo shop, making the file when it is missing. A till that has items already is left as it is,
 * so it may be called at every start. Returns how many items were put in.
 */
export function seedDemoShop(file: string, { items = DEMO_ITEMS }: { items?: number } = {}): number {
  const shop = demoItems(items)
  const db = openTillFile(file, 'create')
  try {
    return writeTransaction(db, () => {
      if (db.prepare('SELECT 1 FROM items LIMIT 1').get() !== undefined) return 0
      for (const { item, stock } of shop) insertItem(db, item, stock)
      return shop.length
    })
  } catch (cause) {
    throw new TillFault(`The demo shop could not be written to ${file}`, 'Check that the folder may be written and the disk is not full', cause)
  } finally {
    db.close()
  }
}

type Good = { name: string; brand: string | null; priceMinor: number; packed: number }

function stockDepartment(department: Department, share: number, random: () => number): DemoItem[] {
  const singles = shuffled(combine(department), random)
  const goods = [...singles]
  // A shop larger than its words sells the same by the pack.
  for (const pack of PACKS) {
    if (goods.length >= share) break
    goods.push(...singles.map((good) => inPacks(department, good, pack)))
  }
  if (goods.length < share) throw new RangeError(`${department.category} has ${goods.length} items, not ${share}`)
  return goods.slice(0, share).map((good, index) => {
    const number = String(index + 1).padStart(5, '0')
    const serial = String(Math.floor(random() * 100_000)).padStart(5, '0')
    return {
      item: {
        sku: `${department.prefix}-${number}`,
        name: good.name,
        description: describe(department, good),
        brand: good.brand,
        category: department.category,
        identifiers: [{ type: 'gtin', value: ean13(`${department.gs1Prefix}${serial}${number}`) }],
        unit: department.unit,
        price: { amountMinor: good.priceMinor, currency: 'USD' },
        taxIncluded: false,
        taxRate: department.taxRate,
        imageUrl: null,
        tracked: true,
      },
      stock: shelfStock(department, good, random),
    }
  })
}

/** Every brand × variant × size. Brands stand for a price, too: the first is the dearest, the last the shop's own. */
function combine(department: Department): Good[] {
  const goods: Good[] = []
  for (const [thing, variants, sizes] of department.kinds) {
    for (const variant of variants.split('/')) {
      for (const sizeAndPrice of sizes.split('/')) {
        const cut = sizeAndPrice.lastIndexOf(' ')
        const size = sizeAndPrice.slice(0, cut)
        const middlePrice = Number(sizeAndPrice.slice(cut + 1))
        department.brands.forEach((brand, rank) => {
          const tier = 1.15 - (0.3 * rank) / Math.max(1, department.brands.length - 1)
          const words = [brand === '-' ? thing : `${brand} ${thing}`, variant, size].filter((word) => word !== '-')
          goods.push({ name: words.join(', '), brand: brand === '-' ? null : brand, priceMinor: shopPrice(middlePrice * tier), packed: 1 })
        })
      }
    }
  }
  return goods
}

const PACKS = [2, 3, 4, 6, 8, 10, 12, 20, 24]

function inPacks(department: Department, good: Good, pack: number): Good {
  // By weight there is no pack: it is another harvest at another price.
  const name = department.unit === 'g' ? `${good.name}, Lot ${pack}` : `${good.name}, Pack of ${pack}`
  return { ...good, name, priceMinor: shopPrice(good.priceMinor * (department.unit === 'g' ? 1 : pack * 0.95)), packed: department.unit === 'g' ? 1 : pack }
}

/** Shop prices end in 9; from ten dollars on they end in 49 or 99. */
function shopPrice(minor: number): number {
  const step = minor < 1_000 ? 10 : 50
  return Math.max(step, Math.round(minor / step) * step) - 1
}

function shelfStock(department: Department, good: Good, random: () => number): number {
  const luck = random()
  const [least, most] = department.shelf
  const full = Math.max(1, Math.round((least + random() * (most - least)) / good.packed))
  if (luck < 0.04) return 0
  if (luck < 0.14) return department.unit === 'g' ? 100 + Math.floor(random() * 90) * 10 : 1 + Math.floor(random() * 4)
  return department.unit === 'g' ? Math.round(full / 10) * 10 : full
}

const MADE: Record<string, string> = {
  Grocery: 'A staple for the pantry.', Produce: 'Weighed at the till; the price is for one kilogram.', Drinks: 'Best served cold, or hot where it ought to be.',
  Household: 'For every day around the house.', Hardware: 'Made to be used for years.', Stationery: 'For desk, school and post.',
  Garden: 'For balcony, bed and border.', Pet: 'For those who wait at home.', Clothing: 'Washes well, wears well.',
}

function describe(department: Department, good: Good): string {
  const by = good.brand === null ? '' : ` By ${good.brand}.`
  return `${good.name.slice(good.brand === null ? 0 : good.brand.length + 1)}. ${MADE[department.category] ?? ''}${by}`
}

function service(name: string, priceMinor: number, index: number): DemoItem {
  return {
    item: {
      sku: `SRV-${String(index + 1).padStart(5, '0')}`, name, description: 'Done in the shop while you wait.', brand: null, category: 'Services', identifiers: [],
      unit: 'each', price: { amountMinor: priceMinor, currency: 'USD' }, taxIncluded: false, taxRate: '8.875', imageUrl: null, tracked: false,
    },
    stock: undefined,
  }
}

/** Twelve digits and their check digit (GS1): weights 1 and 3 in turn, up to the next ten. */
export function ean13(twelve: string): string {
  const sum = [...twelve].reduce((total, digit, index) => total + Number(digit) * (index % 2 === 0 ? 1 : 3), 0)
  return `${twelve}${(10 - (sum % 10)) % 10}`
}

/** mulberry32: 32 bits of state, the same numbers everywhere. Not for secrets. */
function mulberry32(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** Fisher–Yates. */
function shuffled<T>(list: readonly T[], random: () => number): T[] {
  const cards = [...list]
  for (let last = cards.length - 1; last > 0; last--) {
    const chosen = Math.floor(random() * (last + 1))
    const [a, b] = [cards[last], cards[chosen]]
    if (a !== undefined && b !== undefined) {
      cards[last] = b
      cards[chosen] = a
    }
  }
  return cards
}

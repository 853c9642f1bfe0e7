import type { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { systemClock, toInstant } from '../../contract/clock.ts'
import { openTillFile } from '../../connector/pos/embedded/schema.ts'
import { count, sell, setPrice, takeReturn } from '../../connector/pos/embedded/till.ts'
import type { Result } from '../../contract/result.ts'
import { openStores } from '../local/stores.ts'
import { until } from '../local/until.ts'
import { tillTold, webTold } from './both-sides.ts'
import { differencesOf, notBooked } from './differences.ts'
import type { Told } from './differences.ts'
import { CURRENCY } from './read-days.ts'
import type { Days, Deed } from './read-days.ts'
import { goShopping } from './shoppers.ts'
import type { Web } from './shoppers.ts'

const STORE = 'high-street'
/** Beside what its days sell: what the web may have. */
const SPARE_PIECES = 12
const SETTLES_WITHIN_MS = 120_000
const ORDERS_COME_WITHIN_MS = 60_000
/** Between two deeds at the till, others get their turn. */
const PAUSE_MS = 5

export type Replayed = { till: Told; web: Told; differences: string[]; orders: Web; seconds: number }
type Options = { dir: string; days: Days; orders: number; seed: number; say: (text: string) => void }

/** The shop's days at its till, deed by deed, with web orders all the while; then both sides are asked. */
export async function replay({ dir, days, orders, seed, say }: Options): Promise<Replayed> {
  const began = performance.now()
  const shelf = [...days.items].map(([sku, { name, priceMinor, tracked }]) => ({
    sku, pieces: tracked ? Math.max(0, piecesOf(days, sku)) + SPARE_PIECES : 0, priceMinor, item: { name, tracked, price: { amountMinor: priceMinor, currency: CURRENCY } },
  }))
  say(`opening the shop: ${shelf.length} items`)
  const house = await openStores(dir, 'real-days-admin-token', { [STORE]: shelf })
  const db = openTillFile(house.stores.get(STORE)?.shop.tillFile ?? '', 'existing')
  try {
    const tracked = shelf.filter(({ item }) => item.tracked).map(({ sku }) => sku)
    const shopping = goShopping({ house, db, storeId: STORE, orders, skus: tracked, seed })
    const { web } = shopping
    for (const [done, deed] of days.deeds.entries()) {
      act(db, deed)
      if (done % 100 === 99) say(`${done + 1} of ${days.deeds.length} deeds at the till, ${web.placed} web orders`)
      await sleep(PAUSE_MS)
      // The days go on as the web's orders do: those are to meet the till at work, not a shop that has shut.
      await Promise.race([until('the next web orders', ORDERS_COME_WITHIN_MS, () => web.placed >= Math.floor((orders * done) / days.deeds.length)), shopping.done])
    }
    await shopping.done
    say('the shop is shut: what is under way comes to its end')
    const today = [-1, 1].map((by) => toInstant(systemClock() + by * 86_400_000).slice(0, 10))
    let last: { till: Told; web: Told; differences: string[] } | null = null
    const look = async () => {
      const [till, { twice, ...told }] = [tillTold(db, STORE), await webTold(house, days.days, today, tracked)]
      last = { till, web: told, differences: [...notBooked(days.booked, till), ...differencesOf(till, told, twice)] }
      return last.differences.length === 0
    }
    // What is late is not lost: only what stays is a difference.
    await until('both sides to say the same', SETTLES_WITHIN_MS, look, 1_000).catch(() => undefined)
    const found = last as { till: Told; web: Told; differences: string[] } | null
    if (!found) throw new Error('neither side could be asked')
    return { ...found, orders: web, seconds: Math.round((performance.now() - began) / 1000) }
  } finally {
    db.close()
    await house.close()
  }
}

/** What its days take off the shelf, by the end. */
function piecesOf({ deeds }: Days, sku: string): number {
  return deeds.reduce((sum, deed) => {
    if (deed.kind === 'moved') return deed.sku === sku ? sum - deed.quantity : sum
    const moved = deed.lines.reduce((all, line) => (line.sku === sku ? all + line.quantity : all), 0)
    return deed.kind === 'sale' ? sum + moved : sum - moved
  }, 0)
}

const must = <T>(done: Result<T, { message: string }>, what: string): T => {
  if (!done.ok) throw new Error(`the till does not take ${what}: ${done.refusal.message}`)
  return done.value
}

/** By the hands of a cashier, at the moment it was. */
function act(db: DatabaseSync, deed: Deed): void {
  if (deed.kind === 'moved') {
    const { on_hand: before } = db.prepare('SELECT on_hand FROM stock WHERE sku = ?').get(deed.sku) as { on_hand: number } | undefined ?? { on_hand: 0 }
    must(count(db, deed.sku, Math.max(0, before + deed.quantity)), `a count of ${deed.sku}`)
    return
  }
  for (const { sku, priceMinor } of deed.lines) {
    const { price_minor: now } = db.prepare('SELECT price_minor FROM items WHERE sku = ?').get(sku) as { price_minor: number }
    if (now !== priceMinor) must(setPrice(db, sku, priceMinor), `a price of ${sku}`)
  }
  must((deed.kind === 'sale' ? sell : takeReturn)(db, deed.lines, deed.at), `invoice ${deed.invoice}`)
}

import type { PosMemory, PosSale, Remembered } from '../port.ts'
import type { Receipt, Unreadable } from './receipts.ts'

/** What the memory holds of the till's activity: tickets that were told, with what would take them back, and stock moves that were seen. */
export const RECEIPTS = 'receipt/'
export const DIARY = 'diary/'

/** `sale` null: it could not be read, so nothing of it was told. */
export type Told = { at: string; sale: PosSale | null }

export const readTold = (value: string): Told => JSON.parse(value) as Told

export const rememberReceipt = (receipt: Receipt | Unreadable): Remembered =>
  ({ key: `${RECEIPTS}${receipt.id}`, value: JSON.stringify({ at: receipt.at, sale: 'sale' in receipt ? receipt.sale : null } satisfies Told) })

export const rememberDiary = ({ id, at }: { id: string; at: string }): Remembered => ({ key: `${DIARY}${id}`, value: at })

type Recalled = { told: Map<string, Told>; moved: Map<string, string> }

/**
 * What the memory holds, listed once: a busy shop has tens of thousands of entries, and with each sale one or two are added. A reading that was not committed
 * has left no trace in the memory, and then it is listed anew; and where no earlier one is gone on from (`goesOn`), for the memory may have been emptied.
 */
export function createRecall(): { from(memory: PosMemory, goesOn: boolean): Recalled; reading(changes: readonly Remembered[]): void } {
  let known: Recalled | null = null
  let pending: readonly Remembered[] = []
  return {
    from(memory, goesOn) {
      if (known === null || !goesOn || pending.some(({ key, value }) => memory.get(key) !== value)) {
        known = { told: new Map(), moved: new Map() }
        for (const prefix of [RECEIPTS, DIARY]) for (const entry of listAll(memory, prefix)) take(known, entry)
      } else {
        for (const entry of pending) take(known, entry)
      }
      pending = []
      return known
    },
    reading(changes) {
      pending = changes
    },
  }
}

function take({ told, moved }: Recalled, { key, value }: Remembered): void {
  if (key.startsWith(RECEIPTS)) {
    const id = key.slice(RECEIPTS.length)
    if (value === null) told.delete(id)
    else told.set(id, readTold(value))
  } else {
    const id = key.slice(DIARY.length)
    if (value === null) moved.delete(id)
    else moved.set(id, value)
  }
}

const PAGE = 1_000
function listAll(memory: PosMemory, prefix: string): Remembered<string>[] {
  const all: Remembered<string>[] = []
  for (let after: string | null = null; ;) {
    const page = memory.list(prefix, after, PAGE)
    all.push(...page)
    if (page.length < PAGE) return all
    after = page.at(-1)?.key ?? null
  }
}

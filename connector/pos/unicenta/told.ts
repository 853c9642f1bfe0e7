import type { PosSale, Remembered } from '../port.ts'
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

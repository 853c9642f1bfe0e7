import type { DeadLetters } from '../dead-letters/port.ts'
import { faultName } from '../log.ts'
import type { LogFields } from '../log.ts'
import { eraseOrder } from './erase-order.ts'
import type { EraseOrderPorts } from './erase-order.ts'
import type { ErasureBook, RetentionPlace } from './port.ts'

export type RetainPorts = Omit<EraseOrderPorts, 'deadLetters'> & {
  deadLetters: Pick<DeadLetters, 'erase' | 'deleteExpired'>
  erasures: Pick<ErasureBook, 'retentionPlace' | 'setRetentionPlace' | 'placedAfter'>
  log: (event: string, fields: LogFields) => void
}

export const DAY_MS = 24 * 3_600_000
/** A run looks at so many orders, erases so many, and deletes so many letters; the next, a minute later, goes on. */
export const LOOKED_AT_ONCE = 500
export const ERASED_AT_ONCE = 50
const LETTERS_AT_ONCE = 100
const BEGINNING = { placedAt: 0, orderId: '' }

/**
 * Erases the customers of orders that nobody has touched for `days` (0: never), by when they were placed, from the first to the last and, a day later, again:
 * what had to wait comes with the next round. Dead letters go when they have expired.
 */
export async function retain(ports: RetainPorts, days: number): Promise<{ erased: number; letters: number }> {
  const now = ports.clock()
  const letters = await ports.deadLetters.deleteExpired(now, LETTERS_AT_ONCE)
  const erased = days === 0 ? 0 : await eraseOld(ports, now - days * DAY_MS, now)
  if (erased > 0 || letters > 0) ports.log('retention.done', { orders: erased, letters })
  return { erased, letters }
}

async function eraseOld(ports: RetainPorts, before: number, now: number): Promise<number> {
  const place = await ports.erasures.retentionPlace()
  if (place.restsUntil > now) return 0
  const looked = await ports.erasures.placedAfter(place, before, LOOKED_AT_ONCE)
  const due = looked.filter(({ isErased, updatedAt }) => !isErased && updatedAt < before)
  let erased = 0
  for (const { orderId } of due.slice(0, ERASED_AT_ONCE)) {
    try {
      if ((await eraseOrder(ports, orderId)).state === 'erased') erased++
    } catch (error) {
      ports.log('retention.failed', { orderId, error: faultName(error) })
    }
  }
  await ports.erasures.setRetentionPlace(nextPlace(looked, due, now))
  return erased
}

/** After the last that was looked at; with more to erase than a run does, after the last that was erased. */
function nextPlace(looked: readonly { orderId: string; placedAt: number }[], due: readonly { orderId: string; placedAt: number }[], now: number): RetentionPlace {
  const last = due.length > ERASED_AT_ONCE ? due[ERASED_AT_ONCE - 1] : looked.length === LOOKED_AT_ONCE ? looked.at(-1) : undefined
  return last ? { placedAt: last.placedAt, orderId: last.orderId, restsUntil: 0 } : { ...BEGINNING, restsUntil: now + DAY_MS }
}

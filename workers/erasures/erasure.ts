import { toInstant } from '../../contract/clock.ts'
import type { RequestErasure, SoughtBy } from '../../contract/operator.ts'
import type { Erasure, JournalErased } from '../../contract/operator-answers.ts'
import { AWAY_AFTER_MS } from '../stores/link.ts'
import type { LinkFacts } from '../stores/port.ts'
import type { ErasureProgress, ErasureRecord } from './port.ts'

/** Somebody who waits looks every few seconds; what has waited for a week is looked at each hour. */
const AGAIN_AFTER_MIN_MS = 5_000
const AGAIN_AFTER_MAX_MS = 3_600_000
/** Of the orders that wait, so many are named. */
const NAMED_MAX = 100

/** What is compared: people write the same address and number in several ways. */
export function normal(by: SoughtBy, text: string): string {
  if (by === 'orderId') return text
  return by === 'email' ? text.trim().toLowerCase() : text.replaceAll(/\D/g, '').replace(/^00/, '')
}

export function soughtIn({ orderId, email, phone, again }: RequestErasure): { by: SoughtBy; sought: string } {
  if (again) return { by: 'again', sought: 'all' }
  if (orderId !== undefined) return { by: 'orderId', sought: orderId }
  return email === undefined ? { by: 'phone', sought: normal('phone', phone ?? '') } : { by: 'email', sought: normal('email', email) }
}

export const isSought = (by: SoughtBy, sought: string, customer: { email: string; phone: string | null }): boolean =>
  by === 'email' ? normal(by, customer.email) === sought : customer.phone !== null && normal('phone', customer.phone) === sought

/** A store that never had a connector has no journal. */
export function journalState(facts: LinkFacts, upTo: number, now: number): JournalErased {
  if (facts.epoch === 0 || (facts.erasedUpTo ?? -1) >= upTo) return 'erased'
  if (facts.lastHeartbeatAt === null || now - facts.lastHeartbeatAt >= AWAY_AFTER_MS) return 'away'
  return facts.erasedUpTo === null && facts.version !== null ? 'connector_too_old' : 'waiting'
}

/** Each store once, with the highest number that it has to reach. */
export function withJournals(progress: ErasureProgress, asked: readonly { storeId: string; upTo: number }[]): ErasureProgress {
  const journals = new Map(progress.journals.map((each) => [each.storeId, each]))
  for (const { storeId, upTo } of asked) journals.set(storeId, { storeId, upTo: Math.max(upTo, journals.get(storeId)?.upTo ?? 0), state: 'waiting' })
  return { ...progress, journals: [...journals.values()] }
}

/** What its progress makes of it, and when it is looked at again. */
export function stepped(erasure: ErasureRecord, progress: ErasureProgress, now: number): ErasureRecord {
  const isOver = progress.searchedUpTo === null
  const isDone = isOver && progress.orders.every(({ state }) => state === 'erased') && progress.journals.every(({ state }) => state === 'erased')
  const wait = isOver ? Math.min(Math.max((now - erasure.createdAt) / 10, AGAIN_AFTER_MIN_MS), AGAIN_AFTER_MAX_MS) : 0
  return { ...erasure, progress, sought: isOver ? null : erasure.sought, state: isDone ? 'done' : isOver ? 'waiting' : 'searching', dueAt: isDone ? null : now + Math.round(wait), updatedAt: now }
}

export const toErasure = ({ erasureId, state, soughtBy, why, progress, createdAt, updatedAt }: ErasureRecord): Erasure => {
  const waiting = progress.orders.filter((each) => each.state === 'waiting').map(({ orderId }) => orderId)
  return {
    id: erasureId, state, by: soughtBy, why, createdAt: toInstant(createdAt), updatedAt: toInstant(updatedAt),
    reached: {
      orders: { erased: progress.orders.length - waiting.length, waiting: waiting.length, waitingFor: waiting.slice(0, NAMED_MAX) },
      deadLetters: progress.deadLetters,
      journals: progress.journals.map(({ storeId, state: stands }) => ({ storeId, state: stands })),
    },
  }
}

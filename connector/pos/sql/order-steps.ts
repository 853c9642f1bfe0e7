import { AssignmentId } from '../../../contract/values.ts'
import type { PosMemory, PosOrderChange, PosRefusal, Remembered } from '../port.ts'
import type { Row } from './ports.ts'
import type { OrdersConfig } from './sql-config.ts'

export type OrderState = 'open' | 'picking' | 'ready' | 'done' | 'void'
/** The last state told, by assignment id. */
export type OrderStates = Record<string, string>

/** A column of a query, however its database writes the name: PostgreSQL makes unquoted ones small. */
export const field = (row: Row, name: string): string | null => row[name] ?? row[name.toLowerCase()] ?? null

/** What a shop's word for a state means; undefined where `orders.states` does not have it. A state that is NULL is the word "". */
export const stateOf = ({ states }: Pick<OrdersConfig, 'states'>, row: Row): OrderState | undefined => {
  const word = field(row, 'state') ?? ''
  return Object.hasOwn(states, word) ? states[word] : undefined
}
/** Said of a word that no state has, wherever it is met. `query`: which one gives it. */
export const unnamedState = (query: string, row: Row): string => `${query} gives the state ${JSON.stringify((field(row, 'state') ?? '').slice(0, STATE_SHOWN_MAX))}, which orders.states does not have`
/** A word of a POS, and not whatever a wrong column holds. */
const STATE_SHOWN_MAX = 20

/**
 * What the staff did since: the state each order has now, against the one told last. A void of our own is told as the cancel's result. Rows without an
 * assignment id are no web orders. One with an id and a state that nobody named is `unnamed`: its last state stands until a person says what the word means.
 */
export function readSteps(rows: readonly Row[], toldState: (assignmentId: string) => string | null, { orders, now }: { orders: Pick<OrdersConfig, 'states' | 'stockFallsAt' | 'reasons' | 'refusedAs'>; now(): string }): { changes: PosOrderChange[]; states: OrderStates; unnamed: PosRefusal[] } {
  const changes: PosOrderChange[] = []
  const states: OrderStates = {}
  const unnamed: PosRefusal[] = []
  for (const row of rows) {
    const assignmentId = AssignmentId.safeParse(field(row, 'assignmentId')).data
    if (assignmentId === undefined) continue
    const state = stateOf(orders, row)
    if (state === undefined) {
      unnamed.push({ key: UNNAMED_KEY + assignmentId, reason: `${unnamedState('orders.changes', row)}: add it there with what it means, so that the web hears of this order`, text: JSON.stringify({ assignmentId, state: field(row, 'state') }) })
      continue
    }
    states[assignmentId] = state
    if ((toldState(assignmentId) ?? 'open') === state) continue
    const told = { assignmentId, occurredAt: now() }
    if (state === 'done' && orders.stockFallsAt === 'later') changes.push({ ...told, kind: 'stock-fell' })
    if (state === 'void') changes.push({ ...told, kind: 'refused', reason: orders.reasons[field(row, 'reason')?.trim() ?? ''] ?? orders.refusedAs })
    else if (state !== 'open') changes.push({ ...told, kind: 'progress', status: PROGRESS[state] })
  }
  return { changes, states, unnamed }
}

const PROGRESS = { picking: 'picking', ready: 'ready_for_pickup', done: 'completed' } as const

/** In the memory: the state of an order that was told last, and when that was, epoch ms. */
export const ORDERS = 'o/'
export const rememberState = (assignmentId: string, state: string, now: number): Remembered => ({ key: ORDERS + assignmentId, value: `${state} ${now}` })
export const stateIn = (remembered: string | null): string | null => remembered?.split(' ')[0] ?? null

/** Of an order that `changes` does not list any more nothing is remembered after this. */
const REMEMBERED_MS = 30 * 86_400_000
const PAGE = 1_000

/** What is over long since. Of what an earlier version remembered without a time, that begins now. */
export function forgetOrders(memory: PosMemory, listed: Readonly<OrderStates>, now: number): Remembered[] {
  const changed: Remembered[] = []
  for (let after: string | null = null; ;) {
    const page = memory.list(ORDERS, after, PAGE)
    for (const { key, value } of page) {
      const [state = '', at] = value.split(' ')
      const assignmentId = key.slice(ORDERS.length)
      if (assignmentId in listed) continue
      if (at === undefined) changed.push(rememberState(assignmentId, state, now))
      else if (now - Number(at) > REMEMBERED_MS) changed.push({ key, value: null })
    }
    if (page.length < PAGE) return changed
    after = page.at(-1)?.key ?? null
  }
}

/** In the memory and in the quarantine: orders whose state nobody named. In the memory since when, epoch ms. */
const UNNAMED = 'n/'
const UNNAMED_KEY = 'orders/'
/** Nobody has thousands of orders in one state; a wrong column has, and then the first tell it. */
const UNNAMED_MAX = 1_000

/** Told with every reading, as long as it is so: the quarantine counts it once. What is listed no longer stays there for a person, for the web never heard how it ended. */
export function tellUnnamed(memory: PosMemory, { states, unnamed }: { states: Readonly<OrderStates>; unnamed: readonly PosRefusal[] }, now: number): { refused: PosRefusal[]; remember: Remembered[] } {
  const listed = unnamed.slice(0, UNNAMED_MAX)
  const before = memory.list(UNNAMED, null, UNNAMED_MAX).map(({ key, value }) => ({ key: key.slice(UNNAMED.length), since: Number(value) }))
  const named = before.filter(({ key }) => key.slice(UNNAMED_KEY.length) in states)
  const over = [...named, ...before.filter(({ since }) => now - since > REMEMBERED_MS)]
  const fresh = listed.filter(({ key }) => memory.get(UNNAMED + key) === null)
  return {
    refused: [...listed, ...named.map(({ key }) => ({ key, reason: null, text: '' }))],
    remember: [...over.map(({ key }) => ({ key: UNNAMED + key, value: null })), ...fresh.map(({ key }) => ({ key: UNNAMED + key, value: String(now) }))],
  }
}

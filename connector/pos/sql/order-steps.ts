import { AssignmentId } from '../../../contract/values.ts'
import type { PosMemory, PosOrderChange, Remembered } from '../port.ts'
import type { Row } from './ports.ts'
import type { OrdersConfig } from './sql-config.ts'

export type OrderState = 'open' | 'picking' | 'ready' | 'done' | 'void'
/** The last state told, by assignment id. */
export type OrderStates = Record<string, string>

/** A column of a query, however its database writes the name: PostgreSQL makes unquoted ones small. */
export const field = (row: Row, name: string): string | null => row[name] ?? row[name.toLowerCase()] ?? null

/** What the staff did since: the state each order has now, against the one told last. A void of our own is told as the cancel's result. */
export function readSteps(rows: readonly Row[], toldState: (assignmentId: string) => string | null, { orders, now }: { orders: Pick<OrdersConfig, 'states' | 'stockFallsAt' | 'reasons' | 'refusedAs'>; now(): string }): { changes: PosOrderChange[]; states: OrderStates } {
  const changes: PosOrderChange[] = []
  const states: OrderStates = {}
  for (const row of rows) {
    const assignmentId = AssignmentId.safeParse(field(row, 'assignmentId')).data
    const state = orders.states[field(row, 'state') ?? '']
    if (assignmentId === undefined || state === undefined) continue
    states[assignmentId] = state
    if ((toldState(assignmentId) ?? 'open') === state) continue
    const told = { assignmentId, occurredAt: now() }
    if (state === 'done' && orders.stockFallsAt === 'later') changes.push({ ...told, kind: 'stock-fell' })
    if (state === 'void') changes.push({ ...told, kind: 'refused', reason: orders.reasons[field(row, 'reason')?.trim() ?? ''] ?? orders.refusedAs })
    else if (state !== 'open') changes.push({ ...told, kind: 'progress', status: PROGRESS[state] })
  }
  return { changes, states }
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

import { AssignmentId } from '../../../contract/values.ts'
import type { PosOrderChange } from '../port.ts'
import type { Row } from './ports.ts'
import type { OrdersConfig } from './sql-config.ts'

export type OrderState = 'open' | 'picking' | 'ready' | 'done' | 'void'
/** The last state told, by assignment id. */
export type OrderStates = Record<string, string>

/** A column of a query, however its database writes the name: PostgreSQL makes unquoted ones small. */
export const field = (row: Row, name: string): string | null => row[name] ?? row[name.toLowerCase()] ?? null

/** What the staff did since: the state each order has now, against the one told last. A void of our own is told as the cancel's result. */
export function readSteps(rows: readonly Row[], toldState: (assignmentId: string) => string | null, { orders, now }: { orders: Pick<OrdersConfig, 'states' | 'stockFallsAt'>; now(): string }): { changes: PosOrderChange[]; states: OrderStates } {
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
    if (state === 'void') changes.push({ ...told, kind: 'refused', reason: 'out_of_stock' })
    else if (state !== 'open') changes.push({ ...told, kind: 'progress', status: PROGRESS[state] })
  }
  return { changes, states }
}

const PROGRESS = { picking: 'picking', ready: 'ready_for_pickup', done: 'completed' } as const

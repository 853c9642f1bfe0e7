import { demandOf } from './plan.ts'
import type { Part, PlanLine } from './plan.ts'
import type { AssignmentRecord, LineQuantity, OrderRecord, Purchase } from './port.ts'

const GIVEN_UP: ReadonlySet<string> = new Set(['rejected', 'struck', 'voided'])
/** Nothing more will come of it: rejected, struck, voided, or handed out. */
export const isSettled = (assignment: AssignmentRecord): boolean => GIVEN_UP.has(assignment.state) || assignment.progress === 'completed'
export const isGivenUp = (assignment: AssignmentRecord): boolean => GIVEN_UP.has(assignment.state)
/** Not known to be in the store's journal. */
export const isUndelivered = (assignment: AssignmentRecord): boolean => assignment.state === 'pending' || assignment.state === 'offered'

export const findAssignment = (order: OrderRecord, assignmentId: string): AssignmentRecord | undefined =>
  order.assignments.find((assignment) => assignment.assignmentId === assignmentId)

/** Lines with what a till must know to find their goods. */
export function withSkus({ lines }: Pick<Purchase, 'lines'>, quantities: readonly LineQuantity[]): PlanLine[] {
  const skuOf = new Map(lines.map(({ lineId, sku }) => [lineId, sku]))
  return quantities.flatMap(({ lineId, quantity }) => {
    const sku = skuOf.get(lineId)
    return sku === undefined || quantity <= 0 ? [] : [{ lineId, sku, quantity }]
  })
}

/** What of these lines is counted, summed per SKU: what a reservation is about. */
export const countedDemand = (purchase: Pick<Purchase, 'lines' | 'untracked'>, quantities: readonly LineQuantity[]): { sku: string; quantity: number }[] =>
  [...demandOf(withSkus(purchase, quantities))].filter(([sku]) => !purchase.untracked.includes(sku)).map(([sku, quantity]) => ({ sku, quantity }))

/** The counted SKUs of an assignment, each once. */
export const reservedSkus = (order: OrderRecord, assignment: AssignmentRecord): string[] =>
  countedDemand(order.purchase, assignment.lines).map(({ sku }) => sku)

/** What a store is asked for, before it has heard of it. */
export const newAssignment = (assignmentId: string, { storeId, lines }: Part, attempt: string): AssignmentRecord =>
  ({ assignmentId, storeId, attempt, lines, state: 'pending', progress: null, posReference: null, reason: null, position: null, fellAt: null })

/** A store, three that refuse, a part asked back, and as many again: an order that has asked more often goes in a circle. */
export const ASSIGNMENTS_PER_ORDER_MAX = 8
/** A store that refuses for these would not be alone: the order is wrong, and a person must look (rules.md 7). */
const DESK_REASONS: ReadonlySet<string> = new Set(['price_mismatch', 'unknown_sku', 'invalid'])

/** Refused in a way that no other store would mend. Its lines wait for a person, who sends them on or cancels them. */
export const isAtDesk = (assignment: AssignmentRecord): boolean =>
  assignment.state === 'rejected' && assignment.reason !== null && DESK_REASONS.has(assignment.reason) && assignment.released !== true
/** Written down, and its goods not yet reserved. */
export const isUnreserved = (assignment: AssignmentRecord): boolean => assignment.unreserved === true && !isGivenUp(assignment)
/** Asked back, and its store has not answered. */
export const isRecalled = (assignment: AssignmentRecord): boolean => !isSettled(assignment) && (assignment.recall ?? null) !== null

/** What a store is to deliver, as things stand. */
export const carried = (assignment: AssignmentRecord): LineQuantity[] =>
  isGivenUp(assignment) ? [] : (assignment.accepted ?? assignment.lines).filter(({ quantity }) => quantity > 0)
export const isLive = (assignment: AssignmentRecord): boolean => carried(assignment).length > 0

export const quantityIn = (lines: readonly LineQuantity[], lineId: string): number =>
  lines.reduce((sum, line) => (line.lineId === lineId ? sum + line.quantity : sum), 0)

/** What was bought, is not cancelled, and no store has: what waits for a person included. */
export const unassignedLines = (order: OrderRecord): LineQuantity[] => left(order, order.assignments.flatMap(carried))
/** What has to find a store now. */
export const missingLines = (order: OrderRecord): LineQuantity[] =>
  left(order, order.assignments.flatMap((each) => (isAtDesk(each) ? each.lines : carried(each))))

function left({ purchase, cancelled }: OrderRecord, taken: readonly LineQuantity[]): LineQuantity[] {
  return purchase.lines.flatMap(({ lineId, quantity }) => {
    const still = quantity - quantityIn(cancelled, lineId) - quantityIn(taken, lineId)
    return still > 0 ? [{ lineId, quantity: still }] : []
  })
}

/** Stores that have said no to a part of the order, or have let it lie. */
export const refusedBy = (order: OrderRecord): Set<string> =>
  new Set(order.assignments.filter((each) => (isGivenUp(each) && each.reason !== null) || each.accepted !== undefined).map(({ storeId }) => storeId))

/** What a store accepted of an assignment, where it is less than it was asked for; `undefined` when it took all. No lines: all. */
export function acceptedLess(assignment: AssignmentRecord, told: readonly LineQuantity[]): LineQuantity[] | undefined {
  if (told.length === 0) return undefined
  const accepted = assignment.lines.map(({ lineId, quantity }) => ({ lineId, quantity: Math.min(quantity, quantityIn(told, lineId)) }))
  return accepted.every(({ quantity }, place) => quantity === assignment.lines[place]?.quantity) ? undefined : accepted
}

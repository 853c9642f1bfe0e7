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

import { toInstant } from '../../contract/clock.ts'
import type { OrderReturn } from '../../contract/returns.ts'
import type { ReturnRecord } from '../orders/port.ts'

/** As the contract shows it. */
export const toReturn = ({ returnId, method, status, lines, refund, announcedAt, receivedAt }: ReturnRecord): OrderReturn =>
  ({ id: returnId, method, status, lines, refund, announcedAt: toInstant(announcedAt), receivedAt: receivedAt === null ? null : toInstant(receivedAt) })

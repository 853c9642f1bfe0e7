import { traceIdOf } from '../../contract/trace.ts'
import type { OrderRecord } from './port.ts'

/** For a line of the log about an order: the trace of its placement. */
export const traceOf = (order: OrderRecord | null): { traceId?: string } => (order?.purchase.traceparent === undefined ? {} : { traceId: traceIdOf(order.purchase.traceparent) })

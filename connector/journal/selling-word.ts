import { z } from 'zod'
import { toInstant } from '../../contract/clock.ts'
import { StopReason } from '../../contract/stops.ts'
import { Instant, Sku } from '../../contract/values.ts'
import type { OutgoingEvent } from './outgoing-event.ts'

/** What store IT says of an item: off the web with a reason, until then or until it is put back (`stop: null`). */
export const SellingWord = z.object({ sku: Sku, stop: z.object({ why: StopReason, until: Instant.nullable() }).nullable() })
export type SellingWord = z.infer<typeof SellingWord>

export const sellingEvent = ({ sku, stop }: SellingWord, nowMs: number): OutgoingEvent =>
  (stop === null ? { type: 'selling.resumed', occurredAt: toInstant(nowMs), data: { sku } } : { type: 'selling.stopped', occurredAt: toInstant(nowMs), data: { sku, ...stop } })

import { z } from 'zod'

/**
 * W3C Trace Context (www.w3.org/TR/trace-context): one id for everything that became of one call of a storefront, in the logs of the edge and of the
 * connector. It decides nothing and is believed by nobody: one that is wrong is left out, and never a reason to refuse the work it came with.
 */
export const TRACEPARENT_HEADER = 'traceparent'

/** Version 00: no more than its four fields. */
const VERSION_00 = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/
/** A later version may have more fields behind these; 255 is none. */
const LATER = /^(?!00|ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?$/
const ZEROS = /^0+$/
/** A header of a later version may be longer than ours; nothing longer than this is looked at. */
const LENGTH_MAX = 256
const SAMPLED = 0x01
const RANDOM = 0x02
const SPAN_BYTES = 8
const TRACE_BYTES = 16

/** As we send it: version 00. `null` for a header that is missing or is none; then a new trace begins. */
export function readTraceparent(header: string | null | undefined): string | null {
  if (!header || header.length > LENGTH_MAX) return null
  const [, traceId = '', spanId = '', flags = ''] = VERSION_00.exec(header) ?? LATER.exec(header) ?? []
  if (traceId === '' || ZEROS.test(traceId) || ZEROS.test(spanId)) return null
  return written(traceId, spanId, parseInt(flags, 16) & (SAMPLED | RANDOM))
}

/** A new trace, with nothing of the caller in it. */
export const newTraceparent = (): string => written(randomHex(TRACE_BYTES), randomHex(SPAN_BYTES), SAMPLED | RANDOM)

/** The same trace, one step further: what this program calls is under a span of its own. */
export const nextSpan = (traceparent: string): string => `${traceparent.slice(0, 36)}${randomHex(SPAN_BYTES)}${traceparent.slice(52)}`

/** What one looks for in a log. */
export const traceIdOf = (traceparent: string): string => traceparent.slice(3, 35)

/** What the spec calls random are the last 7 bytes; four of them are enough to draw a share of all traces, the same everywhere. */
export const isSampled = (traceparent: string, rate: number): boolean => parseInt(traceparent.slice(27, 35), 16) / 0x1_0000_0000 < rate

/** In a body. */
export const Traceparent = z.string().regex(VERSION_00).refine((text) => readTraceparent(text) !== null, 'expected a W3C traceparent').optional().catch(undefined)

const written = (traceId: string, spanId: string, flags: number): string => `00-${traceId}-${spanId}-${flags.toString(16).padStart(2, '0')}`

function randomHex(bytes: number): string {
  const hex = [...crypto.getRandomValues(new Uint8Array(bytes))].map((byte) => byte.toString(16).padStart(2, '0')).join('')
  return ZEROS.test(hex) ? randomHex(bytes) : hex
}

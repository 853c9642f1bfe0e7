/**
 * The numbers both sides of a wire must agree on, each with its reason.
 * Values of rules.md until measured better. Units stand last in the name.
 */

/** An order of 100 lines with a long address and note is 20 kB. */
export const ORDER_BODY_BYTES_MAX = 64_000
/** 500 events of 2 kB. Counted after unpacking, so a small packed body cannot grow past it. */
export const EVENTS_BODY_BYTES_MAX = 1_000_000
/** One call to the counters stays one transaction per home of a few milliseconds. */
export const EVENTS_PER_CALL_MAX = 500
/** Clocks in shops drift; five minutes is what Standard Webhooks tolerates. */
export const SIGNATURE_TOLERANCE_S = 300
/** How often a connector says that it is alive. */
export const HEARTBEAT_EVERY_MS = 10_000
/** How often a connector asks for work while the edge has not confirmed that push arrives. */
export const PULL_EVERY_MS = 5_000
/** Availability of up to a page of products in one call. */
export const AVAILABILITY_SKUS_MAX = 50
export const PAGE_SIZE_DEFAULT = 20
export const PAGE_SIZE_MAX = 100
/** A pending page stays well under a megabyte with the largest orders. */
export const PENDING_MAX = 50
/** A state page: 500 rows of 150 bytes. */
export const STATE_PAGE_SIZE = 500

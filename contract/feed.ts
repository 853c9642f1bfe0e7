import { z } from 'zod'
import { Instant } from './values.ts'

/** Enough for a person to see what is going on; the heartbeat stays small. */
export const FEED_SAMPLE_MAX = 5

const count = z.int().min(0)
/** As the POS has it, which is not always a SKU of ours: what can never be told differs for ever, and must not cost the heartbeat. */
const sku = z.string()
/** What of a SKU is shown. */
const SKU_SHOWN_MAX = 64

/**
 * What a change is suspected of: the stock falls to zero, the item goes, the price moves by more than half; `drifted` is a
 * difference that a reconcile found and would mend, suspicious only in bulk.
 */
export const Suspicion = z.enum(['zeroed', 'removed', 'repriced', 'drifted'])
export type Suspicion = z.infer<typeof Suspicion>

/** Numbers are pieces for `zeroed` and `drifted`, minor units for `repriced`; `null` where there is none. */
export const HeldChange = z.object({ sku, kind: Suspicion, was: z.number().nullable(), becomes: z.number().nullable() })
export type HeldChange = z.infer<typeof HeldChange>

/** The first of them, for people. */
export const sampleOf = <T extends { sku: string }>(changes: readonly T[], max = FEED_SAMPLE_MAX): T[] =>
  changes.slice(0, max).map((change) => ({ ...change, sku: change.sku.slice(0, SKU_SHOWN_MAX) }))

/** How a store's feed stands: what the connector holds back until the POS comes back to normal or a person decides. */
export const FeedReport = z.discriminatedUnion('state', [
  z.object({ state: z.literal('flowing') }),
  z.object({
    state: z.literal('quarantined'),
    /** Of exactly this content: an approval names it, so that it cannot be taken for another one. */
    id: z.string().min(1).max(64),
    since: Instant,
    /** Which shares were exceeded. */
    reasons: z.array(Suspicion).max(4),
    zeroed: count, removed: count, repriced: count, drifted: count,
    /** SKUs the shares are of: with stock, with an item. */
    inStock: count, items: count,
    /** What a person has said to this content; it stays held. */
    refused: z.boolean(),
    sample: z.array(HeldChange).max(FEED_SAMPLE_MAX),
  }),
])
export type FeedReport = z.infer<typeof FeedReport>
export type Quarantine = Extract<FeedReport, { state: 'quarantined' }>

/**
 * Why the edge has something else than the POS. `never_told`: the POS says it and the connector has not told it; `lost`: told and
 * confirmed, and the edge has an older word; `other_number`: the edge has this word's place with another value; `not_in_pos`: an
 * item the POS does not have; `held`: in quarantine.
 */
export const DriftCause = z.enum(['never_told', 'lost', 'other_number', 'not_in_pos', 'held'])
export type DriftCause = z.infer<typeof DriftCause>

/** One SKU that differs. `pos` and `edge` are levels; both `null` where the item differs. */
export const DriftedSku = z.object({ sku, cause: DriftCause, pos: z.number().nullable(), edge: z.number().nullable() })
export type DriftedSku = z.infer<typeof DriftedSku>

/** What the last reconcile found, before it mended anything. What was on its way is no drift. */
export const DriftReport = z.object({
  at: Instant,
  compared: count,
  skus: count,
  /** The sum of the differences between levels, whatever their unit. */
  units: z.number().min(0),
  /** SKUs by cause. */
  causes: z.partialRecord(DriftCause, count),
  sample: z.array(DriftedSku).max(FEED_SAMPLE_MAX),
  /** What was mended by the reconcile before, confirmed, and differs all the same. */
  unhealed: z.object({ since: Instant, skus: count, sample: z.array(DriftedSku).max(FEED_SAMPLE_MAX) }).nullable(),
})
export type DriftReport = z.infer<typeof DriftReport>

/** The word in a heartbeat's `requests` with which a decision reaches the connector. */
export const feedWord = (decision: FeedDecision, id: string): string => `feed-${decision}:${id}`
export function readFeedWord(word: string): { decision: FeedDecision; id: string } | null {
  const [, decision, id] = /^feed-(approve|refuse):(.+)$/.exec(word) ?? []
  return id !== undefined && (decision === 'approve' || decision === 'refuse') ? { decision, id } : null
}
export type FeedDecision = 'approve' | 'refuse'

/** The operator decides about what he has seen: `id` is the quarantine's, as `GET /admin/v1/feeds` shows it. */
export const DecideFeed = z.object({ id: z.string().min(1).max(64) })

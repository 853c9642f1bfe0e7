/**
 * What is counted and timed. Where one point goes is `analytics-engine.ts`; docs/observability.md has the layout and docs/slo.md the questions. Labels are few and
 * bounded: a store, a route's pattern, a word of ours. Never a SKU, an order, a key or anything of a customer.
 */
export type Metrics = {
  /** So many of something: one, unless said. */
  count(name: MetricName, labels: Labels, value?: number): void
  /** Something took so long, milliseconds; `value` is how many it stands for. */
  timing(name: MetricName, ms: number, labels: Labels, value?: number): void
}

/** Each with what it says; the layout's test reads this list. */
export const METRIC_NAMES = ['request', 'order', 'web_to_till', 'till_to_web', 'feed_lag', 'delivery', 'dead_letter', 'breaker', 'alert'] as const
export type MetricName = (typeof METRIC_NAMES)[number]

/** In the order of the layout's columns: after the metric's name, `blob2` and on. New ones go to the end. */
export const LABELS = ['store', 'route', 'status', 'outcome', 'reason', 'queue'] as const
export type Labels = Partial<Record<(typeof LABELS)[number], string>>

export const NO_METRICS: Metrics = { count: () => undefined, timing: () => undefined }

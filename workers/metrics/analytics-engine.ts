import { LABELS, NO_METRICS } from './port.ts'
import type { Labels, MetricName, Metrics } from './port.ts'

/** What the platform takes in one invocation; more would be dropped, and which is not ours to say. */
export const POINTS_PER_INVOCATION_MAX = 250
/** A route or a word of ours is far shorter; a store's id is 64. */
const LABEL_LENGTH_MAX = 96

/**
 * Points of Workers Analytics Engine: `index1` and `blob1` the metric's name, `blob2` and on the labels in their order, `double1` how many, `double2` how long in
 * milliseconds. The index is what the platform samples by, so a busy metric never costs a rare one its points. Without the binding nothing is measured.
 */
export function createMetrics(env: { METRICS?: Pick<AnalyticsEngineDataset, 'writeDataPoint'> }): Metrics {
  const dataset = env.METRICS
  if (!dataset) return NO_METRICS
  let left = POINTS_PER_INVOCATION_MAX
  const write = (name: MetricName, labels: Labels, value: number, ms: number): void => {
    if (left === 0) return
    left -= 1
    try {
      dataset.writeDataPoint({ indexes: [name], blobs: [name, ...LABELS.map((label) => labels[label]?.slice(0, LABEL_LENGTH_MAX) ?? '')], doubles: [value, ms] })
    } catch {
      // A number that is lost is no reason to lose what it counts.
    }
  }
  return {
    count: (name, labels, value = 1) => write(name, labels, value, 0),
    timing: (name, ms, labels, value = 1) => write(name, labels, value, Math.max(0, ms)),
  }
}

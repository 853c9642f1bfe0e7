import { LEVELS } from './log-levels.ts'

export type LogFields = Record<string, string | number | boolean | null | undefined>

/**
 * One JSON line per fact: ids and outcomes, never bodies, secrets, customer data or a database's own words (they hold parameters).
 * Every event stands in the table of docs/observability.md, with its level (log-levels.ts).
 */
export function log(event: string, fields: LogFields = {}): void {
  const level = LEVELS[event] ?? 'info'
  // The platform reads the level off the method, others off the field.
  console[level === 'info' ? 'log' : level](JSON.stringify({ level, event, ...fields }))
}

/** What may be said of a fault in a log: its class, and our own sentence if it is one of ours. */
export function faultName(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown'
  return error.name === 'Fault' ? `${error.name}: ${error.message}` : error.name
}

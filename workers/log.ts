/** One JSON line per fact: ids and outcomes, never bodies, secrets, customer data or a database's own words (they hold parameters). */
export function log(event: string, fields: Record<string, string | number | boolean | null | undefined> = {}): void {
  console.log(JSON.stringify({ event, ...fields }))
}

/** What may be said of a fault in a log: its class, and our own sentence if it is one of ours. */
export function faultName(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown'
  return error.name === 'Fault' ? `${error.name}: ${error.message}` : error.name
}

/** What a log line says of an error. A hint is our own text for whoever runs the shop. */
export type FaultFields = { fault: string; hint?: string }

/** An error's name and code: its message may hold what a driver put into it (parameters, customer data). */
export function faultOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown'
  const code = 'code' in error && typeof error.code === 'string' ? ` ${error.code}` : ''
  const cause = error.cause instanceof Error ? ` (${faultOf(error.cause)})` : ''
  return `${error.name}${code}${cause}`
}

export function faultFields(error: unknown): FaultFields {
  const hint = error instanceof Error && 'hint' in error && typeof error.hint === 'string' ? { hint: error.hint } : {}
  return { fault: faultOf(error), ...hint }
}

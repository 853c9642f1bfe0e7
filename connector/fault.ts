/** What a log line says of an error. `why` and `hint` are our own text for whoever runs the shop. */
export type FaultFields = { fault: string; why?: string; hint?: string }

/** An error's name and code: its message may hold what a driver put into it (parameters, customer data). */
export function faultOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown'
  const code = 'code' in error && typeof error.code === 'string' ? ` ${error.code}` : ''
  const cause = error.cause instanceof Error ? ` (${faultOf(error.cause)})` : ''
  return `${error.name}${code}${cause}`
}

/** Names that a driver's errors have too. One of ours has a class of its own, and a hint. */
const COMMON_NAMES: ReadonlySet<string> = new Set(['error', 'Error'])
const isOwn = (error: unknown): error is Error & { hint: string } =>
  error instanceof Error && !COMMON_NAMES.has(error.name) && 'hint' in error && typeof error.hint === 'string'

export function faultFields(error: unknown): FaultFields {
  if (!isOwn(error)) return { fault: faultOf(error) }
  const { message, hint } = error
  const why = (message.endsWith(hint) ? message.slice(0, -hint.length) : message).trim()
  return { fault: faultOf(error), ...(why === '' ? {} : { why }), hint }
}

/**
 * What every answer carries that does not say otherwise: it is kept by nobody, is what its type says, runs nothing, stands in nobody's frame, and comes by
 * https. Pages say otherwise where they must (page-headers.ts); what may be cached says so itself.
 */
const GUARDS: Readonly<Record<string, string>> = {
  'Cache-Control': 'no-store',
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
  // Shops read the API from their own origins; CORS says which answers they may see.
  'Cross-Origin-Resource-Policy': 'cross-origin',
  'Referrer-Policy': 'no-referrer',
  'Strict-Transport-Security': 'max-age=31536000',
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
}

/** Adds what is missing. The answer's headers must be changeable. */
export function guardAnswer(headers: Headers): void {
  for (const [name, value] of Object.entries(GUARDS)) if (!headers.has(name)) headers.set(name, value)
}

/** Wrangler and Miniflare ask the network for telemetry and a sample request location; nothing here may depend on one. */
export const OFFLINE_ENV = {
  WRANGLER_SEND_METRICS: 'false',
  WRANGLER_SEND_ERROR_REPORTS: 'false',
  WRANGLER_HIDE_BANNER: 'true',
  CLOUDFLARE_CF_FETCH_ENABLED: 'false',
} as const

/** This process and everything it starts stay off the network. */
export function goOffline(): void {
  Object.assign(process.env, OFFLINE_ENV)
}

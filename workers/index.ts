export { LetterBox } from './dead-letters/letter-box-object.ts'
export { SkuCounters } from './inventory/sku-counters-object.ts'
export { StoreBreaker } from './stores/store-breaker-object.ts'
export { StoreLink } from './stores/store-link-object.ts'

export default {
  fetch: () => new Response('being built', { status: 503 }),
} satisfies ExportedHandler<Env>

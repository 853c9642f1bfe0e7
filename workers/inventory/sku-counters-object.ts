import { DurableObject } from 'cloudflare:workers'

export class SkuCounters extends DurableObject<Env> {}

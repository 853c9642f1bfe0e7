import { DurableObject } from 'cloudflare:workers'

export class StoreBreaker extends DurableObject<Env> {}

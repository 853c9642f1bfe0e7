import { DurableObject } from 'cloudflare:workers'

export class StoreLink extends DurableObject<Env> {}

import { DurableObject } from 'cloudflare:workers'

export class LetterBox extends DurableObject<Env> {}

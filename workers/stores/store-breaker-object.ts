import { createDurable } from 'itty-durable'
import { afterCall, decideCall, phaseOf, probeAt, turnOf } from './breaker.ts'
import type { BreakerPhase, BreakerState, BreakerTurn, CallOutcome } from './breaker.ts'

/**
 * A store's breaker. What itty-durable asks of us: methods are synchronous (it does not serialise what awaits) and reached as
 * `/do/call/{method}`; every public field is persisted after every call, also after one that threw, so a method computes first
 * and assigns last; fields are JSON scalars, because one that cannot be cloned would lose them all; no field or method may be
 * called `state`. It copies all bindings onto what it is given as state, so it is given the storage and nothing else.
 */
export class StoreBreaker extends createDurable({ autoPersist: true }) {
  recent = ''
  openedAt: number | null = null
  probedAt: number | null = null
  /** As it stands in storage. */
  #persisted = ''

  constructor(ctx: DurableObjectState) {
    super({ storage: ctx.storage, id: ctx.id })
  }

  mayCall(now: number): boolean {
    const { allowed, next } = decideCall(this.#read(), now)
    this.#assign(next)
    return allowed
  }

  record(outcome: CallOutcome, now: number): BreakerTurn | null {
    const before = this.#read()
    const after = afterCall(before, outcome, now)
    this.#assign(after)
    return turnOf(before, after)
  }

  phase(now: number): BreakerPhase {
    return phaseOf(this.#read(), now)
  }

  probeAt(): number | null {
    return probeAt(this.#read())
  }

  override async onLoad(): Promise<void> {
    this.#persisted = JSON.stringify(this.#read())
  }

  /** Called after every call: a row is written only when something changed, which for a healthy store is never. */
  override async persist(): Promise<void> {
    const text = JSON.stringify(this.#read())
    if (text === this.#persisted) return
    this.#persisted = text
    await super.persist()
  }

  #read(): BreakerState {
    return { recent: this.recent, openedAt: this.openedAt, probedAt: this.probedAt }
  }

  #assign({ recent, openedAt, probedAt }: BreakerState): void {
    this.recent = recent
    this.openedAt = openedAt
    this.probedAt = probedAt
  }
}

import { DurableObject } from 'cloudflare:workers'
import type { HeartbeatRequest } from '../../contract/connect.ts'
import { openLinkBook } from './link-db.ts'
import type { LinkProgress, Mark, StoreLinkRpc } from './port.ts'
import { createLink } from './run-link.ts'
import type { SyncLink } from './run-link.ts'

/** A store's link: the one place where work is offered, taken back or given up. It only records; who calls does the fetch. */
export class StoreLink extends DurableObject<Env> implements StoreLinkRpc {
  readonly #link: SyncLink

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env)
    this.#link = createLink(openLinkBook(ctx.storage))
  }

  async takeEpoch(connectorId: string, now: number, callId?: string) {
    return this.#once(() => this.#link.takeEpoch(connectorId, now, callId))
  }

  async heartbeat(beat: HeartbeatRequest, now: number) {
    return this.#once(() => this.#link.heartbeat(beat, now))
  }

  async admitEvents(call: { connectorId: string; epoch: number; afterSeq: number }, now: number) {
    return this.#once(() => this.#link.admitEvents(call, now))
  }

  async markDurable(epoch: number, from: Mark, to: Mark, told?: { assignmentIds: string[]; at: number }) {
    return this.#once(() => this.#link.markDurable(epoch, from, to, told))
  }

  async offer(assignmentId: string, pushable: boolean, now: number, acceptWithinMs?: number) {
    return this.#once(() => this.#link.offer(assignmentId, pushable, now, acceptWithinMs))
  }

  async pushed(assignmentId: string, outcome: 'journaled' | 'failed', now: number) {
    this.#once(() => this.#link.pushed(assignmentId, outcome, now))
  }

  async pull(limit: number, now: number) {
    return this.#once(() => this.#link.pull(limit, now))
  }

  async takeBack(assignmentId: string, now: number) {
    return this.#once(() => this.#link.takeBack(assignmentId, now))
  }

  async giveUp(assignmentId: string, isElsewhere: boolean, now: number) {
    return this.#once(() => this.#link.giveUp(assignmentId, isElsewhere, now))
  }

  async undo(assignmentId: string, now: number) {
    this.#once(() => this.#link.undo(assignmentId, now))
  }

  async progress(assignmentId: string, progress: LinkProgress, now: number) {
    this.#once(() => this.#link.progress(assignmentId, progress, now))
  }

  async request(word: string) {
    this.#once(() => this.#link.request(word))
  }

  async erase(assignmentIds: string[]) {
    return this.#once(() => this.#link.erase(assignmentIds))
  }

  async erasedAfter(n: number, limit: number) {
    return this.#link.erasedAfter(n, limit)
  }

  async works() {
    return this.#once(() => this.#link.works())
  }

  async recall(assignments: { assignmentId: string; mayBeNew: boolean }[], now: number) {
    return this.#once(() => this.#link.recall(assignments, now))
  }

  async facts(now: number) {
    return this.#link.facts(now)
  }

  async assignmentState(assignmentId: string) {
    return this.#link.assignmentState(assignmentId)
  }

  #once<T>(work: () => T): T {
    return this.ctx.storage.transactionSync(work)
  }
}

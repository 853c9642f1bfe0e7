import { faultName, log } from '../log.ts'
import { DurableObject } from 'cloudflare:workers'
import { systemClock } from '../../contract/clock.ts'
import type { Clock } from '../../contract/clock.ts'
import type { ExplainedInventory } from '../../contract/operator.ts'
import { createArbiter } from '../orders/arbiter.ts'
import type { StoreLinkRpc } from '../stores/port.ts'
import { availabilityOf, toAvailability } from './availability.ts'
import { ASKED_AT_ONCE_MAX, ASK_AGAIN_MS, askKey, dueOf, MISSING_ASK_MS, nextAskAt, settle } from './broom.ts'
import { applyCommand, decideReserve, explain, keptOf, stateOf } from './counter.ts'
import type { Counter } from './counter.ts'
import { openBook, openHome } from './db.ts'
import type { HomeDb } from './db.ts'
import { within } from './deadline.ts'
import { createBandWriter } from './kv.ts'
import { createLive } from './live.ts'
import type { Arbiter, CommandOutcome, CounterCommand, CounterState, DueReservation, KeptReservation, ReserveAnswer, ReserveRequest, SkuAvailability } from './port.ts'
import { createStops } from './stops.ts'
import type { StopUntil } from './stops.ts'
import { createTeller } from './teller.ts'
import { createLiveness } from './store-liveness.ts'

/** Longer than every queue (14 days at most), journal and dead letter (30 days) that could still bring a late reserve. */
export const TOMBSTONE_MS = 60 * 24 * 60 * 60_000
const PURGE_EVERY_MS = 24 * 60 * 60_000
/** D1 answers in milliseconds or not at all; the bands and the next batch do not wait longer than this. */
const ARBITER_TIMEOUT_MS = 10_000

/**
 * A home of counters: loads, decides (counter.ts, broom.ts), writes, in one transaction; then tells who listens. Nothing
 * outside is awaited inside a decision. Every method takes the number of homes first and throws when it is not the one this
 * object was set up with: with another number SKUs would be looked for in the wrong homes.
 * Fields are not reachable over RPC; tests replace `arbiter`, `lastHeartbeatAt` and `clock`.
 */
export class SkuCounters extends DurableObject<Env> {
  arbiter: Arbiter
  /** When a store's link last heard of it, epoch ms; for the `stale` that is shown, never for a decision. */
  lastHeartbeatAt: (storeId: string) => Promise<number | null>
  clock: Clock = systemClock
  readonly #db: HomeDb
  readonly #bands: ReturnType<typeof createBandWriter>
  readonly #stops: ReturnType<typeof createStops>
  readonly #teller: ReturnType<typeof createTeller>
  readonly #liveness: ReturnType<typeof createLiveness>
  readonly #live: ReturnType<typeof createLive>
  #shards: number | undefined
  /** Whether a channel wants to be told what can be sold. */
  #isTelling: boolean
  #alarmAt: number | null = null
  /** When the broom looks at a row next, by `sku storeId`; `null` until read. So a level or a reserve needs no index to keep. */
  #dues: Map<string, number> | null = null
  /** Asks that were answered with `wait`, and until when they rest. Lost with the memory: then they are asked earlier. */
  readonly #postponed = new Map<string, number>()

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env)
    this.arbiter = createArbiter(env.DB)
    this.#db = openHome(ctx.storage.sql)
    this.#bands = createBandWriter(this.#db, env.CATALOG, () => this.clock())
    this.#stops = createStops(this.#db, () => this.clock())
    this.#teller = createTeller(this.#db, env.WEBHOOKS, () => this.clock())
    this.#shards = ctx.storage.kv.get<number>('shards')
    this.#isTelling = ctx.storage.kv.get<boolean>('telling') ?? false
    this.lastHeartbeatAt = async (storeId) => {
      const link = env.STORE_LINK.get(env.STORE_LINK.idFromName(storeId)) as DurableObjectStub & Pick<StoreLinkRpc, 'facts'>
      return (await link.facts(this.clock())).lastHeartbeatAt
    }
    this.#liveness = createLiveness((storeId) => this.lastHeartbeatAt(storeId), () => this.clock())
    this.#live = createLive(ctx, {
      prepare: async (sku) => {
        const unsure = this.#liveness.unsure(this.#db.countersOf(sku).map(({ storeId }) => storeId))
        if (unsure.length > 0) await this.#liveness.refresh(unsure)
      },
      now: (sku) => toAvailability(availabilityOf(sku, this.#db.countersOf(sku)), this.#liveness.isStale),
    })
    void ctx.blockConcurrencyWhile(async () => {
      this.#alarmAt = await ctx.storage.getAlarm()
    })
  }

  async reserve(shards: number, request: ReserveRequest): Promise<ReserveAnswer> {
    this.#admit(shards)
    return this.#change((book): ReserveAnswer => {
      const counters = request.demands.map((demand) => book.counter(demand.sku, request.storeId))
      const decided = decideReserve(counters, request, this.#db.isBuried(request.assignmentId, request.attempt))
      if (!decided.ok) return decided
      decided.value.forEach(book.put)
      return { ok: true }
    })
  }

  /** In order; outcomes in the order of the commands. All of them or, when it throws, none. */
  async apply(shards: number, commands: CounterCommand[]): Promise<CommandOutcome[]> {
    this.#admit(shards)
    return this.#change((book) => commands.map((command) => {
      const { counter, outcome } = applyCommand(book.counter(command.sku, command.storeId), command)
      book.put(counter)
      const buried = command.type === 'release' && this.#db.bury(command.assignmentId, command.attempt, command.at)
      return buried ? 'applied' : outcome
    }))
  }

  async availability(shards: number, skus: string[], orderId?: string): Promise<SkuAvailability[]> {
    this.#admit(shards)
    return skus.map((sku) => availabilityOf(sku, this.#db.countersOf(sku), orderId))
  }

  async explain(shards: number, sku: string): Promise<ExplainedInventory> {
    this.#admit(shards)
    return { sku, stores: this.#db.countersOf(sku).map(explain) }
  }

  /** Only what was ever counted. */
  async statesOf(shards: number, storeId: string, skus: string[]): Promise<CounterState[]> {
    this.#admit(shards)
    return skus.flatMap((sku) => stateOf(this.#db.counter(sku, storeId)))
  }

  /** By SKU, after `afterSku` (`''` from the beginning). Fewer than `limit` means the end. */
  async listStates(shards: number, storeId: string, afterSku: string, limit: number): Promise<CounterState[]> {
    this.#admit(shards)
    return this.#db.countersOfStore(storeId, afterSku, limit).flatMap(stateOf)
  }

  /** Of these stores, all that are open. */
  async reservations(shards: number, storeIds: string[]): Promise<KeptReservation[]> {
    this.#admit(shards)
    return this.#db.countersWithReservations().filter(({ storeId }) => storeIds.includes(storeId)).flatMap(keptOf)
  }

  async setSafetyStock(shards: number, storeId: string, sku: string | null, quantity: number): Promise<void> {
    this.#admit(shards)
    if (sku !== null) {
      return this.#change((book) => book.put({ ...book.counter(sku, storeId), ownSafetyStock: quantity }))
    }
    // A rare act of an operator: every SKU of the store is looked at, none is written.
    await this.#change(() => this.#db.setStoreSafetyStock(storeId, quantity), () => this.#db.skusOfStore(storeId))
  }

  /** Off the web until then, or back on it. `storeId: null`: at every store. */
  async setStop(shards: number, sku: string, storeId: string | null, until: StopUntil): Promise<void> {
    this.#admit(shards)
    await this.#change(() => this.#stops.set(sku, storeId ?? '', until), () => [sku])
    await this.#arm(this.#stops.nextAt())
  }

  /** From now on channels are told, or are not any more. */
  async setTelling(shards: number, isTelling: boolean): Promise<void> {
    this.#admit(shards)
    if (this.#isTelling !== isTelling) this.ctx.storage.kv.put('telling', isTelling)
    this.#isTelling = isTelling
  }

  /** The WebSocket of one SKU: `?shards=…&sku=…&version=…`. */
  override async fetch(request: Request): Promise<Response> {
    const { searchParams } = new URL(request.url)
    const sku = searchParams.get('sku')
    this.#admit(Number(searchParams.get('shards')))
    if (!sku) return new Response(null, { status: 400 })
    if (request.headers.get('Upgrade')?.toLowerCase() !== 'websocket') return new Response(null, { status: 426, headers: { Upgrade: 'websocket' } })
    return this.#live.open(sku, searchParams.get('version') ?? undefined)
  }

  /** These sockets only speak; `ping` is answered without waking anybody. A talkative client would be paid for by us. */
  override webSocketMessage(socket: WebSocket): void {
    socket.close(1008, 'nothing is expected here')
  }

  override webSocketClose(socket: WebSocket): void {
    socket.close()
  }

  /** The broom, the bands and the purge. Always armed again, also after a fault: the platform gives up after six. */
  override async alarm(): Promise<void> {
    this.#alarmAt = null
    const work = await Promise.allSettled([this.#endStops(), this.#sweep(), this.#bands.write(), this.#purge(), this.#teller.tell()])
    let earliest = this.clock()
    for (const done of work) {
      if (done.status === 'fulfilled') continue
      log('inventory.alarm_failed', { error: faultName(done.reason) })
      earliest = this.clock() + ASK_AGAIN_MS
    }
    await this.#armNext(earliest)
  }

  #admit(shards: number): void {
    if (this.#shards === undefined && shards === Number(this.env.INVENTORY_SHARDS)) {
      this.ctx.storage.kv.put('shards', shards)
      this.#shards = shards
    }
    const expected = this.#shards ?? Number(this.env.INVENTORY_SHARDS)
    if (shards !== expected) {
      throw new Error(`this home of counters is one of ${expected} and was called as one of ${shards}: INVENTORY_SHARDS is fixed at install (docs/decisions/0001-homes.md)`)
    }
  }

  /** `work` in one transaction with everything it changes; then alarms and listeners. `alsoMoved` names SKUs that moved without a row of theirs. */
  async #change<T>(work: (book: ReturnType<typeof openBook>) => T, alsoMoved: (answer: T) => string[] = () => []): Promise<T> {
    const { answer, saved, moved, bandsMoved } = this.ctx.storage.transactionSync(() => {
      const book = openBook(this.#db)
      const answer = work(book)
      const { saved, changedSkus } = book.close()
      const moved = [...new Set([...changedSkus, ...alsoMoved(answer)])]
      if (this.#isTelling) this.#teller.owe(moved)
      return { answer, saved, moved, bandsMoved: moved.filter((sku) => this.#db.noteBand(sku)) }
    })
    let next = Infinity
    for (const counter of saved) next = Math.min(next, this.#noteDue(counter) ?? Infinity)
    for (const sku of bandsMoved) next = Math.min(next, this.#bands.note(sku))
    if (next === Infinity && this.#alarmAt === null && this.#db.hasTombstones()) next = this.clock() + PURGE_EVERY_MS
    if (this.#isTelling && moved.length > 0) next = Math.min(next, this.#teller.note())
    for (const sku of moved) this.#live.tellAll(sku)
    await this.#arm(next)
    return answer
  }

  async #endStops(): Promise<void> {
    if (this.#stops.nextAt() <= this.clock()) await this.#change(() => this.#stops.end(), (ended) => ended)
  }

  async #sweep(): Promise<void> {
    const now = this.clock()
    for (const [key, until] of this.#postponed) if (until <= now) this.#postponed.delete(key)
    const asked = new Map<string, { due: DueReservation; rows: { sku: string; storeId: string }[] }>()
    const rows = [...this.#loadDues()].filter(([, at]) => at <= now).sort(([, a], [, b]) => a - b)
    for (const [key] of rows) {
      const [sku = '', storeId = ''] = key.split(' ')
      for (const due of dueOf(this.#db.counter(sku, storeId), this.#postponed, now)) {
        const ask = asked.get(askKey(due))
        if (ask) ask.rows.push({ sku, storeId })
        else if (asked.size < ASKED_AT_ONCE_MAX) asked.set(askKey(due), { due, rows: [{ sku, storeId }] })
      }
      if (asked.size >= ASKED_AT_ONCE_MAX) break
    }
    if (asked.size === 0) return
    const asks = [...asked.values()]
    const verdicts = await this.#ask(asks.map(({ due }) => due), now)

    await this.#change((book) => {
      for (const [place, { due, rows: rowsAsked }] of asks.entries()) {
        const verdict = verdicts[place] ?? 'wait'
        if (verdict === 'wait') this.#postponed.set(askKey(due), this.clock() + ASK_AGAIN_MS)
        if (verdict === 'missing') {
          this.#postponed.set(askKey(due), this.clock() + MISSING_ASK_MS)
          log('inventory.order_missing', { assignmentId: due.assignmentId, storeId: rowsAsked[0]?.storeId })
        }
        if (verdict === 'release') this.#db.bury(due.assignmentId, due.attempt, now)
        for (const { sku, storeId } of rowsAsked) book.put(settle(book.counter(sku, storeId), due, verdict, now).counter)
      }
    })
    for (const { rows: rowsAsked } of asks) for (const { sku, storeId } of rowsAsked) this.#noteDue(this.#db.counter(sku, storeId))
  }

  async #ask(dues: DueReservation[], now: number): Promise<Awaited<ReturnType<Arbiter>>> {
    try {
      return await within(ARBITER_TIMEOUT_MS, this.arbiter(dues, now))
    } catch (error) {
      log('inventory.arbiter_unknown', { asked: dues.length, error: faultName(error) })
      return dues.map(() => 'wait')
    }
  }

  /** Noted after every change and after every answer, so `#dues` is never behind the rows. */
  #noteDue(counter: Counter): number | null {
    const at = nextAskAt(counter, this.#postponed)
    const key = `${counter.sku} ${counter.storeId}`
    if (at === null) this.#dues?.delete(key)
    else this.#dues?.set(key, at)
    return at
  }

  #loadDues(): Map<string, number> {
    if (this.#dues) return this.#dues
    this.#dues = new Map()
    for (const counter of this.#db.countersWithReservations()) this.#noteDue(counter)
    return this.#dues
  }

  async #purge(): Promise<void> {
    const now = this.clock()
    if (now - (this.ctx.storage.kv.get<number>('purgedAt') ?? 0) < PURGE_EVERY_MS || !this.#db.hasTombstones()) return
    this.#db.purgeTombstones(now - TOMBSTONE_MS)
    this.ctx.storage.kv.put('purgedAt', now)
  }

  async #arm(at: number): Promise<void> {
    if (at === Infinity || (this.#alarmAt !== null && this.#alarmAt <= at)) return
    this.#alarmAt = at
    await this.ctx.storage.setAlarm(at)
  }

  async #armNext(earliest: number): Promise<void> {
    let next = this.#db.hasTombstones() ? (this.ctx.storage.kv.get<number>('purgedAt') ?? 0) + PURGE_EVERY_MS : Infinity
    for (const at of this.#loadDues().values()) next = Math.min(next, at)
    next = Math.min(next, this.#bands.nextAt(), this.#teller.nextAt(), this.#stops.nextAt())
    this.#alarmAt = next === Infinity ? null : Math.max(next, earliest)
    if (this.#alarmAt === null) await this.ctx.storage.deleteAlarm()
    else await this.ctx.storage.setAlarm(this.#alarmAt)
  }
}

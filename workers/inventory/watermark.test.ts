import fc from 'fast-check'
import { expect, test } from 'vitest'
import { applyCommand, available, decideReserve, emptyCounter } from './counter.ts'
import type { Counter } from './counter.ts'
import type { CounterCommand } from './port.ts'

/**
 * The watermark rule against a POS that numbers and reads as rules.md 3 says: every write takes its seq some time after its
 * commit, every read its `asOf` some time before its SELECT, and anything may happen in between. What the edge hears of it
 * comes late, in any order, and more than once.
 */
const place = { sku: 'SOAP', storeId: 'main' }

type WebOrder = { quantity: number; state: 'promised' | 'written' | 'struck' | 'voided' }
type Action = { kind: (typeof KINDS)[number]; pick: number; quantity: number }
const KINDS = [
  'reserve', 'reserve', 'reserve', 'twin', 'releaseTwin', 'strike', 'write', 'write', 'write', 'number', 'number', 'number', 'readBack', 'readBack',
  'void', 'till', 'receive', 'startCount', 'startCount', 'select', 'select', 'emitCount', 'emitCount', 'newEpoch', 'deliver', 'deliver', 'deliver',
] as const
const LATE = 8
/** A whole count, heard at once. */
const COUNTED = ['startCount', 'select', 'emitCount', 'deliver'] as const
const action = fc.record({ kind: fc.constantFrom(...KINDS), pick: fc.nat(1000), quantity: fc.integer({ min: 1, max: 4 }) })

class World {
  stock: number
  epoch = 1
  lastSeq = 0
  /** Till sales by the moment they happened; a moment is a write's place in the POS's log. */
  moment = 0
  tillSales: { moment: number; quantity: number }[] = []
  orders = new Map<string, WebOrder>()
  attempts = 0
  readBacks: { seq: number; tell: CounterCommand[] }[] = []
  count: { asOf: number; selected: { onHand: number; moment: number } | null } | null = null
  /** When each level was read, by its place in the numbering. */
  readAt = new Map<string, number>()
  told: CounterCommand[] = []
  counter: Counter

  constructor(stock: number, safetyStock: number) {
    this.stock = stock
    this.counter = emptyCounter('SOAP', 'main', safetyStock)
  }

  act({ kind, pick, quantity }: Action): void {
    const assignment = (...states: WebOrder['state'][]) => {
      const found = [...this.orders].filter(([, order]) => states.includes(order.state))
      return found[pick % found.length]
    }
    switch (kind) {
      case 'reserve': return this.reserve(`o${this.orders.size}`, quantity)
      case 'twin': {
        const [id, order] = assignment('promised') ?? []
        return id && order ? this.reserve(id, order.quantity) : undefined
      }
      case 'releaseTwin': {
        const [id] = assignment('promised') ?? []
        const twins = this.counter.reservations.filter((reservation) => reservation.assignmentId === id)
        const twin = twins[1]
        if (twin) this.hear({ type: 'release', ...place, assignmentId: twin.assignmentId, attempt: twin.attempt, at: 0 })
        return
      }
      case 'strike': {
        const [id, order] = assignment('promised') ?? []
        if (!id || !order) return
        order.state = 'struck'
        this.told.push({ type: 'release', ...place, assignmentId: id, at: 0 })
        return
      }
      case 'write': {
        const [, order] = assignment('promised') ?? []
        if (!order) return
        // Now and then the store takes less than it was asked for.
        const taken = pick % 3 === 0 ? Math.min(quantity, order.quantity) : order.quantity
        if (this.stock < taken) return
        order.quantity = taken
        order.state = 'written'
        this.stock -= order.quantity
        this.moment++
        return
      }
      case 'number': {
        const [id] = assignment('written') ?? []
        if (id) this.number(id)
        return
      }
      case 'void': {
        const [id, order] = assignment('written') ?? []
        if (!id || !order) return
        order.state = 'voided'
        this.stock += order.quantity
        this.moment++
        this.tellVoided(id)
        return
      }
      case 'readBack': {
        if (this.count) return
        const [readBack] = this.readBacks.splice(pick % (this.readBacks.length || 1), 1)
        if (readBack) this.told.push(...readBack.tell, this.level(readBack.seq, readBack.seq, this.stock, this.moment))
        return
      }
      case 'till':
        if (this.stock < quantity) return
        this.stock -= quantity
        this.tillSales.push({ moment: ++this.moment, quantity })
        return
      case 'receive':
        this.stock += quantity
        this.moment++
        return
      case 'startCount':
        this.count ??= { asOf: this.lastSeq, selected: null }
        return
      case 'select':
        if (this.count) this.count.selected ??= { onHand: this.stock, moment: this.moment }
        return
      case 'emitCount': {
        const { asOf, selected } = this.count ?? {}
        if (asOf === undefined || !selected) return
        this.count = null
        this.told.push(this.level(asOf, ++this.lastSeq, selected.onHand, selected.moment))
        return
      }
      case 'newEpoch':
        this.epoch++
        this.lastSeq = 0
        this.count = null
        this.readBacks = []
        return
      case 'deliver': {
        // Mostly the last few: what is late by hours is told at rest.
        const command = this.told[this.told.length - 1 - (pick % Math.min(this.told.length, LATE))]
        if (command) this.hear(command)
      }
    }
  }

  reserve(assignmentId: string, quantity: number): void {
    const before = available(this.counter) ?? 0
    const request = { assignmentId, attempt: { id: `t${this.attempts++}`, bodyHash: '' }, storeId: 'main', demands: [{ sku: 'SOAP', quantity }], now: 0, dueAt: 0 }
    const answer = decideReserve([this.counter], request, false)
    if (!answer.ok) return
    const isTwin = this.orders.has(assignmentId)
    this.counter = answer.value[0] ?? this.counter
    expect(available(this.counter)).toBe(isTwin ? before : before - quantity)
    if (!isTwin) this.orders.set(assignmentId, { quantity, state: 'promised' })
  }

  number(assignmentId: string): void {
    const seq = ++this.lastSeq
    this.readBacks.push({ seq, tell: [{ type: 'fell', ...place, assignmentId, position: { epoch: this.epoch, seq }, quantity: this.orders.get(assignmentId)?.quantity ?? 0 }] })
  }

  tellVoided(assignmentId: string): void {
    this.readBacks.push({ seq: ++this.lastSeq, tell: [{ type: 'release', ...place, assignmentId, at: 0 }] })
  }

  level(asOf: number, seq: number, onHand: number, moment: number): CounterCommand {
    this.readAt.set(`${this.epoch} ${asOf} ${seq}`, moment)
    return { type: 'level', ...place, onHand, epoch: this.epoch, asOf, seq, at: 0 }
  }

  hear(command: CounterCommand): void {
    this.counter = applyCommand(this.counter, command).counter
  }

  promised(): number {
    return [...this.orders.values()].reduce((sum, order) => sum + (order.state === 'promised' ? order.quantity : 0), 0)
  }

  check(): void {
    const { level } = this.counter
    const shown = available(this.counter)
    if (level === null || shown === null || shown === 0) return
    const readAt = this.readAt.get(`${level.epoch} ${level.asOf} ${level.seq}`) ?? 0
    const unseen = this.tillSales.reduce((sum, sale) => sum + (sale.moment > readAt ? sale.quantity : 0), 0)
    expect(shown).toBeGreaterThan(0)
    expect(shown, 'more shown than there is, beside till sales not seen yet').toBeLessThanOrEqual(this.stock - this.promised() + unseen)
  }

  /**
   * The shop closes: everything is numbered (again: what a lost journal had not told is asked for in the new epoch), read and
   * told; the mail comes in any order, then once more.
   */
  rest(order: number[]): void {
    this.act({ kind: 'select', pick: 0, quantity: 1 })
    this.act({ kind: 'emitCount', pick: 0, quantity: 1 })
    for (const [id, { state }] of this.orders) {
      if (state === 'written') this.number(id)
      if (state === 'voided') this.tellVoided(id)
    }
    while (this.readBacks.length > 0) this.act({ kind: 'readBack', pick: 0, quantity: 1 })
    const mail = this.told.map((command, index) => ({ command, rank: order[index % (order.length || 1)] ?? 0 })).sort((a, b) => a.rank - b.rank)
    const hearAll = () => {
      for (const { command } of mail) {
        this.hear(command)
        this.check()
      }
    }
    hearAll()
    for (const kind of COUNTED) this.act({ kind, pick: 0, quantity: 1 })
    hearAll()
  }
}

test('acceptances and levels in any order and number never show more than there is, and at rest show exactly that', () => {
  fc.assert(fc.property(
    fc.integer({ min: 0, max: 40 }), fc.integer({ min: 0, max: 2 }), fc.array(action, { maxLength: 100, size: 'max' }), fc.array(fc.nat(), { minLength: 1, maxLength: 30 }),
    (stock, safetyStock, actions, order) => {
      const world = new World(stock, safetyStock)
      // A first count, so that there is something to sell.
      for (const kind of COUNTED) world.act({ kind, pick: 0, quantity: 1 })
      for (const next of actions) {
        world.act(next)
        world.check()
      }
      world.rest(order)
      expect(available(world.counter)).toBe(Math.max(0, world.stock - safetyStock - world.promised()))
      const waiting = [...world.orders].filter(([, { state }]) => state === 'promised').map(([id]) => id)
      expect([...new Set(world.counter.reservations.map(({ assignmentId }) => assignmentId))].sort()).toEqual(waiting.sort())
    },
  ), { numRuns: 4_000 })
})

import { toInstant } from '../../contract/clock.ts'
import type { Level } from '../../contract/events.ts'
import type { Pos } from '../../connector/pos/port.ts'
import { itemOf, memoryPos } from '../../connector/test-shop.ts'
import type { World } from './simulated-edge.ts'
import type { Actor } from './stage.ts'

/** A POS is slow to answer: what it read is old when it comes. */
const SLOW_ANSWERS = 0.4

/**
 * A shop's till, which no trouble can harm: its tables are the truth. Half of them are harder to work with: the goods fall only
 * when the cashier completes the sale, or a web order cannot be looked up by its reference.
 */
export function createSimulatedTill(world: World, counted: Record<string, number>) {
  const { stage, random, faults, now } = world
  const pos = memoryPos(counted, { stockFallsAt: random.chance(0.45) ? 'later' : 'accept', duplicates: random.chance(0.35) ? 'possible' : 'never' })
  const written = new Map<string, number>()
  const sales: { sku: string; quantity: number }[] = []
  const renamed = new Set<string>()
  const underWay = { reads: 0, writes: 0 }

  /**
   * The POS as one connector process meets it: slow, sometimes away, and between any two of its steps the process can die.
   * `readAt`: how many sales this till had made when the process last read a SKU's level.
   */
  const reach = (actor: Actor): { pos: Pos; readAt(sku: string): number } => {
    const readAt = new Map<string, number>()
    const reading = <T extends { levels: Level[] }>(answer: T): T => {
      for (const { sku } of answer.levels) readAt.set(sku, sales.length)
      return answer
    }
    const through = async <T>(what: string, work: () => Promise<T>, kind: 'reads' | 'writes' = 'reads'): Promise<T> => {
      await stage.pass(actor, `POS ${what}`)
      if (faults.strikes('POS fault', 0.01)) throw new Error('the POS does not answer')
      let isOpen = true
      const end = (): void => {
        if (isOpen) underWay[kind] -= 1
        isOpen = false
      }
      underWay[kind] += 1
      actor.onDeath(end)
      try {
        const answer = await work()
        await stage.pass(actor, `POS answers ${what}`, SLOW_ANSWERS)
        if (faults.strikes('POS answer lost', 0.01)) throw new Error('the POS did not end its answer')
        return answer
      } finally {
        end()
      }
    }
    const reached: Pos = {
      capabilities: pos.capabilities,
      mayHaveChanged: () => through('changed?', () => pos.mayHaveChanged()),
      readChanges: (cursor) => through('changes', async () => reading(await pos.readChanges(cursor))),
      currentCursor: () => through('cursor', () => pos.currentCursor()),
      readSnapshot: (after, limit) => through('snapshot', async () => reading(await pos.readSnapshot(after, limit))),
      readLevels: (skus) => through('levels', async () => reading({ levels: await pos.readLevels(skus) }).levels),
      findOrder: (id) => through('find', () => pos.findOrder(id)),
      writeOrder: (assignment) => through('write', async () => {
        // Of two that write at once the second finds what the first wrote, by the till's key on the reference (`Pos.writeOrder`).
        const before = pos.capabilities.duplicates === 'never' ? pos.orders.get(assignment.assignmentId) : undefined
        const answer = await pos.writeOrder(assignment)
        if (answer.ok && !before) written.set(assignment.assignmentId, (written.get(assignment.assignmentId) ?? 0) + 1)
        if (!answer.ok) faults.note('POS refusal')
        return answer
      }, 'writes'),
      voidOrder: (id) => through('void', () => pos.voidOrder(id), 'writes'),
      staffStep: (id, step) => through('staff', () => pos.staffStep(id, step), 'writes'),
      close: async () => undefined,
    }
    return { pos: reached, readAt: (sku) => readAt.get(sku) ?? 0 }
  }

  const stock = (): [string, number][] => [...pos.stock].filter(([sku]) => !renamed.has(sku))
  const anySku = (): string => random.pick(stock())[0]
  const openOrders = () => [...pos.orders].filter(([, { state }]) => state !== 'void' && state !== 'done')

  return {
    reach,
    /** How often each assignment was written, whatever its row says now. */
    written,
    isWriting: () => underWay.writes > 0,
    /** Whether the catalogue has it. */
    isSold: (sku: string) => pos.items.has(sku),
    /** What is counted under its own name; what was renamed away nobody will ever count again. */
    stock,
    onHand: (sku: string): number | undefined => (renamed.has(sku) ? undefined : pos.stock.get(sku)),
    orders: pos.orders,
    /** Units sold here after the first `count` sales. */
    soldSince: (sku: string, count: number): number => sales.slice(count).reduce((sum, sale) => (sale.sku === sku ? sum + sale.quantity : sum), 0),
    sells(): void {
      const sku = anySku()
      if ((pos.stock.get(sku) ?? 0) <= 0) return
      faults.note(underWay.reads > 0 ? 'till sale during a read' : 'till sale')
      sales.push({ sku, quantity: 1 })
      pos.sell(sku, 1)
    },
    takesBack(): void {
      faults.note('till return')
      pos.sell(anySku(), -1)
    },
    describesAnew(): void {
      faults.note('item described anew')
      const sku = random.pick([...pos.items.keys()])
      pos.put(itemOf(sku, `Item ${sku} ${random.int(99)}`))
    },
    /** The same goods under another name: to everybody else the old SKU is gone, with its level. */
    renames(): void {
      if (renamed.size > 0 || pos.items.size < 3) return
      faults.note('SKU renamed')
      const sku = random.pick([...pos.items.keys()])
      const onHand = pos.stock.get(sku) ?? 0
      renamed.add(sku)
      pos.retire(sku)
      pos.stock.delete(sku)
      pos.put(itemOf(`${sku}-NEW`), onHand)
    },
    /** Off the shelves, or on them again; its pieces are still counted. */
    retires(): void {
      const gone = stock().flatMap(([sku]) => (pos.items.has(sku) ? [] : [sku]))
      faults.note('SKU retired')
      if (gone.length > 0) return pos.put(itemOf(random.pick(gone)))
      if (pos.items.size > 2) pos.retire(random.pick([...pos.items.keys()]))
    },
    /** A cashier opens the suspended sale, much later, and completes it: only now do the goods fall. */
    completesLate(): void {
      const suspended = openOrders().filter(([, { fell }]) => !fell)
      if (suspended.length === 0) return
      faults.note('suspended sale completed late')
      pos.staff({ kind: 'stock-fell', assignmentId: random.pick(suspended)[0], occurredAt: toInstant(now()) })
    },
    /** In the end cashiers complete what is suspended. */
    settles(): void {
      for (const [assignmentId, { fell }] of openOrders()) if (!fell) pos.staff({ kind: 'stock-fell', assignmentId, occurredAt: toInstant(now()) })
    },
    /** One more of everything that is sold has been found. */
    findsOne(): void {
      for (const [sku, onHand] of stock()) {
        const item = pos.items.get(sku)
        if (item) pos.put(item, onHand + 1)
      }
    },
    handsOut(): void {
      const ready = openOrders().filter(([, { fell }]) => fell)
      if (ready.length === 0) return
      faults.note('handed out')
      pos.staff({ kind: 'progress', status: random.pick(['picking', 'ready_for_pickup', 'completed'] as const), assignmentId: random.pick(ready)[0], occurredAt: toInstant(now()) })
    },
    refuses(): void {
      const open = openOrders().filter(([, { state }]) => state === 'open')
      if (open.length === 0) return
      faults.note('refused by staff')
      pos.staff({ kind: 'refused', reason: 'out_of_stock', assignmentId: random.pick(open)[0], occurredAt: toInstant(now()) })
    },
  }
}
export type SimulatedTill = ReturnType<typeof createSimulatedTill>

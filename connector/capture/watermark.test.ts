import fc from 'fast-check'
import { expect, test } from 'vitest'
import { captureChanges } from './capture.ts'
import { acceptOrder, voidOrder } from '../delivery/accept-order.ts'
import { receiveOrder } from '../delivery/receive-order.ts'
import { requestCancel } from '../delivery/request-cancel.ts'
import { levelsOf, type NumberedEvent } from '../journal/outgoing-event.ts'
import { assignmentId, assignmentOf, memoryPos, NOW, openTestJournal, shopOf, testFolder, waitingEvents } from '../test-shop.ts'

type Step = { kind: 'order'; n: number; quantity: number } | { kind: 'cancel'; n: number } | { kind: 'receive'; quantity: number } | { kind: 'capture' } | { kind: 'pause' }

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant('order' as const), n: fc.integer({ min: 1, max: 9 }), quantity: fc.integer({ min: 1, max: 4 }) }),
  fc.record({ kind: fc.constant('cancel' as const), n: fc.integer({ min: 1, max: 9 }) }),
  fc.record({ kind: fc.constant('receive' as const), quantity: fc.integer({ min: 1, max: 5 }) }),
  fc.constant({ kind: 'capture' as const }),
  fc.constant({ kind: 'pause' as const }),
)

/** The edge's arithmetic over what the store told so far (rules.md 3), for one SKU. */
function availableAt(events: readonly NumberedEvent[], reserved: ReadonlyMap<string, number>): number {
  let level = { onHand: 0, asOf: -1 }
  const fell = new Map<string, number>()
  const gone = new Set<string>()
  for (const event of events) {
    for (const { onHand } of levelsOf(event)) level = { onHand, asOf: event.seq }
    if (event.type === 'stock.counted' && event.data.asOf >= level.asOf) level = { onHand: event.data.onHand, asOf: event.data.asOf }
    if (event.type === 'order.accepted' && event.data.stockFell) fell.set(event.data.assignmentId, event.seq)
    if (event.type === 'order.rejected' || event.type === 'order.cancel_result') gone.add(event.data.assignmentId)
  }
  let weighing = 0
  for (const [id, quantity] of reserved) {
    const seq = fell.get(id)
    if (!gone.has(id) && (seq === undefined || seq > level.asOf)) weighing += quantity
  }
  return level.onHand - weighing
}

test('whatever comes between, the edge never believes more than the POS has free, and in the end exactly that', async () => {
  await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 20 }), fc.array(fc.constantFrom(0, 0, 0, 1, 15), { minLength: 7, maxLength: 60 }), async (steps, pauses) => {
    const folder = testFolder()
    const journal = openTestJournal(folder.file('journal.sqlite'))
    let turnOf = 0
    const pause = async (): Promise<void> => {
      for (let n = pauses[turnOf++ % pauses.length] ?? 0; n > 0; n -= 1) await new Promise((resolve) => setImmediate(resolve))
    }
    const pos = memoryPos({ A: 30 }, {}, pause)
    const shop = shopOf(journal, pos)
    journal.append([{ type: 'stock.counted', occurredAt: '2026-01-02T12:00:00Z', data: { sku: 'A', onHand: 30, asOf: 0 } }])
    journal.meta.set('posCursor', '0')

    // A till sale not yet seen can oversell, so the till here only receives; every other error must be on the safe side.
    const reserved = new Map<string, number>()
    const free = (): number => {
      const onWay = [...reserved].filter(([id]) => !pos.orders.has(id) && journal.inbox.get(id)?.state !== 'rejected' && journal.inbox.get(id)?.state !== 'struck')
      return (pos.stock.get('A') ?? 0) - onWay.reduce((sum, [, quantity]) => sum + quantity, 0)
    }
    journal.onAppend(() => expect(availableAt(waitingEvents(journal), reserved)).toBeLessThanOrEqual(free()))

    const running: Promise<unknown>[] = []
    for (const each of steps) {
      switch (each.kind) {
        case 'order': {
          const order = assignmentOf(each.n, { A: each.quantity })
          if (reserved.has(order.assignmentId) || each.quantity > availableAt(waitingEvents(journal), reserved)) break
          reserved.set(order.assignmentId, each.quantity)
          receiveOrder(journal, order, NOW)
          running.push(acceptOrder(shop, journal.inbox.get(order.assignmentId)!, new Map()))
          break
        }
        case 'cancel':
          if (journal.inbox.get(assignmentId(each.n))?.state === 'done' && requestCancel(journal, assignmentId(each.n), NOW) === 'requested') {
            running.push(voidOrder(shop, journal.inbox.get(assignmentId(each.n))!))
          }
          break
        case 'receive':
          pos.put(pos.items.get('A')!, (pos.stock.get('A') ?? 0) + each.quantity)
          break
        case 'capture':
          running.push(captureChanges(shop))
          break
        case 'pause':
          await new Promise((resolve) => setImmediate(resolve))
      }
    }
    await Promise.all(running)
    await captureChanges(shop)
    expect(availableAt(waitingEvents(journal), reserved)).toBe(pos.stock.get('A'))
    journal.close()
    folder.remove()
  }), { numRuns: 100 })
})

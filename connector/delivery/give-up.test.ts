import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Journal } from '../journal/journal.ts'
import { assignmentId, assignmentOf, memoryPos, NOW, openTestJournal, shopOf, silent, testFolder, waitingEvents, type MemoryPos } from '../test-shop.ts'
import type { Shop } from './accept-order.ts'
import { giveUp, type PersonsWord } from './give-up.ts'
import { receiveOrder } from './receive-order.ts'
import { requestCancel } from './request-cancel.ts'
import { createWriter } from './writer.ts'

let folder: ReturnType<typeof testFolder>
let journal: Journal
let pos: MemoryPos
let shop: Shop
const ID = assignmentId(1)

function open(capabilities: Parameters<typeof memoryPos>[1] = {}): void {
  pos = memoryPos({ A: 10 }, capabilities)
  shop = shopOf(journal, pos)
  receiveOrder(journal, assignmentOf(1, { A: 3 }), NOW)
}
const give = (word: PersonsWord = null) => giveUp(shop, { assignmentId: ID, reason: 'store_closed', detail: 'the till is closed', word })
const told = () => waitingEvents(journal).map(({ type }) => type)
const inDoubt = () => journal.transaction(() => journal.inbox.change(ID, { state: 'in_doubt', detail: 'unsure' }, NOW))

beforeEach(() => {
  folder = testFolder()
  journal = openTestJournal(folder.file('journal.sqlite'))
})
afterEach(() => {
  journal.close()
  folder.remove()
})

describe('an order that cannot be brought in', () => {
  test('is refused with its reason and fresh levels, once', async () => {
    open()
    expect(await give()).toEqual({ kind: 'rejected', reason: 'store_closed' })
    expect(await give()).toMatchObject({ kind: 'settled', state: 'rejected' })
    expect(waitingEvents(journal).at(-1)).toMatchObject({ type: 'order.rejected', data: { reason: 'store_closed', levels: [{ sku: 'A', onHand: 10 }] } })
    expect(told()).toEqual(['order.journaled', 'order.rejected'])
    await createWriter(shop, silent).once(new AbortController().signal)
    expect(pos.writes).toEqual([])
  })

  test('that is in the POS after all is accepted, whatever was asked', async () => {
    open()
    await pos.writeOrder(assignmentOf(1, { A: 3 }))
    expect(await give('not-in-pos')).toEqual({ kind: 'accepted', posReference: 'T1', foundByConnector: true })
    expect(waitingEvents(journal).at(-1)).toMatchObject({ type: 'order.accepted', data: { posReference: 'T1', stockFell: true, levels: [{ sku: 'A', onHand: 7 }] } })
  })

  test('is not given up on a guess while the POS is away, and is on a person\'s word', async () => {
    open()
    pos.fail = { at: 'findOrder', when: 'before' }
    expect(await give()).toMatchObject({ kind: 'look' })
    expect(told()).toEqual(['order.journaled'])
    expect(await give('not-in-pos')).toMatchObject({ kind: 'rejected' })
  })

  test('needs a person\'s word where the POS cannot be searched', async () => {
    open({ duplicates: 'possible' })
    expect(await give()).toMatchObject({ kind: 'look' })
    expect(await give('not-in-pos')).toMatchObject({ kind: 'rejected' })
  })

  test('and is cancelled as well answers both', async () => {
    open()
    journal.transaction(() => journal.inbox.change(ID, { state: 'intent' }, NOW))
    expect(requestCancel(journal, ID, NOW)).toBe('requested')
    await give()
    expect(told()).toEqual(['order.journaled', 'order.rejected', 'order.cancel_result'])
  })

  test('is not said to be in a POS that has been searched for it', async () => {
    open()
    expect(await give({ inPos: '4711' })).toEqual({ kind: 'not-doubtful' })
    expect(told()).toEqual(['order.journaled'])
  })
})

describe('an order in doubt', () => {
  test('waits for a person, and ends as found in the POS', async () => {
    open({ duplicates: 'possible' })
    inDoubt()
    expect(await give()).toMatchObject({ kind: 'look' })
    expect(await give({ inPos: '4711' })).toEqual({ kind: 'accepted', posReference: '4711', foundByConnector: false })
    expect(journal.inbox.get(ID)).toMatchObject({ state: 'done', posReference: '4711', stockFell: true })
    expect(await give('not-in-pos')).toMatchObject({ kind: 'settled', state: 'done', posReference: '4711' })
  })

  test('ends as not in the POS', async () => {
    open({ duplicates: 'possible', stockFallsAt: 'later' })
    inDoubt()
    expect(await give('not-in-pos')).toEqual({ kind: 'rejected', reason: 'store_closed' })
    expect(told()).toEqual(['order.journaled', 'order.rejected'])
  })
})

test('an order that nobody knows is none', async () => {
  open()
  expect(await giveUp(shop, { assignmentId: assignmentId(9), reason: 'invalid', detail: null, word: null })).toEqual({ kind: 'unknown' })
})

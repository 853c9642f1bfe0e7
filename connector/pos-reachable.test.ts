import { expect, test } from 'vitest'
import { createActivity } from './control/activity.ts'
import { DatabaseFault, type FaultKind } from './pos/sql/database-fault.ts'
import { StatementFault } from './pos/sql/statement-fault.ts'
import { watchReachable } from './pos-reachable.ts'
import { assignmentOf, memoryPos, NOW, PosAway } from './test-shop.ts'

const fault = (kind: FaultKind): DatabaseFault => new DatabaseFault(kind, '1', 'It did not do it', 'Look')

/** What `/ready`, the heartbeat and `status` say after one call that failed so. */
async function after(error: Error, call: 'writeOrder' | 'currentCursor') {
  const activity = createActivity(() => NOW)
  const { pos, reachable } = watchReachable({ ...memoryPos({ A: 1 }), writeOrder: () => Promise.reject(error), currentCursor: () => Promise.reject(error) }, activity.hearPos)
  await expect(call === 'writeOrder' ? pos.writeOrder(assignmentOf(1, { A: 1 })) : pos.currentCursor()).rejects.toBe(error)
  return { reachable: reachable(), awaySince: activity.facts().posAwaySince }
}

test.each([fault('constraint'), fault('data'), fault('duplicate'), fault('conflict'), fault('timeout'), fault('no-grant'), new StatementFault('It gave no reference', 'Set it'), new TypeError('a mistake of the adapter')])('what the POS answers to one order says nothing of the others: %o', async (error) => {
  expect(await after(error, 'writeOrder')).toEqual({ reachable: true, awaySince: null })
})

test.each([fault('unreachable'), fault('lost'), fault('login'), fault('too-many'), new PosAway('it is away')])('a POS that lets no order in is away: %o', async (error) => {
  expect(await after(error, 'writeOrder')).toEqual({ reachable: false, awaySince: NOW })
})

test.each([fault('timeout'), fault('no-table'), fault('unreachable'), new PosAway('it is away')])('a POS that cannot be read is away, whatever it says: %o', async (error) => {
  expect(await after(error, 'currentCursor')).toEqual({ reachable: false, awaySince: NOW })
})

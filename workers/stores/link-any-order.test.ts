import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { EMPTY_DIGEST } from '../../contract/digest.ts'
import type { Mark } from './port.ts'
import { createLink } from './run-link.ts'
import { NOW, beatOf, id, memoryBook } from './test-link-book.ts'

describe('in any order of messages', () => {
  const some = fc.integer({ min: 1, max: 3 }).map(id)
  const mark = fc.record({ seq: fc.integer({ min: 0, max: 3 }), digest: fc.constantFrom(EMPTY_DIGEST, 'a', 'b') })
  const step = fc.oneof(
    fc.record({ do: fc.constant('offer' as const), id: some, pushable: fc.boolean() }),
    fc.record({ do: fc.constant('pushed' as const), id: some, outcome: fc.constantFrom('journaled' as const, 'failed' as const) }),
    fc.record({ do: fc.constant('pull' as const), limit: fc.integer({ min: 1, max: 3 }) }),
    fc.record({ do: fc.constant('takeBack' as const), id: some }),
    fc.record({ do: fc.constant('progress' as const), id: some, progress: fc.constantFrom('journaled' as const, 'outcome' as const, 'cancel-answered' as const, 'final' as const) }),
    fc.record({ do: fc.constant('undo' as const), id: some }),
    fc.record({ do: fc.constant('epoch' as const), connectorId: fc.constantFrom('till-1', 'till-2') }),
    fc.record({ do: fc.constant('beat' as const), connectorId: fc.constantFrom('till-1', 'till-2') }),
    fc.record({ do: fc.constant('mark' as const), from: mark, to: mark, told: fc.array(some) }),
  )
  const steps = fc.array(fc.record({ step, waitMs: fc.constantFrom(0, 1_000, 31_000, 61_000) }), { maxLength: 40 })

  test('struck work is never offered, acceptBy never changes, epochs only rise, and the mark moves only from where it is', () => {
    fc.assert(fc.property(steps, (each) => {
      const link = createLink(memoryBook())
      let now = NOW
      let epoch = 0
      let at: Mark = { seq: 0, digest: EMPTY_DIGEST }
      const struck = new Set<string>()
      const undone = new Set<string>()
      const acceptBy = new Map<string, number>()
      const given = (assignmentId: string, by: number) => {
        expect(struck.has(assignmentId)).toBe(false)
        expect(acceptBy.get(assignmentId) ?? by).toBe(by)
        acceptBy.set(assignmentId, by)
      }
      for (const { step: next, waitMs } of each) {
        now += waitMs
        switch (next.do) {
          case 'offer': {
            const offer = link.offer(next.id, next.pushable, now)
            if (offer.kind === 'go') given(next.id, offer.acceptBy)
            if (struck.has(next.id)) expect(['struck', 'handed-over']).toContain(offer.kind)
            else expect(offer.kind).not.toBe('struck')
            break
          }
          case 'pushed':
            // Only what was offered is ever pushed.
            if (acceptBy.has(next.id)) link.pushed(next.id, next.outcome, now)
            break
          case 'pull':
            for (const { assignmentId, acceptBy: by } of link.pull(next.limit, now).assignments) given(assignmentId, by)
            break
          case 'takeBack': {
            const answer = link.takeBack(next.id, now)
            expect(answer).toBe(acceptBy.has(next.id) || undone.has(next.id) ? 'requested' : 'struck')
            if (answer === 'struck') struck.add(next.id)
            break
          }
          case 'progress':
            if (!acceptBy.has(next.id) && !undone.has(next.id)) break
            link.progress(next.id, next.progress, now)
            if (next.progress === (undone.has(next.id) ? 'cancel-answered' : 'final')) {
              acceptBy.delete(next.id)
              undone.delete(next.id)
            }
            break
          case 'undo':
            link.undo(next.id, now)
            undone.add(next.id)
            struck.add(next.id)
            break
          case 'epoch': {
            const taken = link.takeEpoch(next.connectorId, now)
            if (!taken.ok) break
            expect(taken.value.epoch).toBe(epoch + 1)
            for (const each of taken.value.dispatch) expect(struck.has(each)).toBe(false)
            epoch += 1
            at = { seq: 0, digest: EMPTY_DIGEST }
            break
          }
          case 'beat': {
            const heard = link.heartbeat(beatOf(epoch, { connectorId: next.connectorId }), now)
            if (!heard.ok) break
            for (const each of heard.value.dispatch) expect(struck.has(each)).toBe(false)
            for (const each of heard.value.askAgain) expect(struck.has(each) && !undone.has(each)).toBe(false)
            break
          }
          case 'mark': {
            const fits = epoch > 0 && next.from.seq === at.seq && next.from.digest === at.digest
            const moved = link.markDurable(epoch, next.from, next.to, { assignmentIds: next.told, at: now })
            if (fits) at = next.to
            expect(moved).toEqual(epoch > 0 ? { ok: true, value: at } : { ok: false, refusal: { reason: 'epoch-forked', epoch: 0 } })
          }
        }
      }
    }), { numRuns: 300 })
  })
})

import { Hono } from 'hono'
import { z } from 'zod'
import { toInstant } from '../../contract/clock.ts'
import { EVENTS_BODY_BYTES_MAX } from '../../contract/limits.ts'
import { CorrectDeadLetter, DiscardDeadLetter } from '../../contract/operator.ts'
import type { ReplayOutcome } from '../../contract/operator.ts'
import { body } from '../gateway/body.ts'
import type { AppEnv } from '../gateway/context.ts'
import { encodeCursor, PageQuery, TimeCursor } from '../gateway/paging.ts'
import { invalidField, problem } from '../gateway/problem.ts'
import { query } from '../gateway/query.ts'
import { createHandlers } from '../queue-handlers.ts'
import { isSamePlace, toSummary } from './letter.ts'
import type { FiledLetter } from './port.ts'

/** The desk: every letter can be listed, read, corrected, replayed and discarded (rules.md 8). */
export const operatorDeadLetters = new Hono<AppEnv>()

/** An empty one is as if it were left out. */
const word = z.string().max(40).optional()
const LetterQuery = PageQuery.extend({ cursor: TimeCursor, queue: word, reason: word, state: word })

const toAnswer = (letter: FiledLetter) => ({
  ...toSummary(letter), body: letter.body, original: letter.original, outcome: letter.outcome, updatedAt: toInstant(letter.updatedAt),
})

operatorDeadLetters.get('/', query(LetterQuery), async (c) => {
  const { queue, reason, state, cursor, limit } = c.req.valid('query')
  const page = await c.var.ports.deadLetters.list({ ...(queue ? { queue } : {}), ...(reason ? { reason } : {}), ...(state ? { state } : {}) }, cursor && `${cursor.at} ${cursor.id}`, limit)
  return c.json({ items: page.items.map(toSummary), nextCursor: page.nextCursor === null ? null : encodeCursor(page.nextCursor) })
})

operatorDeadLetters.get('/:letterId', async (c) => {
  const letter = await c.var.ports.deadLetters.find(c.req.param('letterId'))
  return letter ? c.json(toAnswer(letter)) : problem(c, 'dead-letter-not-found', 'There is no such dead letter.')
})

operatorDeadLetters.patch('/:letterId', body(CorrectDeadLetter, EVENTS_BODY_BYTES_MAX), async (c) => {
  const { ports, actor } = c.var
  const letter = await ports.deadLetters.find(c.req.param('letterId'))
  if (!letter) return problem(c, 'dead-letter-not-found', 'There is no such dead letter.')
  if (letter.state !== 'waiting') return problem(c, 'dead-letter-settled', `It was ${letter.state}.`)
  const corrected = c.req.valid('json').parsed.body
  if (letter.queue === 'events' && !isSamePlace(letter.original, corrected)) {
    return invalidField(c, '/body', 'expected the storeId, epoch and event.seq of the letter: a correction mends what was said, not who said it when')
  }
  if (!(await ports.deadLetters.correct(letter.letterId, letter.revision, corrected, ports.clock()))) return problem(c, 'conflict', 'Read the letter again and correct it anew.')
  await ports.audit.record({ actor, action: 'dead_letter.correct', subject: letter.letterId, detail: `revision ${letter.revision + 1}` })
  return c.json(toAnswer((await ports.deadLetters.find(letter.letterId)) ?? letter))
})

operatorDeadLetters.post('/:letterId/replay', async (c) => {
  const { ports, actor } = c.var
  const letter = await ports.deadLetters.find(c.req.param('letterId'))
  if (!letter) return problem(c, 'dead-letter-not-found', 'There is no such dead letter.')
  if (letter.state !== 'waiting') return problem(c, 'dead-letter-settled', `It was ${letter.state}.`)
  const handled = (await createHandlers(ports)[letter.queue]?.(letter.body)) ?? { ok: false as const, error: 'Nothing handles this queue yet.' }
  const outcome: ReplayOutcome = handled.ok ? handled.outcome : 'refused'
  // A refused letter waits on: it can be corrected once more.
  const detail = handled.ok ? outcome : `refused: ${handled.error}`
  await ports.deadLetters.settle(letter.letterId, letter.revision, handled.ok ? 'replayed' : 'waiting', detail, ports.clock())
  await ports.audit.record({ actor, action: 'dead_letter.replay', subject: letter.letterId, detail })
  return c.json({ outcome, ...(handled.ok ? {} : { detail: handled.error }) })
})

operatorDeadLetters.post('/:letterId/discard', body(DiscardDeadLetter, EVENTS_BODY_BYTES_MAX), async (c) => {
  const { ports, actor } = c.var
  const { why } = c.req.valid('json').parsed
  const letter = await ports.deadLetters.find(c.req.param('letterId'))
  if (!letter) return problem(c, 'dead-letter-not-found', 'There is no such dead letter.')
  if (!(await ports.deadLetters.settle(letter.letterId, letter.revision, 'discarded', why, ports.clock()))) return problem(c, 'dead-letter-settled', `It was ${letter.state}, or somebody changed it meanwhile.`)
  await ports.audit.record({ actor, action: 'dead_letter.discard', subject: letter.letterId, detail: why })
  return c.json({ state: 'discarded' })
})

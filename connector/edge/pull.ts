import type { Logger } from 'pino'
import { Assignment } from '../../contract/assignment.ts'
import { createBell } from '../bell.ts'
import { tellFailure } from '../failure.ts'
import type { Edge } from './edge-client.ts'
import { isToldOnce, refusalHint } from './refusal-words.ts'

export type PullOptions = {
  edge: Edge
  log: Logger
  everyMs: number
  storeId: string
  /** Whether the store is ours to work for, as far as the edge has said in this run. */
  mayPull(): boolean
  /** Takes one in as a push would. Answers whether it was new. Throws when the journal cannot write. */
  receive(assignment: Assignment): boolean
  cancel(assignmentId: string): void
  /** What was taken in has been told to the edge, so the next page brings other work; or the patience is over. */
  told(): Promise<unknown>
}

export type Pull = {
  run(signal: AbortSignal): Promise<void>
  /** One turn of `run`, whether it is due or not. Throws when the edge cannot be reached. */
  once(signal: AbortSignal): Promise<void>
  /** What the last heartbeat said: `often` while pushes are not known to arrive, `now` when work waits. */
  set(state: { often: boolean; now: boolean }): void
}

/** The second way in, over plain outbound HTTPS: either alone is enough (rules.md 6). */
export function createPull(options: PullOptions): Pull {
  const { edge, log } = options
  const bell = createBell()
  let often = true
  let due = false

  const take = (body: unknown): boolean => {
    const parsed = Assignment.safeParse(body)
    if (!parsed.success) {
      log.error({ event: 'pull.malformed', hint: 'the edge offers an order in a shape this connector does not know: compare the versions of connector and edge; the order waits at the edge', paths: parsed.error.issues.slice(0, 5).map((issue) => issue.path.join('.')) })
      return false
    }
    if (parsed.data.storeId !== undefined && parsed.data.storeId !== options.storeId) {
      log.error({ event: 'pull.other-store', assignmentId: parsed.data.assignmentId, hint: 'the edge offers an order of another store, which is left alone: tell the operator' })
      return false
    }
    return options.receive(parsed.data)
  }

  /** Fetches pages until one brings nothing new. */
  const pull = async (signal: AbortSignal): Promise<void> => {
    for (let fresh = true; fresh && !signal.aborted && options.mayPull();) {
      const answer = await edge.pending()
      if (!answer.ok) {
        const { refusal } = answer
        if (!isToldOnce(refusal)) log.warn({ event: 'pull.refused', status: refusal.status, problem: refusal.problem, hint: refusalHint(refusal) })
        return
      }
      fresh = false
      const faults: unknown[] = []
      // One that finds no room on the disk takes neither its neighbours along nor the cancels of what is here already.
      const each = (work: () => void): void => {
        try {
          work()
        } catch (error) {
          faults.push(error)
        }
      }
      for (const body of answer.value.assignments) each(() => void (fresh = take(body) || fresh))
      for (const { assignmentId } of answer.value.cancels) each(() => options.cancel(assignmentId))
      if (faults.length > 0) throw faults[0]
      if (fresh) await options.told()
    }
  }

  return {
    once: pull,
    set(state) {
      often = state.often
      if (state.now) {
        due = true
        bell.ring()
      }
    },
    async run(signal) {
      while (!signal.aborted) {
        await bell.wait(options.everyMs, signal)
        if (signal.aborted || !(often || due) || !options.mayPull()) continue
        due = false
        try {
          await pull(signal)
        } catch (error) {
          tellFailure(log, 'pull.fault', 'pull', error)
        }
      }
    },
  }
}

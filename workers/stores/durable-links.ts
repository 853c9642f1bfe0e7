import { systemClock } from '../../contract/clock.ts'
import { Fault } from '../fault.ts'
import { NO_METRICS } from '../metrics/port.ts'
import type { Metrics } from '../metrics/port.ts'
import type { BreakerPhase, BreakerTurn } from './breaker.ts'
import type { Breaker, StoreLinks } from './port.ts'
import type { StoreLink } from './store-link-object.ts'
import { createUrlTransport } from './url-transport.ts'

/** Ways to a store's objects by name, and to the store by URL. */
export function createStoreLinks(env: Pick<Env, 'STORE_LINK' | 'STORE_BREAKER'>, metrics: Metrics = NO_METRICS): StoreLinks {
  const links = env.STORE_LINK as DurableObjectNamespace<StoreLink>
  // A stub is dead after an exception, so each call takes a new one.
  const link = (storeId: string) => links.get(links.idFromName(storeId))
  return {
    link: (storeId) => ({
      takeEpoch: (connectorId, now, callId) => link(storeId).takeEpoch(connectorId, now, callId),
      heartbeat: (beat, now) => link(storeId).heartbeat(beat, now),
      admitEvents: (call, now) => link(storeId).admitEvents(call, now),
      markDurable: (epoch, from, to, told) => link(storeId).markDurable(epoch, from, to, told),
      offer: (assignmentId, pushable, now, acceptWithinMs) => link(storeId).offer(assignmentId, pushable, now, acceptWithinMs),
      pushed: (assignmentId, outcome, now) => link(storeId).pushed(assignmentId, outcome, now),
      pull: (limit, now) => link(storeId).pull(limit, now),
      takeBack: (assignmentId, now) => link(storeId).takeBack(assignmentId, now),
      giveUp: (assignmentId, isElsewhere, now) => link(storeId).giveUp(assignmentId, isElsewhere, now),
      undo: (assignmentId, now) => link(storeId).undo(assignmentId, now),
      progress: (assignmentId, progress, now) => link(storeId).progress(assignmentId, progress, now),
      request: (word) => link(storeId).request(word),
      erase: (assignmentIds) => link(storeId).erase(assignmentIds),
      erasedAfter: (n, limit) => link(storeId).erasedAfter(n, limit),
      works: () => link(storeId).works(),
      recall: (assignments, now) => link(storeId).recall(assignments, now),
      facts: (now) => link(storeId).facts(now),
      assignmentState: (assignmentId) => link(storeId).assignmentState(assignmentId),
    }),
    breaker: (storeId) => breakerOver(() => env.STORE_BREAKER.get(env.STORE_BREAKER.idFromName(storeId)), (outcome) => metrics.count('breaker', { store: storeId, outcome })),
    transport: ({ transport, secrets }) => (transport.kind === 'pull' ? null : createUrlTransport({ transport, secrets, clock: systemClock })),
  }
}

const PHASES: readonly unknown[] = ['closed', 'open', 'half-open'] satisfies BreakerPhase[]
const isPhase = (answer: unknown): answer is BreakerPhase => PHASES.includes(answer)

/** itty-durable's own proxy turns any property into a call and a fault into text; this says what it calls and checks what it gets. */
function breakerOver(stub: () => Pick<DurableObjectStub, 'fetch'>, onTurn: (turn: BreakerTurn) => void): Breaker {
  const call = async (method: string, ...args: unknown[]): Promise<unknown> => {
    const response = await stub().fetch(`https://breaker/do/call/${method}`, { headers: { 'do-content': JSON.stringify(args) } })
    const text = await response.text()
    if (!response.ok) throw new Fault(`the breaker answered ${response.status} to ${method}`, 'see the logs of StoreBreaker; deliveries wait and are tried again')
    return text === '' ? null : JSON.parse(text)
  }
  const state = async (now: number): Promise<BreakerPhase> => {
    const phase = await call('phase', now)
    if (!isPhase(phase)) throw new Fault('the breaker answered with something else than a phase', 'see the logs of StoreBreaker')
    return phase
  }
  return {
    allow: async (now) => (await call('mayCall', now)) === true,
    async record(outcome, now) {
      const turn = await call('record', outcome, now)
      if (turn === 'opened' || turn === 'closed') onTurn(turn)
    },
    state,
    async view(now) {
      const phase = await state(now)
      const at = phase === 'closed' ? null : await call('probeAt')
      return { phase, probeAt: typeof at === 'number' ? at : null }
    },
  }
}

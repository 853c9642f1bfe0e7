import type { Random } from './random.ts'

/** Somebody whose work can end between any two awaits: an invocation of the Worker, a connector process. */
export type Actor = { readonly name: string; readonly alive: boolean; onDeath(tell: () => void): void }

type Waiting = { actor: Actor; what: string; notBefore: number; go: () => void }

/** Most waits are alike; one in some is so long that whole conversations of others pass meanwhile. */
const LONG_WAITS = 0.07
const LONG_WAIT_STEPS_MAX = 60

/**
 * Where everything asynchronous meets. Whatever a real system would wait for (a call, a disk, another task) waits at a gate here,
 * and one choice of the seed lets one of them go on. No timer and no thread takes part, so a seed is a run.
 */
export type Stage = {
  /** Waits until the seed lets this actor go on; never ends when it dies before. `longWaits`: how many of such waits are long, 0 to 1. */
  pass(actor: Actor, what: string, longWaits?: number): Promise<void>
  actor(name: string): Actor
  /** The actor goes no further than it has come. Who waits for it is told. */
  kill(actor: Actor): void
  /** Lets one go on, and returns when all have come to rest again. False when nobody waits. */
  step(): Promise<boolean>
  /** Who waits, and for what. */
  waiting(): readonly { actor: Actor; what: string }[]
}

export function createStage(random: Random, trace: (line: string) => void): Stage {
  let waiting: Waiting[] = []
  let steps = 0
  const killers = new Map<Actor, () => void>()

  return {
    actor(name) {
      let alive = true
      const mourners: (() => void)[] = []
      const actor: Actor = {
        name,
        get alive() {
          return alive
        },
        onDeath: (tell) => void mourners.push(tell),
      }
      killers.set(actor, () => {
        alive = false
        killers.delete(actor)
        for (const tell of mourners) tell()
      })
      return actor
    },
    pass(actor, what, longWaits = LONG_WAITS) {
      if (!actor.alive) return new Promise(() => undefined)
      return new Promise((go) => waiting.push({ actor, what, go, notBefore: random.chance(longWaits) ? steps + random.int(LONG_WAIT_STEPS_MAX) : 0 }))
    },
    kill(actor) {
      trace(`† ${actor.name}`)
      waiting = waiting.filter((each) => each.actor !== actor)
      killers.get(actor)?.()
    },
    async step() {
      if (waiting.length === 0) return false
      steps += 1
      const ready = waiting.filter(({ notBefore }) => notBefore <= steps)
      const next = random.pick(ready.length > 0 ? ready : waiting)
      waiting.splice(waiting.indexOf(next), 1)
      trace(`${next.actor.name}: ${next.what}`)
      next.go()
      await settled()
      return true
    },
    waiting: () => waiting,
  }
}

/** Every promise that can go on without a gate has done so: nothing below waits for a thread (see `sync-crypto.ts`). */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

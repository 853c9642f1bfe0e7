/** Wakes a loop. A bell rung while nobody waits is remembered once. One waiter at a time. */
export type Bell = {
  ring(): void
  /** Ends when the bell rings, the time is over or the signal aborts; never throws. `null` waits without a limit. */
  wait(timeoutMs: number | null, signal: AbortSignal): Promise<void>
}

export function createBell(): Bell {
  let rung = false
  let wake: (() => void) | null = null
  return {
    ring() {
      rung = true
      wake?.()
    },
    async wait(timeoutMs, signal) {
      if (!rung && !signal.aborted) await new Promise<void>((resolve) => {
        const done = (): void => {
          clearTimeout(timer)
          signal.removeEventListener('abort', done)
          wake = null
          resolve()
        }
        const timer = timeoutMs === null ? undefined : setTimeout(() => done(), timeoutMs)
        wake = done
        signal.addEventListener('abort', done, { once: true })
      })
      rung = false
    },
  }
}

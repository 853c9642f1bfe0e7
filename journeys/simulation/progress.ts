const PROGRESS_EVERY_MS = 500
const BAR_LENGTH = 24

/** A bar on a terminal with what is done, and how fast; on anything else only what is said. Goes to stderr, so that stdout stays a result. */
export function createProgress(total: number, what: string) {
  const startedAt = performance.now()
  const isShown = process.stderr.isTTY
  let toldAt = 0
  let done = 0
  let steps = 0
  let noted = ''
  const clear = (): void => void (isShown && process.stderr.write('\r\u001b[K'))
  const draw = (always: boolean): void => {
    const now = performance.now()
    if (!isShown || (!always && now - toldAt < PROGRESS_EVERY_MS)) return
    toldAt = now
    const filled = Math.round((done / total) * BAR_LENGTH)
    const seconds = (now - startedAt) / 1000
    const speed = steps > 0 ? ` · ${(done / seconds).toFixed(1)} ${what}/s · ${Math.round(steps / seconds)} steps/s` : ''
    process.stderr.write(`\r\u001b[K${'█'.repeat(filled)}${'░'.repeat(BAR_LENGTH - filled)} ${done}/${total} ${what}${speed}${noted && ` · ${noted}`}`)
  }
  return {
    step(by: number, took: number): void {
      done += by
      steps += took
      draw(done === total)
    },
    note(text: string): void {
      noted = text
      draw(false)
    },
    say(text: string): void {
      clear()
      process.stdout.write(`${text}\n`)
    },
    end: clear,
  }
}

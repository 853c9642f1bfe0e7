/** Past a second of silence a person wonders whether anything still happens. */
const SIGN_OF_LIFE_MS = 1_000

export type Progress = {
  say(line: string): void
  /** Shows `what` while `work` runs, and once more with what came of it. */
  during<T>(what: string, work: () => Promise<T>): Promise<T>
}

/** Progress for people on `out`: rewritten in place on a terminal, one line now and then elsewhere. */
export function showProgress(out: NodeJS.WriteStream): Progress {
  const say = (line: string) => void out.write(`${line}\n`)
  return {
    say,
    during: async (what, work) => {
      const began = performance.now()
      let shown = false
      const timer = setInterval(() => {
        const text = `  …  ${what} (${Math.round((performance.now() - began) / 1000)} s)`
        if (out.isTTY) out.write(`\r${text}`)
        else if (!shown) say(text)
        shown = true
      }, SIGN_OF_LIFE_MS)
      try {
        return await work()
      } finally {
        clearInterval(timer)
        if (shown && out.isTTY) out.write('\r\x1b[K')
      }
    },
  }
}

import { duration } from './say.ts'

export type Progress = { compared: number; total: number | null; events: number }

export type ProgressLine = { update(progress: Progress, elapsedMs: number): void; end(): void }

const BAR_WIDTH = 24
/** Where no line can be rewritten, a line at most this often. */
const LINE_EVERY_MS = 2000

/** What a person sees of a comparison: how far, how fast, how long yet. `perS`: null while it is not known how fast. Pure. */
export function progressText({ compared, total, events }: Progress, perS: number | null): string {
  const rate = perS === null ? '' : `, ${Math.round(perS)}/s`
  const found = `, ${events} to send`
  // More than either side had before: the guess is over.
  if (total === null || compared > total) return `${compared} compared${rate}${found}`
  const share = total === 0 ? 1 : compared / total
  const bar = '#'.repeat(Math.round(share * BAR_WIDTH)).padEnd(BAR_WIDTH, '.')
  const left = perS !== null && perS > 0 && compared < total ? `, about ${duration((total - compared) / perS)} left` : ''
  return `[${bar}] ${compared}/${total} (${Math.round(share * 100)} %)${rate}${found}${left}`
}

/** A line on stderr that is rewritten on a terminal, and lines elsewhere. */
export function createProgressLine(stream: Pick<NodeJS.WriteStream, 'isTTY' | 'write'> = process.stderr): ProgressLine {
  let last = ''
  let lineAtMs = Number.NEGATIVE_INFINITY
  // The first progress seen. Until then it waits: for the POS, for what is on its way to the edge, for the edge's state.
  let first: { compared: number; atMs: number } | null = null
  return {
    update(progress, elapsedMs) {
      const { compared } = progress
      // One that begins anew is measured anew.
      if (first === null || compared < first.compared || first.compared === 0) first = { compared, atMs: elapsedMs }
      const since = elapsedMs - first.atMs
      const text = progressText(progress, since > 0 && compared > first.compared ? ((compared - first.compared) * 1000) / since : null)
      if (text === last) return
      if (stream.isTTY) stream.write(`\r\u001B[2K${text}`)
      else if (elapsedMs - lineAtMs >= LINE_EVERY_MS) {
        lineAtMs = elapsedMs
        stream.write(`${text}\n`)
      }
      last = text
    },
    end() {
      if (stream.isTTY && last !== '') stream.write('\n')
    },
  }
}

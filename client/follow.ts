import type { TimelineEvent } from '../contract/order.ts'

/** Server-sent events of one answer, as `{ id, data }`; ends when the answer does. */
export async function* eventsOf(answer: Response): AsyncGenerator<{ id: string; data: string }> {
  if (!answer.body) return
  let rest = ''
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader()
  for (let read = await reader.read(); !read.done; read = await reader.read()) {
    rest += read.value
    const whole = rest.split('\n\n')
    rest = whole.pop() ?? ''
    for (const block of whole) {
      const field = (name: string) => block.split('\n').filter((line) => line.startsWith(`${name}:`)).map((line) => line.slice(name.length + 1).trim()).join('\n')
      yield { id: field('id'), data: field('data') }
    }
  }
}

/** After these nothing more comes (contract/status.ts, which would bring its schemas along). */
const FINAL: ReadonlySet<string> = new Set(['completed', 'cancelled', 'refunded', 'partially_refunded'])
export const isOver = ({ status }: TimelineEvent): boolean => status !== undefined && FINAL.has(status)

import { Agent, request } from 'node:http'

export type RawCall = { method: string; target: string; headers: Record<string, string>; body?: Uint8Array }
export type RawAnswer = { status: number; headers: Record<string, string | string[] | undefined>; text: string; json: unknown }

const agent = new Agent({ keepAlive: true, maxSockets: 8 })
/** Longer than any answer of a healthy edge. */
const ANSWER_WITHIN_MS = 20_000

/** One call with the address exactly as it is given: `fetch` would mend what is wrong with it. */
export function sendRaw(base: string, { method, target, headers, body }: RawCall): Promise<RawAnswer> {
  const { hostname, port } = new URL(base)
  return new Promise((resolve, reject) => {
    const asked = request({ agent, hostname, port, method, path: target, headers: { ...headers, ...(body ? { 'Content-Length': String(body.length) } : {}) }, timeout: ANSWER_WITHIN_MS }, (answer) => {
      const parts: Buffer[] = []
      answer.on('data', (part: Buffer) => parts.push(part))
      answer.on('error', reject)
      answer.on('end', () => {
        const text = Buffer.concat(parts).toString()
        resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text, json: parsed(text) })
      })
    })
    asked.on('timeout', () => asked.destroy(new Error(`${method} ${target} was not answered within ${ANSWER_WITHIN_MS / 1000} s`)))
    asked.on('error', reject)
    asked.end(body)
  })
}

export const endRaw = (): void => agent.destroy()

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

import { createServer } from 'node:http'
import type { IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { z } from 'zod'
import { verifyWebhook } from '../../contract/standard-webhooks.ts'
import { WebhookPayload } from '../../contract/webhooks.ts'

export type Heard = { id: string; signedBy: string[]; payload: WebhookPayload; path: string }

/** A shop's server that is told what happens: believes what is signed with one of its secrets, and nothing else. */
export async function startReceiver() {
  const heard: Heard[] = []
  const secrets: string[] = []
  let answer: { status: number; headers?: Record<string, string> } = { status: 204 }

  async function read(request: IncomingMessage): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const body = Buffer.concat(chunks).toString()
    const headers = { get: (name: string) => z.string().nullable().parse(request.headers[name] ?? null) }
    const signedBy: string[] = []
    for (const secret of secrets) if (await verifyWebhook(secret, headers, body, Date.now())) signedBy.push(secret)
    heard.push({ id: headers.get('webhook-id') ?? '', signedBy, payload: WebhookPayload.parse(JSON.parse(body)), path: request.url ?? '' })
  }
  const server = createServer((request, response) => {
    const { status, headers } = answer
    void read(request).then(() => response.writeHead(status, headers).end())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/hooks`, heard, secrets,
    answers: (status: number, headers: Record<string, string> = {}) => void (answer = { status, headers }),
    close: () => new Promise<void>((resolve) => {
      server.closeAllConnections()
      server.close(() => resolve())
    }),
  }
}
export type Receiver = Awaited<ReturnType<typeof startReceiver>>

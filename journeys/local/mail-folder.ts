import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { once } from 'node:events'
import path from 'node:path'
import { z } from 'zod'

const MAIL_BYTES_MAX = 1_000_000
const Mail = z.object({ from: z.string(), to: z.array(z.string()), reply_to: z.string().optional(), subject: z.string(), text: z.string(), html: z.string() })

export type MailFolder = { url: string; apiKey: string; close(): void }

/**
 * Who carries mails on this machine: nobody. It speaks the HTTP of the provider, and what it takes lies in `dir`, to be opened: `….html` as the shopper
 * sees it, `….txt` with its head and its plain words. As there, a key that was seen is answered as before and nothing is carried twice.
 */
export async function openMailFolder(dir: string): Promise<MailFolder> {
  mkdirSync(dir, { recursive: true })
  const apiKey = 're_local'
  const server = createServer((request, response) => {
    const say = (status: number, body: object) => response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body))
    const key = String(request.headers['idempotency-key'] ?? '')
    if (request.method !== 'POST' || request.url !== '/emails') return say(404, { name: 'not_found', message: 'not here' })
    if (request.headers.authorization !== `Bearer ${apiKey}`) return say(401, { name: 'missing_api_key', message: 'no key' })
    const parts: Buffer[] = []
    let bytes = 0
    request.on('data', (part: Buffer) => {
      bytes += part.length
      if (bytes <= MAIL_BYTES_MAX) parts.push(part)
    })
    request.on('end', () => {
      const mail = read(Buffer.concat(parts).toString('utf8'))
      if (!mail || !/^[\w.-]{1,256}$/.test(key)) return say(422, { name: 'validation_error', message: 'not understood' })
      const file = path.join(dir, key)
      if (!existsSync(`${file}.html`)) {
        writeFileSync(`${file}.txt`, `From: ${mail.from}\nTo: ${mail.to.join(', ')}\n${mail.reply_to === undefined ? '' : `Reply-To: ${mail.reply_to}\n`}Subject: ${mail.subject}\n\n${mail.text}\n`)
        writeFileSync(`${file}.html`, mail.html)
      }
      say(200, { id: key })
    })
  })
  server.unref().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  return {
    url: `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`, apiKey,
    close: () => {
      server.close()
      server.closeAllConnections()
    },
  }
}

function read(text: string): z.infer<typeof Mail> | null {
  try {
    return Mail.parse(JSON.parse(text))
  } catch {
    return null
  }
}

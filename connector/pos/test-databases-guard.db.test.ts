import { execFile } from 'node:child_process'
import { connect } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test, vi } from 'vitest'

const SERVERS = join(import.meta.dirname, 'test-databases.ts')
/** Starts a server, says its port, and dies as a test that is killed does. */
const DIES = `const { startServer } = await import(${JSON.stringify(SERVERS)}); const { port } = await startServer(process.argv[1]); process.stdout.write(String(port)); process.kill(process.pid, 'SIGKILL')`

const isOpen = (port: number): Promise<boolean> => new Promise((resolve) => {
  const socket = connect(port, '127.0.0.1')
  socket.once('connect', () => { socket.destroy(); resolve(true) })
  socket.once('error', () => resolve(false))
})

test.each(['mariadb', 'postgres'])('a %s whose test was killed does not stay', async (kind) => {
  const died: unknown = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', DIES, kind]).catch((error: unknown) => error)
  expect(died).toMatchObject({ signal: 'SIGKILL', stdout: expect.stringMatching(/^\d+$/) as string })
  const port = Number((died as { stdout: string }).stdout)
  await vi.waitFor(async () => expect(await isOpen(port)).toBe(false), { timeout: 5_000 })
})

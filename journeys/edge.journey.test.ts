import { execFile, spawn } from 'node:child_process'
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { startEdge } from './local/house.ts'
import type { Running } from './local/processes.ts'
import { until } from './local/until.ts'

const EDGE = path.resolve(import.meta.dirname, 'local/edge.ts')
const answers = (url: string) => fetch(`${url}/healthz`).then((answer) => answer.status > 0, () => false)

/** Runs `npm run edge` to its end. For what ends by itself. */
const runEdge = (...args: string[]) => new Promise<{ code: number; stdout: string; stderr: string }>((resolve) => {
  execFile(process.execPath, [EDGE, ...args], (error, stdout, stderr) => resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr }))
})

describe('npm run edge', () => {
  let dir: string
  let edge: Running
  const start = (port: number) => startEdge({ dir, port, adminToken: 'edge-admin-token' })

  beforeAll(async () => {
    dir = await mkdtemp(path.join(tmpdir(), 'tillbridge-edge-'))
    edge = await start(0)
  })
  afterAll(async () => {
    await edge.stop()
    await rm(dir, { recursive: true, force: true })
  })

  it('serves on this machine only, at the port it says', async () => {
    expect(edge.ready.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
    expect(await answers(edge.ready.url)).toBe(true)
  })

  it('says in one sentence that a port is taken', async () => {
    const { port } = new URL(edge.ready.url)
    const refused = await runEdge('--port', port, '--state', path.join(dir, 'other'))
    expect(refused.code).toBe(1)
    expect(refused.stderr).toContain(`cannot serve on 127.0.0.1:${port}: it is taken`)
    expect(refused.stderr).not.toContain('    at ')
  })

  it('does not share its state with a second one', async () => {
    const state = path.join(dir, 'edge')
    const refused = await runEdge('--port', '0', '--state', state)
    expect(refused).toMatchObject({ code: 1, stdout: '' })
    expect(refused.stderr).toContain(`${state} is in use by another edge`)
    expect(refused.stderr).not.toContain('    at ')
    expect(await answers(edge.ready.url)).toBe(true)
  })

  it('teaches its flags, and refuses those it does not know', async () => {
    expect((await runEdge('--help')).stdout).toContain('--state DIR')
    const refused = await runEdge('--prot', '1')
    expect(refused.code).toBe(2)
    expect(refused.stderr).toContain('--prot')
    expect((await runEdge('--port', 'eighty')).stderr).toContain('expected a number from 0 to 65535')
  })

  it('keeps its secrets over a restart, readable by nobody else', async () => {
    const file = path.join(dir, 'edge/master-key')
    const key = await readFile(file, 'utf8')
    expect(Buffer.from(key, 'base64')).toHaveLength(32)
    expect((await stat(file)).mode & 0o777).toBe(0o600)
    const { port } = new URL(edge.ready.url)
    await edge.stop()
    expect(await answers(edge.ready.url)).toBe(false)
    edge = await start(Number(port))
    expect(await readFile(file, 'utf8')).toBe(key)
  })

  it('leaves nothing behind when its leader alone is killed', async () => {
    const alone = spawn(process.execPath, [EDGE, '--port', '0', '--state', path.join(dir, 'alone')], { detached: true, stdio: ['ignore', 'pipe', 'ignore'] })
    const said = await new Promise<string>((resolve) => alone.stdout.once('data', (data: Buffer) => resolve(data.toString())))
    const { event, url } = z.object({ event: z.string(), url: z.string() }).parse(JSON.parse(said))
    expect(event).toBe('edge.ready')
    expect(await answers(url)).toBe(true)
    alone.kill('SIGKILL')
    await until('nothing to answer any more', 5_000, async () => !(await answers(url)))
  })
})

import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { expect, test } from 'vitest'
import { testFolder } from '../test-shop.ts'

// Windows lets nobody take away the name of an open file; there the file goes with its last handle.
test.skipIf(process.platform === 'win32')('what the edge has leaves no file behind when the process is killed, and is for nobody else to read', () => {
  const folder = testFolder()
  const program = `
    import { readdirSync, readlinkSync, statSync } from 'node:fs'
    import { openEdgeState } from ${JSON.stringify(new URL('edge-state.ts', import.meta.url).href)}
    const state = openEdgeState()
    state.put(Array.from({ length: 50_000 }, (_, n) => ({ sku: 'S' + n, itemHash: 'f'.repeat(64), priceMinor: 250, onHand: 3, epoch: 1, seq: 1, asOf: 1 })))
    const places = process.platform === 'linux' ? readdirSync('/proc/self/fd').map((fd) => '/proc/self/fd/' + fd) : []
    const files = places.filter((place) => { try { return readlinkSync(place).startsWith(process.env.TMPDIR) } catch { return false } }).map((place) => statSync(place))
    console.log(JSON.stringify({ mebibytes: files.map(({ size }) => Math.floor(size / 2 ** 20) > 0), modes: files.map(({ mode }) => mode & 0o777), names: readdirSync(process.env.TMPDIR) }))
    if (state.count() === 50_000) process.kill(process.pid, 'SIGKILL')
  `
  const killed = spawnSync(process.execPath, ['--input-type=module', '--eval', program], { env: { ...process.env, TMPDIR: folder.path, SQLITE_TMPDIR: folder.path }, encoding: 'utf8' })
  expect([killed.signal, killed.stderr]).toEqual(['SIGKILL', ''])
  expect(JSON.parse(killed.stdout)).toEqual({ mebibytes: process.platform === 'linux' ? [true] : [], modes: process.platform === 'linux' ? [0o600] : [], names: [] })
  expect(readdirSync(folder.path)).toEqual([])
  folder.remove()
})

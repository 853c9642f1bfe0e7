import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ODD_DAYS } from './odd-days.ts'

const run = promisify(execFile)
const main = path.resolve(import.meta.dirname, 'main.ts')
let dir: string
beforeAll(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'tillbridge-odd-days-'))
  mkdirSync(path.join(dir, 'days'))
  for (const [n, text] of ODD_DAYS.entries()) writeFileSync(path.join(dir, 'days', `2010-12-0${n + 1}.csv`), text)
})
afterAll(() => rmSync(dir, { recursive: true, force: true }))

test("two odd days at the till while web orders arrive: files, till and web agree to the penny, the piece and the ticket", async () => {
  const { stdout } = await run(process.execPath, [main, '--data', path.join(dir, 'days'), '--orders', '24', '--report', path.join(dir, 'report.md'), '--json'])
  expect(stdout).toContain('Both sides say the same, to the penny, the piece and the ticket.')
  // The long ticket is one sale of the day, whatever parts it came in.
  expect(stdout).toMatch(/\| 2010-12-02 till sales \| (\d+\.\d\d) \| 2 for \1 \| 2 for \1 \|/)
  expect(JSON.parse(stdout.trim().split('\n').at(-1) ?? '')).toMatchObject({ ok: true, deeds: 8, orders: { placed: 24 }, differences: [] })
}, 240_000)

test.each([
  [[], 'say where the days are'],
  [['--data', '/nowhere-at-all'], '/nowhere-at-all cannot be read'],
  [['--data', import.meta.dirname], 'has no *.csv'],
  [['--data', '.', '--orders', 'many'], 'expected a number, got "many"'],
])('%j is told what is wrong', async (args, why) => {
  const { stderr, code } = await run(process.execPath, [main, ...args], { cwd: path.join(dir, 'days') }).catch((error: { stderr: string; code: number }) => error) as { stderr: string; code?: number }
  expect([code, stderr]).toEqual([2, expect.stringContaining(why)])
})

import { spawnSync } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, statSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'

/** Enough for the adapter and its libraries, and less than the file: a reading that kept what it read would end for want of memory. */
const HEAP_MB = 48
let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'csv-large-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const write = (name: string, header: string, lines: number, line: (n: number) => string): number => {
  const file = openSync(join(folder, name), 'w')
  writeSync(file, `${header}\n`)
  for (let n = 0; n < lines; n += 1_000) writeSync(file, Array.from({ length: 1_000 }, (_, more) => line(n + more)).join(''))
  closeSync(file)
  return statSync(join(folder, name)).size
}
/** A small young generation: with a large one the collector keeps pages of it beside the old, and which of the two is full first is chance. */
const readOn = () => spawnSync(process.execPath, [`--max-old-space-size=${HEAP_MB}`, '--max-semi-space-size=1', join(import.meta.dirname, 'test-read-on.ts'), folder], { encoding: 'utf8' })
const WIDE = 'x'.repeat(6_000)

test('a file larger than the memory is read in it, and so is the list of its refused lines', { timeout: 180_000 }, () => {
  const bytes = write('sales.csv', 'invoice,sku,quantity,price,sold_at,remark', 11_000, (n) => `I${n},A,${n % 10 === 0 ? '1' : 'none'},1.00,2026-05-01 10:00:00,${WIDE}\n`)
  expect(bytes).toBeGreaterThan(1.25 * HEAP_MB * 1_000_000)
  const { stdout, stderr, status } = readOn()
  expect(stderr).toBe('')
  expect([status, (JSON.parse(stdout) as { told: number }).told]).toEqual([0, 1_100])
  expect(statSync(join(folder, 'rejected', 'sales.csv.lines.csv')).size).toBeGreaterThan(1.1 * HEAP_MB * 1_000_000)
})

test('of 50,000 goods one that stands twice is found without keeping them all', { timeout: 180_000 }, () => {
  // The last line is the second once more, at another price.
  write('goods-full.csv', 'sku,name,price,stock', 50_000, (n) => (n === 49_999 ? 'G1,Thing,9.00,1\n' : `G${n},Thing,1.00,1\n`))
  const { stderr, status } = readOn()
  expect([stderr, status]).toEqual(['', 0])
  expect(readFileSync(join(folder, 'rejected', 'goods-full.csv.reasons.csv'), 'utf8').split('\r\n')).toEqual([expect.anything(), expect.stringContaining('line 3 of this file'), ''])
})

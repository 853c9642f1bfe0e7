import { strFromU8, unzipSync } from 'fflate'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { SECRET, testFolder } from '../../test-shop.ts'
import { EXIT } from '../exit-codes.ts'
import { runCommand } from '../test-command.ts'

let folder: ReturnType<typeof testFolder>
beforeEach(() => {
  folder = testFolder()
  mkdirSync(folder.file('drop'))
  writeFileSync(folder.file('shop.yaml'), `edge: { url: 'http://127.0.0.1:9' }
store: { id: main-street, secretFile: store.secret }
journal: { file: journal.sqlite }
server: { port: 0 }
pos: { type: csv, folder: drop, currency: USD, timeZone: UTC }
`, { mode: 0o600 })
})
afterEach(() => folder.remove())

const diag = (...args: string[]) => runCommand('diag', '--config', folder.file('shop.yaml'), '--out', folder.file('diag.zip'), '--force', ...args)
const packed = (): Record<string, string> =>
  Object.fromEntries(Object.entries(unzipSync(readFileSync(folder.file('diag.zip')))).map(([name, bytes]) => [name.replace('tillbridge-diag/', ''), strFromU8(bytes)]))

test('of a configuration in order the archive says so', async () => {
  writeFileSync(folder.file('store.secret'), SECRET, { mode: 0o600 })
  expect((await diag()).code).toBe(EXIT.ok)
  expect(packed()['check.txt']).toBe('The configuration is in order.')
})

test('of a store that is not paired yet, all that there is to look at is packed', async () => {
  expect((await diag()).code).toBe(EXIT.ok)
  const { 'check.txt': checked, 'doctor.json': found } = packed()
  expect(checked).toContain('not paired yet')
  expect(JSON.parse(found ?? '[]')).toEqual(expect.arrayContaining([expect.objectContaining({ name: 'disk room' }), expect.objectContaining({ name: 'edge', level: 'fail' })]))
})

test('what cannot be had says why, in words, in its place', async () => {
  expect((await diag('--log', folder.file('drop'))).code).toBe(EXIT.ok)
  expect(packed()).toMatchObject({ 'log.jsonl': 'not to be had: it is a folder, and a file is expected (EISDIR)', 'journal.json': expect.stringMatching(/^not to be had: there is no journal at /) as string })
  expect(await runCommand('diag', '--config', folder.file('shop.yaml'), '--out', folder.file('nowhere/diag.zip'))).toMatchObject({ code: EXIT.notDone, stderr: expect.stringContaining('there is no such file or folder (ENOENT)') as string })
})

test('of the log only what the connector writes is packed', async () => {
  writeFileSync(folder.file('store.secret'), SECRET, { mode: 0o600 })
  writeFileSync(folder.file('connector.log'), `{"event":"order.refused","reason":"unknown_sku","why":"${SECRET}","customer":"Bess"}\nBess of some other program\n`)
  expect((await diag('--log', folder.file('connector.log'))).code).toBe(EXIT.ok)
  expect(JSON.parse(packed()['log.jsonl'] ?? '')).toEqual({ event: 'order.refused', why: '(removed)', reason: 'unknown_sku' })
  writeFileSync(folder.file('connector.log'), 'Jan 02 12:00:00 till tillbridge[1]: {"event":"edge.away"}\n')
  expect((await diag('--log', folder.file('connector.log'))).code).toBe(EXIT.ok)
  expect(packed()['log.jsonl']).toContain('-o cat')
})

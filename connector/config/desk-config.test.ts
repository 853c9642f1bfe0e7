import { writeFileSync } from 'node:fs'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { SECRET, testFolder } from '../test-shop.ts'
import { loadConfig } from './load-config.ts'

const SHOP = `edge: { url: "http://127.0.0.1:8787" }
store: { id: main-street, secret: ${SECRET} }
journal: { file: journal.sqlite }
pos: { type: embedded, file: till.sqlite }
server: { port: 0 }
`
let folder: ReturnType<typeof testFolder>
beforeEach(() => void (folder = testFolder()))
afterEach(() => folder.remove())

function load(desk: string) {
  writeFileSync(folder.file('shop.yaml'), `${SHOP}desk: ${desk}\n`, { mode: 0o600 })
  return loadConfig(folder.file('shop.yaml'))
}
const problems = (desk: string) => {
  const loaded = load(desk)
  if (loaded.ok) throw new Error('expected a refusal')
  return loaded.refusal.problems.map(({ line, key, expected, found }) => ({ line, key, expected, found }))
}
const desk = (text: string) => {
  const loaded = load(text)
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.refusal))
  return { desk: loaded.value.config.desk, warnings: loaded.value.warnings.map(({ key }) => key) }
}

test('an address in the network needs a port and a PIN', () => {
  expect(problems('{ host: 192.168.1.20 }')).toMatchObject([
    { line: 6, key: 'desk.port', found: 'nothing' },
    { line: 6, key: 'desk.pinFile', expected: expect.stringContaining('because others reach 192.168.1.20'), found: 'neither' },
  ])
  expect(problems('{ host: "0.0.0.0", port: 8792 }')).toMatchObject([{ key: 'desk.pinFile' }])
})

test('the PIN stands in a file or in the configuration, and is never shown', () => {
  writeFileSync(folder.file('desk.pin'), '471147\n', { mode: 0o600 })
  expect(desk('{ host: 192.168.1.20, port: 8792, pinFile: desk.pin }')).toEqual({ desk: { listen: { host: '192.168.1.20', port: 8792, pin: '471147' }, warnAfterMinutes: 10, redAfterMinutes: 30 }, warnings: [] })
  expect(desk('{ host: 192.168.1.20, port: 8792, pin: "04711470" }').desk.listen?.pin).toBe('04711470')
  expect(problems('{ port: 8792, pin: "hunter" }')).toEqual([{ line: 6, key: 'desk.pin', expected: '6 to 12 digits, in quotes', found: 'a string that is not shown' }])
  expect(problems('{ port: 8792, pin: "471147", pinFile: desk.pin }')).toMatchObject([{ key: 'desk.pin', found: 'both' }])
  writeFileSync(folder.file('desk.pin'), 'hunter2\n', { mode: 0o600 })
  expect(JSON.stringify(problems('{ port: 8792, pinFile: desk.pin }'))).not.toContain('hunter2')
  expect(problems('{ port: 8792, pinFile: missing.pin }')).toMatchObject([{ key: 'desk.pinFile', found: expect.stringContaining('no file') }])
})

test('a PIN that others can read is a warning', () => {
  writeFileSync(folder.file('open.pin'), '471147\n', { mode: 0o644 })
  expect(desk('{ port: 8792, pinFile: open.pin }').warnings).toEqual(['desk.pinFile'])
})

test('on this machine alone no PIN is needed', () => {
  for (const host of ['127.0.0.1', 'localhost', '"::1"']) expect(desk(`{ host: ${host}, port: 8792 }`).desk.listen?.pin).toBeNull()
})

test('yellow comes before red', () => {
  expect(problems('{ warnAfterMinutes: 40 }')).toEqual([{ line: 6, key: 'desk.warnAfterMinutes', expected: 'at most desk.redAfterMinutes (30)', found: 'number 40' }])
})

import { execFileSync } from 'node:child_process'
import { closeSync, existsSync, mkdirSync, openSync, rmSync, symlinkSync, truncateSync, writeFileSync, writeSync } from 'node:fs'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { z } from 'zod'
import { toInstant } from '../../contract/clock.ts'
import { loadConfig } from '../config/load-config.ts'
import type { ConnectorConfig } from '../config/config.ts'
import { writeControlFile } from '../control/control-file.ts'
import { startControl } from '../control/control-server.ts'
import type { LiveStatus } from '../control/live-status.ts'
import { mayPass } from '../journal/database.ts'
import { DatabaseFault } from '../pos/sql/database-fault.ts'
import { SECRET, testFolder } from '../test-shop.ts'
import { EXIT } from './exit-codes.ts'
import { lookAtJournal, lookAtServer } from './doctor/machine.ts'
import { act, openOwnJournal, withJournal } from './open-shop.ts'
import { reconcile } from './reconcile.ts'
import { status } from './status.ts'

let folder: ReturnType<typeof testFolder>
let said: string

beforeEach(() => {
  folder = testFolder()
  said = ''
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    said += String(text)
    return true
  })
})
afterEach(() => {
  vi.restoreAllMocks()
  folder.remove()
})

function configWith(journalFile: string): ConnectorConfig {
  writeFileSync(folder.file('shop.yaml'), `edge: { url: "https://shop.example" }
store: { id: main-street, secret: "${SECRET}" }
journal: { file: ${journalFile} }
pos: { type: embedded, file: till.sqlite }
server: { port: 0 }
`, { mode: 0o600 })
  const loaded = loadConfig(folder.file('shop.yaml'))
  if (!loaded.ok) throw new Error('expected a good configuration')
  return loaded.value.config
}
const quiet = (): LiveStatus => ({
  version: '1', url: 'http://127.0.0.1:1', startedAt: toInstant(0), doing: [{ what: 'watching' }], pos: { reachable: true, lookedAt: null, lookedAgoS: null },
  edge: { answering: true, answeredAt: null, answeredAgoS: null, holdsStore: true, clockSkewMs: null }, comparisons: { finished: 0, failed: 0, wanted: false }, troubles: [],
})

/** The exit code with which it could not be opened, or "opened". */
function tryToOpen(config: ConnectorConfig): number | 'opened' {
  const opened = openOwnJournal(config, 'any')
  if ('exit' in opened) return opened.exit
  opened.journal.close()
  return 'opened'
}

test('a journal where this user may not look is not told as one that is not there, and nobody is sent to start the connector once more', async () => {
  // A link to itself: like a folder that is closed to somebody, it cannot be looked into, whoever runs this test.
  symlinkSync(folder.file('closed'), folder.file('closed'))
  const config = configWith('closed/journal.sqlite')
  expect([withJournal(config, () => 0), said]).toEqual([{ exit: EXIT.journal }, expect.stringContaining('ELOOP')])
  expect(await status(folder.file('shop.yaml'), {})).toBe(EXIT.journal)
  expect(said).not.toContain('yet')
  expect(lookAtJournal(config).findings).toMatchObject([{ name: 'journal', level: 'fail' }])
  const never = (): never => { throw new Error('it was not to be done') }
  expect(await act(config, { running: never, stopped: never })).toBe(EXIT.notDone)
})

test('a folder under the journal\'s name is told as that, and no disk is suspected', () => {
  mkdirSync(folder.file('folder.sqlite'))
  expect([withJournal(configWith('folder.sqlite'), () => 0), said]).toEqual([{ exit: EXIT.journal }, expect.stringContaining('it is a folder, and a file is expected')])
})

test('a lock that this user may not open is told as that, and breaks no command', async () => {
  const config = configWith(folder.file('journal.sqlite'))
  mkdirSync(folder.file('journal.sqlite.lock'))
  const never = (): never => { throw new Error('it was not to be done') }
  expect([await act(config, { running: never, stopped: never }), said]).toEqual([EXIT.notDone, expect.stringContaining('are for its own user')])
  expect(await lookAtServer(config)).toMatchObject([{ name: 'connector', level: 'warn', detail: expect.stringContaining('another user') as string }])
})

test('a journal at which a command works is waited for by a service, one that a connector has is not', () => {
  const config = configWith(folder.file('journal.sqlite'))
  const command = openOwnJournal(config, 'any')
  if ('exit' in command) throw new Error('expected it to open')
  try {
    expect([tryToOpen(config), said]).toEqual([EXIT.notDone, expect.stringContaining('a command is at work on it')])
    writeControlFile(config.journal.file, { url: 'http://127.0.0.1:1', token: 'x'.repeat(40), pid: process.pid })
    expect([tryToOpen(config), said]).toEqual([EXIT.journal, expect.stringContaining(`(process ${process.pid})`)])
  } finally {
    command.journal.close()
  }
})

test('what the POS says to a command is told with what to do, whether the connector runs or not, and is no end of the program', async () => {
  const config = configWith(folder.file('journal.sqlite'))
  const fault = (): never => {
    throw new DatabaseFault('no-grant', '1142', 'The user till may not do this (bills)', 'Ask for the grant', new Error('denied to A Shopper'))
  }
  expect(tryToOpen(config)).toBe('opened')
  expect(await act(config, { running: fault, stopped: async () => fault() })).toBe(EXIT.notDone)
  expect(said).toContain('It is not done: The user till may not do this (bills). (DatabaseFault 1142 (Error))\n  What to do: Ask for the grant')

  said = ''
  const holding = openOwnJournal(config, 'any')
  if ('exit' in holding) throw new Error('expected it to open')
  const control = await startControl({ status: quiet, reconcile: () => {}, retryOrder: fault, giveUp: fault, retryRefused: fault, dropRefused: fault, sell: fault }, config.journal.file)
  try {
    const asked = { running: async (connector: Parameters<Parameters<typeof act>[1]['running']>[0]) => connector.ask('POST', '/orders/x/retry', z.object({})).then(() => EXIT.ok), stopped: async () => EXIT.ok }
    expect(await act(config, asked)).toBe(EXIT.notDone)
    expect(said).toContain('the running connector says: The user till may not do this (bills). (DatabaseFault 1142 (Error)) (500)')
    expect(said).toContain('What to do: Ask for the grant')
    expect(said).not.toContain('Shopper')
  } finally {
    await control.close()
    holding.journal.close()
  }
})

test('a connector that ends while it compares leaves whoever watches with a word, not with a stack', async () => {
  const config = configWith(folder.file('journal.sqlite'))
  const holding = openOwnJournal(config, 'any')
  if ('exit' in holding) throw new Error('expected it to open')
  const never = (): never => { throw new Error('it was not asked for') }
  const gone = Promise.withResolvers<void>()
  const control = await startControl({ status: quiet, reconcile: () => gone.resolve(control.close()), retryOrder: never, giveUp: never, retryRefused: never, dropRefused: never, sell: never }, config.journal.file)
  try {
    expect(await reconcile(folder.file('shop.yaml'), {})).toBe(EXIT.notDone)
    expect(said).toMatch(/It is not done: .*ECONN/)
  } finally {
    await gone.promise
    holding.journal.close()
  }
})

test('a damaged journal is said to be one, with what to do', () => {
  const file = folder.file('journal.sqlite')
  writeFileSync(file, 'Not what SQLite wrote. '.repeat(200))
  expect([tryToOpen(configWith(file)), said]).toEqual([EXIT.journal, expect.stringMatching(/is damaged.*\n.*move journal\.sqlite.*start again/)])
  rmSync(file)
  expect(tryToOpen(configWith(file))).toBe('opened')
  truncateSync(file, 5000)
  said = ''
  expect([tryToOpen(configWith(file)), said]).toEqual([EXIT.journal, expect.stringContaining('is damaged')])
})

test('a disk that takes nothing now may take something later; what another user holds does not mend itself', () => {
  const sqlite = (errcode: number) => Object.assign(new Error('SQLite'), { errcode })
  const system = (code: string) => Object.assign(new Error('system'), { code })
  expect([sqlite(13), sqlite(4874), sqlite(8), system('ENOSPC'), system('EROFS'), sqlite(14), sqlite(26), system('EACCES')].map(mayPass)).toEqual([true, true, true, true, true, false, false, false])
})

test('on a disk without a byte left the connector ends so that a service starts it again, and then it opens', () => {
  const disk = folder.file('disk')
  mkdirSync(disk)
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=200m', 'tillbridge-test', disk], { stdio: 'ignore' })
  } catch {
    // Where no disk of its own can be had, the words above are all that can be tried.
    return
  }
  try {
    const config = configWith(`${disk}/journal.sqlite`)
    expect(tryToOpen(config)).toBe('opened')
    rmSync(`${disk}/journal.sqlite.reserve`, { force: true })
    const neighbour = openSync(`${disk}/neighbour`, 'w')
    for (let size = 1_048_576; size >= 1;) {
      try {
        if (writeSync(neighbour, Buffer.alloc(size, 1)) < size) size = Math.floor(size / 2)
      } catch {
        size = Math.floor(size / 2)
      }
    }
    closeSync(neighbour)
    expect([tryToOpen(config), said]).toEqual([EXIT.unexpected, expect.stringContaining('make room on the disk')])
    rmSync(`${disk}/neighbour`)
    expect([tryToOpen(config), existsSync(`${disk}/journal.sqlite`)]).toEqual(['opened', true])
  } finally {
    execFileSync('umount', [disk])
  }
})

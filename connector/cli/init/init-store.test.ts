import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { loadConfig } from '../../config/load-config.ts'
import { SECRET, testFolder } from '../../test-shop.ts'
import { check } from '../check.ts'
import { EXIT } from '../exit-codes.ts'
import { installService } from '../install-service.ts'
import { thisMachine } from '../service-problems.ts'
import { runCommand } from '../test-command.ts'
import { init, PASSWORD_VARIABLE, type InitOptions } from './init.ts'

let folder: ReturnType<typeof testFolder>
/** Folders of tests are below /tmp, where no service could be. */
const noTmp = { ...thisMachine, privateTmp: [] }
let said: string
beforeEach(() => {
  folder = testFolder()
  said = ''
  for (const stream of [process.stdout, process.stderr]) vi.spyOn(stream, 'write').mockImplementation((text) => {
    said += String(text)
    return true
  })
})
afterEach(() => {
  vi.restoreAllMocks()
  vi.unstubAllEnvs()
  folder.remove()
})

const start = (name: string, options: Partial<InitOptions> = {}) =>
  init(folder.file(name), { yes: true, pair: false, pos: 'embedded', edge: 'http://127.0.0.1:1', store: name.replace('.yaml', ''), ...options })
const configured = (name: string) => {
  const loaded = loadConfig(folder.file(name))
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.refusal))
  return loaded.value.config
}
const pairByHand = (name: string) => writeFileSync(folder.file(name), SECRET, { mode: 0o600 })

describe('two stores in one folder', () => {
  test('have nothing in common: secret, password, PIN, journal, port', async () => {
    vi.stubEnv(PASSWORD_VARIABLE, 'hush')
    const ospos = { pos: 'ospos' }
    expect([await start('north.yaml', ospos), await start('south.yaml', ospos)], said).toEqual([EXIT.ok, EXIT.ok])
    for (const name of ['north.secret', 'south.secret']) pairByHand(name)
    const [north, south] = [configured('north.yaml'), configured('south.yaml')]
    expect([north.journal.file, south.journal.file]).toEqual([folder.file('data/north.sqlite'), folder.file('data/south.sqlite')])
    expect([north.server.port, south.server.port]).toEqual([8791, 8793])
    expect(readdirSync(folder.path).sort()).toEqual(['data', 'north.password', 'north.secret', 'north.yaml', 'south.password', 'south.secret', 'south.yaml'])
    expect(['north', 'south'].map((name) => readFileSync(folder.file(`${name}.yaml`), 'utf8').includes(`pinFile: "${name}.pin"`))).toEqual([true, true])
  })

  test.each([
    ['its journal', { journal: 'data/first.sqlite' }],
    ['its till', { set: ['file=data/first-till.sqlite'] }],
    ['its drop folder', { pos: 'csv', set: ['folder=drop'] }],
  ])('never share %s, not even by force', async (_what, wanted) => {
    writeFileSync(folder.file('first.yaml'), 'journal: { file: data/first.sqlite }\npos: { type: csv, folder: drop, file: data/first-till.sqlite }\n')
    expect(await start('second.yaml', { ...wanted, force: true })).toBe(EXIT.notDone)
    expect(said).toContain(`belongs to the store of ${folder.file('first.yaml')}`)
    expect(existsSync(folder.file('second.yaml'))).toBe(false)
  })

  test('never share a secret or a password that one of them names in its own way', async () => {
    writeFileSync(folder.file('odd.yaml'), 'store: { secretFile: [second.secret] }\npos: { connection: { passwordFile: third.password } }\n')
    expect(await start('second.yaml', { force: true })).toBe(EXIT.notDone)
    vi.stubEnv(PASSWORD_VARIABLE, 'hush')
    expect(await start('third.yaml', { pos: 'ospos', force: true })).toBe(EXIT.notDone)
    expect(readdirSync(folder.path)).toEqual(['odd.yaml'])
  })
})

describe('nothing is written', () => {
  test.each<[string, Partial<InitOptions>, string]>([
    ['before the code\'s file is there', { pair: true, codeFile: '/nowhere/code.txt' }, '--code-file /nowhere/code.txt cannot be read'],
    ['when the code\'s file is empty', { pair: true, codeFile: '/dev/null' }, 'is empty'],
    ['with a time zone that is none', { pos: 'csv', set: ['folder=drop', 'timeZone=Mars/Olympus'] }, 'a time zone'],
    ['with a port that is none', { port: '70000' }, 'from 0 to 65535'],
    ['with an answer to what is not asked', { pos: 'sql', set: ['dialect=sqlite', 'user=till'] }, 'has no meaning with dialect=sqlite'],
    ['without the database\'s password', { pos: 'ospos' }, PASSWORD_VARIABLE],
  ])('%s', async (_when, options, words) => {
    expect(await start('shop.yaml', options)).toBe(EXIT.configuration)
    expect(said).toContain(words)
    expect(readdirSync(folder.path)).toEqual([])
  })

  test('where a folder stands in the way of the secret: the code is not spent', async () => {
    mkdirSync(folder.file('data'))
    writeFileSync(folder.file('code'), 'AAAAA-BBBBB')
    writeFileSync(folder.file('file'), 'a file, and no folder')
    expect(await start('shop.yaml', { pair: true, codeFile: folder.file('code'), journal: 'file/journal.sqlite' })).toBe(EXIT.notDone)
    expect(said).toContain('Nothing was written')
    expect(readdirSync(folder.path).sort()).toEqual(['code', 'data', 'file'])
  })
})

test('the file to write may stand after the answers', async () => {
  const args = ['--yes', '--no-pair', '--pos', 'csv', '--edge', 'http://127.0.0.1:1', '--store', 'x', '--set', `folder=${folder.file('drop')}`, '--set', 'currency=GBP']
  expect(await runCommand('init', ...args, folder.file('last.yaml'))).toMatchObject({ code: EXIT.ok })
  expect(readFileSync(folder.file('last.yaml'), 'utf8')).toContain('GBP')
})

test('an edge that does not answer leaves the configuration, and says how to go on', async () => {
  writeFileSync(folder.file('code'), 'AAAAA-BBBBB')
  expect(await start('shop.yaml', { pair: true, codeFile: folder.file('code') })).toBe(EXIT.edge)
  expect(said).toContain('The configuration is written')
  expect(said).toContain(`tillbridge-connector pair   --config ${folder.file('shop.yaml')}`)
  expect(statSync(folder.file('shop.yaml')).mode & 0o777).toBe(0o600)
})

test.each([
  ['ospos', [], 'docs grants-ospos'], ['unicenta', ['dialect=postgres'], 'docs grants-unicenta-postgres'], ['unicenta', ['dialect=mariadb'], 'docs grants-unicenta-mysql'], ['sql', [], 'docs adapters'],
])('of a %s %s, what somebody has to do first is said, and its usual port is written', async (pos, set, words) => {
  vi.stubEnv(PASSWORD_VARIABLE, 'hush')
  expect(await start('shop.yaml', { pos, set })).toBe(EXIT.ok)
  expect(said).toContain(words)
  expect(readFileSync(folder.file('shop.yaml'), 'utf8')).toContain(set[0]?.includes('postgres') ? 'port: 5432' : 'port: 3306')
})

test('before it is paired, check says so and looks at the rest; then a service takes it as init wrote it', async () => {
  expect(await start('shop.yaml')).toBe(EXIT.ok)
  const told = /install-service --config (\S+) --user (\S+)/.exec(said) ?? []
  said = ''
  expect(check(folder.file('shop.yaml'), {})).toBe(EXIT.notDone)
  expect(said).toContain(`run: tillbridge-connector pair --config ${folder.file('shop.yaml')}`)
  expect(said).toContain('All else in it is in order')
  pairByHand('shop.secret')
  expect(check(folder.file('shop.yaml'), {})).toBe(EXIT.ok)
  expect(installService({ config: told[1] ?? '', dir: folder.path, write: true }, noTmp), 'a journal that only its owner may write').toBe(EXIT.notDone)
  expect(said).toContain('add --user NAME')
  expect(installService({ config: told[1] ?? '', user: told[2], dir: folder.path, write: true }, noTmp)).toBe(EXIT.ok)
  const unit = readFileSync(folder.file('tillbridge-shop.service'), 'utf8').split('\n')
  expect(unit).toEqual(expect.arrayContaining([`ReadWritePaths=${folder.file('data')}`, `LoadCredential=shop.secret:${folder.file('shop.secret')}`]))
  expect(statSync(folder.file('data')).isDirectory()).toBe(true)
})

test('a journal in the folder of its service needs no user, and nobody but systemd makes that folder', async () => {
  const journal = '/var/lib/tillbridge-shop-of-no-machine/journal.sqlite'
  expect(await start('shop.yaml', { store: 'shop-of-no-machine', journal })).toBe(EXIT.ok)
  expect([said.includes('--user'), existsSync('/var/lib/tillbridge-shop-of-no-machine')]).toEqual([false, false])
  pairByHand('shop.secret')
  expect(installService({ config: folder.file('shop.yaml'), dir: folder.path, write: true }, noTmp)).toBe(EXIT.ok)
  // The embedded till is beside the configuration.
  expect(readFileSync(folder.file('tillbridge-shop-of-no-machine.service'), 'utf8').split('\n').filter((line) => line.startsWith('ReadWritePaths'))).toEqual([`ReadWritePaths=${folder.file('data')}`])
})

test('check of what is wrong besides ends as a wrong configuration', async () => {
  await start('shop.yaml')
  writeFileSync(folder.file('shop.yaml'), `${readFileSync(folder.file('shop.yaml'), 'utf8')}\nfeed: { zeroShare: 20 }\n`)
  expect(check(folder.file('shop.yaml'), {})).toBe(EXIT.configuration)
})

import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { SECRET, testFolder } from '../test-shop.ts'
import { EXIT } from './exit-codes.ts'
import { installService, type ServiceOptions } from './install-service.ts'
import { thisMachine, tmpProblems, type Machine } from './service-problems.ts'
import { windowsSteps } from './windows-steps.ts'

let folder: ReturnType<typeof testFolder>
let said: string

beforeEach(() => {
  folder = testFolder()
  said = ''
  for (const stream of [process.stdout, process.stderr]) vi.spyOn(stream, 'write').mockImplementation((text) => {
    said += String(text)
    return true
  })
  writeFileSync(folder.file('pos.password'), 'hush', { mode: 0o600 })
})
afterEach(() => {
  vi.restoreAllMocks()
  folder.remove()
})

/** Folders of tests are below /tmp. */
const noTmp: Machine = { ...thisMachine, privateTmp: [] }
const CSV = '{ type: csv, folder: /srv/drop, currency: EUR, timeZone: UTC }'

const install = (pos: string, { name = 'shop', ...more }: Partial<ServiceOptions> & { name?: string } = {}, machine: Machine = noTmp) => {
  writeFileSync(folder.file(`${name}.secret`), SECRET, { mode: 0o600 })
  writeFileSync(folder.file(`${name}.yaml`), `edge: { url: "https://shop.example" }
store: { id: main-street, secretFile: "${name}.secret" }
journal: { file: /var/lib/tillbridge-main-street/journal.sqlite }
pos: ${pos}
server: { port: 8791 }
`, { mode: 0o600 })
  return installService({ config: folder.file(`${name}.yaml`), dir: folder.path, write: true, ...more }, machine)
}
const unit = () => readFileSync(folder.file('tillbridge-main-street.service'), 'utf8').split('\n')

test('a certificate named from where the configuration stands is not found by a service', () => {
  const ospos = (caFile: string) => `{ type: ospos, connection: { user: u, passwordFile: pos.password, database: d, ssl: required, caFile: ${caFile} } }`
  expect(install(ospos('ca.pem'))).toBe(EXIT.notDone)
  expect(said).toContain(`pos.connection.caFile: ${folder.file('ca.pem')}`)
  expect([install(ospos(folder.file('nowhere.pem'))), said]).toEqual([EXIT.notDone, expect.stringContaining('pos.connection.caFile: ') as string])
  expect(said).toContain('there is no such file')
  writeFileSync(folder.file('till.pem'), '')
  expect(install(ospos(folder.file('till.pem')))).toBe(EXIT.ok)
  expect(unit().filter((line) => line.startsWith('LoadCredential=')).map((line) => line.split(':')[0])).toEqual(['LoadCredential=shop.yaml', 'LoadCredential=shop.secret', 'LoadCredential=pos.password'])
  expect(unit().some((line) => line.startsWith('ReadWritePaths='))).toBe(false)
})

test('whatever is a file of the till may be written to, wherever the configuration names it', () => {
  expect(install('{ type: csv, folder: /srv/drop, stateFile: /srv/state/till.sqlite, currency: EUR, timeZone: UTC }')).toBe(EXIT.ok)
  expect(unit().filter((line) => line.startsWith('ReadWritePaths='))).toEqual(['ReadWritePaths=/srv/drop', 'ReadWritePaths=/srv/state'])
})

test('a till that is a file behind a connection needs its folder and a user', () => {
  const goods = 'currency: EUR, goods: { query: "SELECT 1", columns: { key: k, sku: k, name: n, price: p, onHand: q } }'
  expect([install(`{ type: sql, dialect: sqlite, connection: { file: /srv/till/till.db }, ${goods} }`), said]).toEqual([EXIT.ok, expect.stringContaining('add --user or --group')])
  expect(unit()).toContain('ReadWritePaths=/srv/till')
})

test('a login in the environment is warned of: a unit is everybody\'s to read', () => {
  expect(install(CSV, { env: ['HTTPS_PROXY=http://shop:hush@proxy:3128'] })).toBe(EXIT.ok)
  expect(said).toContain('every user of this machine can read a unit')
})

test('a name that systemd takes for no credential is told before a service fails by it', () => {
  expect([install(CSV, { name: 'lübeck' }), said]).toEqual([EXIT.notDone, expect.stringMatching(/no file with the name lübeck\.yaml[\s\S]*no file with the name lübeck\.secret/)])
  expect(install(CSV, { name: 'main street' })).toBe(EXIT.ok)
  expect(unit()).toContain(`LoadCredential=main street.secret:${folder.file('main street.secret')}`)
})

describe('before anything is written', () => {
  const written = () => existsSync(folder.file('tillbridge-main-street.service'))

  test.each<[string, Partial<ServiceOptions>, RegExp]>([
    ['a user that nobody knows', { user: 'nosuch-user' }, /--user nosuch-user: this machine has no such user/],
    ['a group that nobody knows', { group: 'nosuch-group' }, /--group nosuch-group: this machine has no such group/],
    ['no variable', { env: ['hush hush'] }, /--env: expected NAME=value/],
    ['a variable of two lines', { env: ['A=1\nExecStart=/bin/sh'] }, /--env A: a line break/],
    ['a proxy that is no address', { env: ['HTTPS_PROXY=proxy:3128'] }, /--env HTTPS_PROXY=http:\/\/proxy:3128/],
    ['a certificate that is not there', { env: ['NODE_EXTRA_CA_CERTS=/nowhere/ca.pem'] }, /NODE_EXTRA_CA_CERTS: \/nowhere\/ca\.pem: there is no such file/],
    ['a certificate that is a folder', { env: ['NODE_EXTRA_CA_CERTS=/etc'] }, /\/etc is no file/],
    ['a certificate without its whole path', { env: ['NODE_EXTRA_CA_CERTS=ca.pem'] }, /no whole path/],
  ])('%s is told, printing or writing', (_what, options, words) => {
    for (const write of [true, false]) {
      said = ''
      expect(install(CSV, { ...options, write })).toBe(EXIT.notDone)
      expect(said).toMatch(words)
      expect(said).not.toMatch(/hush|\[Service\]/)
    }
    expect(written()).toBe(false)
  })

  test('what is below /tmp is told: a service has a /tmp of its own', () => {
    const tmp: Machine = { ...thisMachine, privateTmp: [folder.path] }
    expect(install(`{ type: csv, folder: ${folder.file('drop')}, currency: EUR, timeZone: UTC }`, {}, tmp)).toBe(EXIT.notDone)
    expect(said).toMatch(/pos\.folder is below .* of its own/)
    said = ''
    writeFileSync(folder.file('ca.pem'), '')
    symlinkSync(folder.path, `${folder.path}-link`)
    try {
      expect(install(CSV, { env: [`NODE_EXTRA_CA_CERTS=${folder.path}-link/ca.pem`] }, tmp)).toBe(EXIT.notDone)
      expect(said).toMatch(/NODE_EXTRA_CA_CERTS is below/)
    } finally {
      rmSync(`${folder.path}-link`)
    }
    said = ''
    vi.spyOn(process, 'argv', 'get').mockReturnValue([process.execPath, folder.file('tillbridge-connector.mjs')])
    expect(install(CSV, {}, tmp)).toBe(EXIT.notDone)
    expect(said).toMatch(/the connector is below .*\n {2}What to do: install it for everybody/)
    expect(written()).toBe(false)
  })

  test('a journal below the real /tmp is told', () => {
    expect(tmpProblems([{ what: 'the journal', path: '/tmp/not-there/journal.sqlite', todo: 'move it' }, { what: 'the till', path: '/tmpfiles/till', todo: '' }], thisMachine)).toEqual([
      { why: expect.stringMatching(/^the journal is below \/tmp /) as string, todo: 'move it' },
    ])
  })
})

test('the command that is printed for root asks for the same', () => {
  writeFileSync(folder.file('ca.pem'), '')
  const { username } = userInfo()
  const asked = { user: username, group: 'root', env: [`NODE_EXTRA_CA_CERTS=${folder.file('ca.pem')}`, 'NOTE=it\'s two words'] }
  expect(install(CSV, { ...asked, write: false })).toBe(EXIT.ok)
  const command = /^# {3}(sudo .*--write.*)$/m.exec(said)?.[1] ?? ''
  // As a shell takes it apart.
  const words = spawnSync('sh', ['-c', `sudo() { printf '%s\\n' "$@"; }; ${command}`], { encoding: 'utf8' }).stdout.trim().split('\n')
  expect(words).toEqual(['tillbridge-connector', 'install-service', '--config', folder.file('shop.yaml'), '--write', '--dir', folder.path, '--user', username, '--group', 'root', '--env', ...asked.env])
})

test('a proxy that Node would not use is told', () => {
  expect(install(CSV, { env: ['HTTPS_PROXY=http://proxy:3128'] })).toBe(EXIT.ok)
  expect(said).toContain('add NODE_USE_ENV_PROXY=1')
})

describe('for Windows', () => {
  const steps = () => windowsSteps({ name: 'tillbridge-x', node: 'C:\\Program Files\\nodejs\\node.exe', program: 'C:\\Till\'s bridge\\c.mjs', configFile: 'C:\\ProgramData\\Tillbridge\\my shop.yaml', environment: ['NODE_USE_ENV_PROXY=1', 'HTTPS_PROXY=http://p:1'] }).split('\n')
  const commands = () => steps().filter((line) => line !== '' && !line.startsWith('#'))

  test('every line is a command or a comment, as PowerShell takes them', () => {
    for (const line of commands()) expect(line).toMatch(/^(nssm (install|set|start) tillbridge-x|icacls\.exe |New-Item |Set-ItemProperty |Get-Content )/)
    // cmd.exe's variables, an empty argument (which Windows PowerShell drops), and sc (which is Set-Content there).
    expect(commands().join('\n')).not.toMatch(/%\w+%|""|\bsc /)
    // Every text is closed where it begins.
    for (const line of commands()) expect(line.replaceAll(/'(?:[^']|'')*'/g, '').replaceAll(/"[^"']*"/g, '')).not.toMatch(/["']/)
  })

  test('the folder is made before anything is put there, and paths with blanks and quotes stay whole', () => {
    expect(commands()[0]).toBe('New-Item -ItemType Directory -Force -Path "$env:ProgramData\\Tillbridge"')
    expect(commands()).toContain(`nssm install tillbridge-x 'C:\\Program Files\\nodejs\\node.exe'`)
    expect(commands().find((line) => line.includes('AppParameters'))).toContain(`-Value '"C:\\Till''s bridge\\c.mjs" run --config "C:\\ProgramData\\Tillbridge\\my shop.yaml"'`)
    expect(commands()).toContain(`nssm set tillbridge-x AppEnvironmentExtra 'NODE_USE_ENV_PROXY=1' 'HTTPS_PROXY=http://p:1'`)
  })

  test('an environment of another machine is taken as it is, and a wrong one is told', () => {
    expect(install(CSV, { windows: true, env: ['NODE_EXTRA_CA_CERTS=C:\\ca.pem'] })).toBe(EXIT.ok)
    expect(said).toContain(`AppEnvironmentExtra 'NODE_EXTRA_CA_CERTS=C:\\ca.pem'`)
    expect(install(CSV, { windows: true, env: ['garbage'] })).toBe(EXIT.notDone)
  })
})

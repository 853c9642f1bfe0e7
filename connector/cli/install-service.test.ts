import { readFileSync, writeFileSync } from 'node:fs'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { SECRET, testFolder } from '../test-shop.ts'
import { EXIT } from './exit-codes.ts'
import { installService } from './install-service.ts'

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

const install = (pos: string, { name = 'shop', ...more }: { env?: string[]; name?: string } = {}) => {
  writeFileSync(folder.file(`${name}.secret`), SECRET, { mode: 0o600 })
  writeFileSync(folder.file(`${name}.yaml`), `edge: { url: "https://shop.example" }
store: { id: main-street, secretFile: "${name}.secret" }
journal: { file: /var/lib/tillbridge-main-street/journal.sqlite }
pos: ${pos}
server: { port: 8791 }
`, { mode: 0o600 })
  return installService({ config: folder.file(`${name}.yaml`), dir: folder.path, write: true, ...more })
}
const unit = () => readFileSync(folder.file('tillbridge-main-street.service'), 'utf8').split('\n')

test('a certificate named from where the configuration stands is not found by a service', () => {
  const ospos = (caFile: string) => `{ type: ospos, connection: { user: u, passwordFile: pos.password, database: d, ssl: required, caFile: ${caFile} } }`
  expect(install(ospos('ca.pem'))).toBe(EXIT.notDone)
  expect(said).toContain(`pos.connection.caFile: ${folder.file('ca.pem')}`)
  expect(install(ospos('/etc/ssl/till.pem'))).toBe(EXIT.ok)
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
  expect(install('{ type: csv, folder: /srv/drop, currency: EUR, timeZone: UTC }', { env: ['HTTPS_PROXY=http://shop:hush@proxy:3128'] })).toBe(EXIT.ok)
  expect(said).toContain('every user of this machine can read a unit')
})

test('a name that systemd takes for no credential is told before a service fails by it', () => {
  const csv = '{ type: csv, folder: /srv/drop, currency: EUR, timeZone: UTC }'
  expect([install(csv, { name: 'lübeck' }), said]).toEqual([EXIT.notDone, expect.stringMatching(/no file with the name lübeck\.yaml[\s\S]*no file with the name lübeck\.secret/)])
  expect(install(csv, { name: 'main street' })).toBe(EXIT.ok)
  expect(unit()).toContain(`LoadCredential=main street.secret:${folder.file('main street.secret')}`)
})

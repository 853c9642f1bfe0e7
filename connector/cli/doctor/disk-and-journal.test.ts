import { writeFileSync, type StatsFs } from 'node:fs'
import { createServer } from 'node:http'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { stringify } from 'yaml'
import { toInstant } from '../../../contract/clock.ts'
import type { ConnectorConfig } from '../../config/config.ts'
import { loadConfig } from '../../config/load-config.ts'
import { openJournal, type Journal } from '../../journal/journal.ts'
import { assignmentId, assignmentOf, NOW, SECRET, testFolder } from '../../test-shop.ts'
import { lookAtEdge } from './edge.ts'
import type { Finding } from './finding.ts'
import { lookAtDesk, lookAtDisk, lookAtJournal, lookAtServer } from './machine.ts'

/** What the disk says is free on it; `null`: what it really says. */
let freeBytes: number | null = null
vi.mock('node:fs', async (load) => {
  const real = await load<{ statfsSync: (path: string) => StatsFs }>()
  return { ...real, statfsSync: (path: string) => (freeBytes === null ? real.statfsSync(path) : { ...real.statfsSync(path), bsize: 1, bavail: freeBytes }) }
})

let folder: ReturnType<typeof testFolder>
let journal: Journal | null
beforeEach(() => {
  folder = testFolder()
  journal = null
})
afterEach(() => {
  freeBytes = null
  journal?.close()
  folder.remove()
})

const open = (): Journal => (journal = openJournal({ file: folder.file('journal.sqlite'), storeId: 'main-street', connectorId: 'till-1' }))

/** A shop's configuration with this in it, as the doctor reads it. */
function configOf(change: object = {}): ConnectorConfig {
  const shop = { edge: { url: 'http://127.0.0.1:1' }, store: { id: 'main-street', secret: SECRET }, journal: { file: 'journal.sqlite' }, pos: { type: 'embedded', file: 'till.sqlite' }, server: { port: 0 }, ...change }
  writeFileSync(folder.file('shop.yaml'), stringify(shop), { mode: 0o600 })
  const loaded = loadConfig(folder.file('shop.yaml'))
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.refusal))
  return loaded.value.config
}
const named = (findings: readonly Finding[], name: string) => findings.find((each) => each.name === name)
const words = (pattern: RegExp): string => expect.stringMatching(pattern) as string

describe('a disk', () => {
  test.each([
    ['is full', 0, 'fail'],
    ['has room for an hour', 49_999_999, 'fail'],
    ['has room for some days', 50_000_000, 'warn'],
    ['has nearly enough', 499_999_999, 'warn'],
    ['has room', 500_000_000, 'ok'],
  ] as const)('that %s', (_what, free, level) => {
    freeBytes = free
    expect(named(lookAtDisk(configOf(), () => 0), 'disk room')).toMatchObject({ level, detail: words(new RegExp(`^${Math.round(free / 1e6)} MB free`)), ...(level === 'ok' ? {} : { fix: words(/free disk space/) }) })
  })

  test('that takes nothing', () => {
    const config = configOf()
    // Nobody, root included, makes a file there.
    expect(named(lookAtDisk({ ...config, journal: { ...config.journal, file: '/proc/journal.sqlite' } }, () => 0), 'disk writes')).toMatchObject({ level: 'fail', detail: words(/^\/proc cannot be written/), fix: words(/mounted read-only/) })
  })
})

describe('a journal', () => {
  test('of a connector to come', () => {
    open()
    const db = new DatabaseSync(folder.file('journal.sqlite'))
    db.exec("UPDATE meta SET value = '1000' WHERE key = 'schemaVersion'")
    db.close()
    expect(lookAtJournal(configOf()).findings).toMatchObject([{ name: 'journal', level: 'fail', detail: words(/schema version 1000/), fix: words(/install the connector that wrote it/) }])
  })

  test('with orders in doubt, rows that cannot be read, and a feed that waits for a person', () => {
    const { inbox, refused, meta } = open()
    inbox.insert({ assignmentId: assignmentId(1), bodyHash: 'h', assignment: assignmentOf(1, { A: 1 }), state: 'in_doubt', cancel: 'none' }, NOW)
    refused.note([{ key: 'goods/7', reason: 'price: expected a number', text: 'TEA' }], NOW)
    meta.set('feed', JSON.stringify({ state: 'quarantined', since: toInstant(NOW) }))
    expect(lookAtJournal(configOf()).findings).toMatchObject([
      { name: 'journal', level: 'ok' },
      { name: 'orders in doubt', level: 'warn', fix: words(/--state in_doubt/) },
      { name: 'rows refused', level: 'warn', fix: words(/quarantine list/) },
      { name: 'feed', level: 'warn', fix: words(/quarantine show feed/) },
    ])
  })

  test('whose holder takes no commands', async () => {
    open()
    expect(await lookAtServer(configOf())).toMatchObject([{ name: 'connector', level: 'warn', detail: words(/it runs, and cannot be asked/) }])
  })
})

test('a desk at an address of another machine; of a connector that runs the port is its own', async () => {
  // An address of documentation (RFC 5737), which no machine has.
  const config = configOf({ desk: { host: '192.0.2.1', port: 8790, pin: '123456' } })
  expect(await lookAtDesk(config, false)).toMatchObject([{ name: 'desk', level: 'fail', detail: words(/EADDRNOTAVAIL/) }])
  expect(await lookAtDesk(config, true)).toMatchObject([{ name: 'desk', level: 'ok' }])
})

test('an edge that cannot answer now is no fault of the shop\'s, and its clock is looked at all the same', async () => {
  const edge = createServer((_, response) => response.writeHead(503, { 'connection': 'close', 'content-type': 'application/problem+json' }).end(JSON.stringify({ type: 'https://tillbridge.dev/problems/try-again', title: 'x', status: 503 })))
  await new Promise<void>((resolve) => edge.listen(0, '127.0.0.1', resolve))
  const address = edge.address()
  const url = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`
  const findings = await lookAtEdge(configOf({ edge: { url } }), () => Date.now() + 3_600_000)
  await new Promise((resolve) => edge.close(resolve))
  expect(named(findings, 'edge')).toMatchObject({ level: 'warn', fix: words(/wait a minute/) })
  expect(named(findings, 'clock')).toMatchObject({ level: 'warn', detail: words(/^\d+ min ahead of the edge's: calls are refused at first/), fix: words(/timedatectl/) })
})

import { pino } from 'pino'
import { describe, expect, test } from 'vitest'
import { EdgeUnreachable } from './edge/edge-client.ts'
import { isBug, placesOf, tellBroken, tellFailure } from './failure.ts'
import { faultFields } from './fault.ts'
import { JournalCannotWrite } from './journal/database.ts'
import { DatabaseFault, toDatabaseFault } from './pos/sql/database-fault.ts'

const SHOPPER = 'shopper@example.com'
const coded = (code: string): Error => Object.assign(new Error(SHOPPER), { code })

describe('a mistake of the program', () => {
  test.each([
    ['what the language throws', new TypeError('x is undefined'), true],
    ['a plain error', new Error('cannot be'), true],
    ['a value that is no error', 'no', true],
    ['a function of Node called wrongly', Object.assign(new TypeError('arg'), { code: 'ERR_INVALID_ARG_TYPE' }), true],
    ['a statement that the journal does not understand', Object.assign(new Error('no such column'), { code: 'ERR_SQLITE_ERROR', errcode: 1 }), true],
    ['a journal that is locked', Object.assign(new Error('locked'), { code: 'ERR_SQLITE_ERROR', errcode: 5 }), false],
    ['a socket', coded('ECONNREFUSED'), false],
    ['fetch, whose cause is a socket', new TypeError('fetch failed', { cause: coded('ECONNRESET') }), false],
    ['a time that is over', new DOMException('late', 'TimeoutError'), false],
    ['a database', new DatabaseFault('no-table', '1146', 'There is none', 'Look'), false],
    ['the disk', new JournalCannotWrite('make room'), false],
    ['the line', new EdgeUnreachable('no answer'), false],
  ])('%s', (_what, error, is) => expect(isBug(error)).toBe(is))

  test('is told by its place, never by its message, even one that looks like a place', () => {
    const lines: string[] = []
    const log = pino({ base: null }, { write: (line: string) => void lines.push(line) })
    const error = new TypeError(`no name\n    at ${SHOPPER} (file:///secret/${SHOPPER}:1:1)`)
    tellFailure(log, 'capture.fault', 'capture', error, { waitMs: 7 })
    tellBroken(log, 'writer', error)
    const [told, broken] = lines.map((line) => JSON.parse(line) as Record<string, unknown>)
    expect(told).toMatchObject({ level: 50, event: 'connector.bug', part: 'capture', waitMs: 7, fault: 'TypeError', why: expect.stringMatching(/at connector\/failure\.test\.ts:\d+:\d+$/) as string, hint: expect.stringMatching(/diag.*the till sells on/) as string })
    expect(broken).toMatchObject({ level: 60, event: 'connector.broken', part: 'writer', hint: expect.stringContaining('diag') as string })
    expect(lines.join()).not.toContain(SHOPPER)
    expect(placesOf(error)[0]).toMatch(/^connector\/failure\.test\.ts:\d+:\d+$/)
  })

  test('a fault keeps its own name, and is a warning', () => {
    const lines: string[] = []
    tellFailure(pino({ base: null }, { write: (line: string) => void lines.push(line) }), 'capture.fault', 'capture', new DatabaseFault('no-table', '1146', 'There is no table (goods)', 'Look at it', coded('ER_NO_SUCH_TABLE')))
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ level: 40, event: 'capture.fault', fault: 'DatabaseFault 1146 (Error ER_NO_SUCH_TABLE)', why: 'There is no table (goods).', hint: 'Look at it' })
    expect(lines.join()).not.toContain(SHOPPER)
  })
})

test('what a driver calls a hint is not ours', () => {
  expect(faultFields(Object.assign(new Error(SHOPPER), { name: 'error', code: '42703', hint: SHOPPER }))).toEqual({ fault: 'error 42703' })
  expect(faultFields(new JournalCannotWrite('make room'))).toEqual({ fault: 'JournalCannotWrite', hint: 'make room' })
})

test('a column that is missing in a statement is named, and not its table', () => {
  const sqlite = Object.assign(new Error('table bills has no column named till'), { code: 'ERR_SQLITE_ERROR', errcode: 1 })
  expect(toDatabaseFault(sqlite, { place: 'shop.sqlite', user: null, dialect: 'sqlite' })).toMatchObject({ kind: 'no-column', message: expect.stringContaining('has no such column (till)') as string })
})

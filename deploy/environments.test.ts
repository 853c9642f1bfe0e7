import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, it, test } from 'vitest'
import { readQueueName } from '../workers/queue-name.ts'
import { deadLetterFaults, environmentFaults, queuesOf, sharedFaults } from './environments.ts'
import { ENVIRONMENTS, readConfig } from './read-config.ts'

const FILE = path.resolve(import.meta.dirname, '../wrangler.toml')
const TOML = readFileSync(FILE, 'utf8')
const top = readConfig(FILE, null)
const folder = mkdtempSync(path.join(tmpdir(), 'tillbridge-environments-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe.each(ENVIRONMENTS)('the environment %s', (environment) => {
  const own = readConfig(FILE, environment)
  it('has everything that the top level has, and nothing else', () => expect(environmentFaults(top, own, environment).join('\n')).toBe(''))
  it('has queues whose handlers are found', () => expect(queuesOf(own).map((name) => readQueueName(name))).toEqual(queuesOf(top).map((name) => readQueueName(name))))
  it('has a reader for every queue of dead letters', () => expect(deadLetterFaults(own).join('\n')).toBe(''))
  it('shares nothing with this machine\'s own', () => expect(sharedFaults(top, own).join('\n')).toBe(''))
})

test('staging and production share nothing', () => expect(sharedFaults(readConfig(FILE, 'staging'), readConfig(FILE, 'production')).join('\n')).toBe(''))

describe('what was forgotten is said', () => {
  const staging = (change: (toml: string) => string) => {
    const toml = change(TOML)
    expect(toml).not.toBe(TOML)
    const file = path.join(folder, 'wrangler.toml')
    writeFileSync(file, toml)
    return environmentFaults(readConfig(file, null), readConfig(file, 'staging'), 'staging').join('\n')
  }
  const atTop = (more: string) => (toml: string) => toml.replace('# Which version answers', `${more}\n\n# Which version answers`)

  it.each([
    ['a bucket', '[[r2_buckets]]\nbinding = "FILES"\nbucket_name = "files"', 'lacks r2_buckets FILES'],
    ['a queue', '[[queues.producers]]\nqueue = "letters"\nbinding = "LETTERS"', 'lacks queues.producers LETTERS'],
    ['a reader of a queue', '[[queues.consumers]]\nqueue = "letters"', 'lacks queues.consumers letters'],
    ['a rate limit', '[[ratelimits]]\nname = "LOGIN_LIMIT"\nnamespace_id = "1003"\nsimple = { limit = 5, period = 10 }', 'lacks ratelimits LOGIN_LIMIT'],
  ])('%s that only the top level has', (_, more, said) => expect(staging(atTop(more))).toContain(said))

  it('a var, a secret and an object', () => {
    expect(staging((toml) => toml.replace('LOG_SAMPLE = "0.01"', 'LOG_SAMPLE = "0.01"\nMORE = "1"'))).toContain('[env.staging] lacks vars MORE')
    expect(staging((toml) => toml.replace('"ADMIN_TOKEN", "MASTER_KEY"', '"ADMIN_TOKEN", "MASTER_KEY", "OTHER_KEY"'))).toContain('lacks secrets OTHER_KEY')
    expect(staging((toml) => toml.replace('  { name = "LETTER_BOX", class_name = "LetterBox" },\n', '  { name = "LETTER_BOX", class_name = "LetterBox" },\n  { name = "MORE", class_name = "More" },\n'))).toContain('lacks durable_objects.bindings MORE')
  })
  it('a retry or a limit that is another', () => {
    expect(staging((toml) => toml.replace('queue = "tillbridge-staging-orders", max_batch_size = 10', 'queue = "tillbridge-staging-orders", max_batch_size = 11'))).toContain('has queues.consumers orders otherwise')
    expect(staging((toml) => toml.replace('limit = 6000', 'limit = 7000'))).toContain('has ratelimits READ_LIMIT otherwise')
  })
  it('a queue of another environment, and one that says it is another', () => {
    expect(staging((toml) => toml.replaceAll('"tillbridge-staging-stock"', '"tillbridge-production-stock"'))).toContain('no environment takes another\'s messages')
    expect(staging((toml) => toml.replace('ENVIRONMENT = "staging"', 'ENVIRONMENT = "development"'))).toContain('says that it is "development"')
  })
  it('a queue whose dead letters nobody reads', () => {
    const file = path.join(folder, 'dead.toml')
    writeFileSync(file, TOML.replace(/\[\[queues\.consumers\]\]\nqueue = "stock-dead"\n(?:.+\n)+/, ''))
    expect(deadLetterFaults(readConfig(file, null))).toEqual([expect.stringContaining('nobody reads stock-dead') as string])
  })
})

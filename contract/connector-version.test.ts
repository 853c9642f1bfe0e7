import { describe, expect, it, test } from 'vitest'
import { FIRST_CONNECTOR_VERSION, isOlder, isVersion, versionSaid } from './connector-version.ts'

/** Each comes before the next, as semver.org has them (11.4.4), and some of ours. */
const IN_ORDER = [
  '0.1.0-alpha', '0.1.0', '0.1.1', '0.2.0', '0.10.0', '1.0.0-alpha', '1.0.0-alpha.1', '1.0.0-alpha.beta', '1.0.0-beta', '1.0.0-beta.2', '1.0.0-beta.11', '1.0.0-rc.1', '1.0.0', '2.0.0', '10.0.0',
]

describe('one version and another', () => {
  it('stand in the order of Semantic Versioning', () => {
    for (const [place, version] of IN_ORDER.entries()) {
      for (const [other, least] of IN_ORDER.entries()) expect([version, least, isOlder(version, least)]).toEqual([version, least, place < other])
    }
  })
  it('are the same whatever they were built on', () => {
    expect(isOlder('1.0.0+build.1', '1.0.0')).toBe(false)
    expect(isOlder('1.0.0', '1.0.0+build.1')).toBe(false)
  })
  it('are compared as numbers, never as letters', () => expect(isOlder('0.9.0', '0.10.0')).toBe(true))
})

test.each(['1', '1.0', 'v1.0.0', '01.0.0', '1.0.0-', '1.0.0 ', '', `1.0.0-${'a'.repeat(64)}`])('%j is no version, and comes before every one', (text) => {
  expect(isVersion(text)).toBe(false)
  expect(isOlder(text, '0.0.1')).toBe(true)
  expect(isOlder('0.0.1', text)).toBe(false)
})

test('a connector that does not say its version is of the first', () => {
  for (const said of [undefined, null, '', 'latest', 'x'.repeat(1000)]) expect(versionSaid(said)).toBe(FIRST_CONNECTOR_VERSION)
  expect(versionSaid('0.3.0-rc.1')).toBe('0.3.0-rc.1')
})

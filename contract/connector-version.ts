/**
 * The version of a connector, as it says it with each call and the edge compares it with the least it takes. By Semantic Versioning 2.0.0:
 * three numbers, then a pre-release that comes before the release of its numbers; what follows a plus does not count.
 */
export const CONNECTOR_VERSION_HEADER = 'tillbridge-connector-version'

/** Of connectors that do not say theirs: they are of before it was asked for. */
export const FIRST_CONNECTOR_VERSION = '0.1.0'

/** Longer than any version, and short enough to be said back. */
const VERSION_CHARS_MAX = 64
const VERSION = /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?(?:\+[0-9A-Za-z.-]+)?$/

type Version = { numbers: [number, number, number]; pre: string[] }

function read(text: string): Version | null {
  const found = text.length <= VERSION_CHARS_MAX ? VERSION.exec(text) : null
  if (!found) return null
  const [, major, minor, patch, pre] = found
  return { numbers: [Number(major), Number(minor), Number(patch)], pre: pre === undefined ? [] : pre.split('.') }
}

export const isVersion = (text: string): boolean => read(text) !== null

/** What a call says of its connector; one that says nothing, or nothing that can be read, is of the first. */
export const versionSaid = (header: string | null | undefined): string => (header && isVersion(header) ? header : FIRST_CONNECTOR_VERSION)

/** Whether `version` comes before `least`. What is no version comes before every other. */
export function isOlder(version: string, least: string): boolean {
  const [one, other] = [read(version), read(least)]
  if (!one || !other) return one === null && other !== null
  for (const [place, number] of one.numbers.entries()) if (number !== other.numbers[place]) return number < (other.numbers[place] ?? 0)
  return isOlderPre(one.pre, other.pre)
}

function isOlderPre(one: readonly string[], other: readonly string[]): boolean {
  if (one.length === 0 || other.length === 0) return one.length > 0 && other.length === 0
  for (const [place, word] of one.entries()) {
    const against = other[place]
    if (against === undefined) return false
    if (word === against) continue
    const [number, otherNumber] = [/^\d+$/.test(word), /^\d+$/.test(against)]
    if (number && otherNumber) return Number(word) < Number(against)
    return number === otherNumber ? word < against : number
  }
  return one.length < other.length
}

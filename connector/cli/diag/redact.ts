import { stringify } from 'yaml'
import { Configuration } from '../../config/config.ts'
import { readYaml } from '../../config/read-yaml.ts'
import { SECRET_PREFIX } from '../../../contract/signing.ts'
import { FileReport } from '../../pos/csv/file-report.ts'
import { mapLeaves } from '../../config/secret-value.ts'

/** An address with a user and a password in it. */
const URL_LOGIN = /\b([a-z][a-z0-9+.-]*:\/\/)[^\s/"']*@/gi
/** The edge's secrets wherever they stand, and pairing codes. */
const SECRET_TEXT = /tbsec_[A-Za-z0-9+/=_-]+/g
/** What a caller shows in a header. */
const HEADER_LOGIN = /\b(basic|bearer)\s+[\w+/=.~-]{8,}/gi
const MAIL = /[^\s"'<>@,;:/()]+@[^\s"'<>@,;:/()]+\.[^\s"'<>@,;:/()]+/g

export const REDACTED = '(removed)'

/** Takes out of any text what looks like a secret or a customer's address, and the given secrets word by word, in each way in which they are written. */
export function redactText(text: string, secrets: readonly string[] = []): string {
  let clean = text.replaceAll(URL_LOGIN, `$1${REDACTED}@`).replaceAll(SECRET_TEXT, REDACTED).replaceAll(HEADER_LOGIN, `$1 ${REDACTED}`)
  // The longest first: a part of it may be a secret too, and what is left of it would then be shown.
  for (const secret of [...new Set(secrets.flatMap(spellings))].sort((a, b) => b.length - a.length)) clean = clean.replaceAll(secret, REDACTED)
  return clean.replaceAll(MAIL, REDACTED)
}

/** In plain text, in JSON, in an address, in base64, and without the word that every store's secret begins with. */
const spellings = (secret: string): string[] =>
  [secret, secret.replace(SECRET_PREFIX, '')].flatMap((each) => (each === '' ? [] : [each, JSON.stringify(each).slice(1, -1), encodeURIComponent(each), Buffer.from(each).toString('base64')]))

/**
 * The configuration without its comments (people write passwords there) and anchors. What the schema marks as secret is taken out, and what
 * it does not know, since that may be anything; the name of a file with a secret is none.
 */
export function redactYaml(text: string, secrets: readonly string[]): string {
  const read = readYaml(text, '')
  if (!read.ok) return '# not shown: it is no YAML, so its secrets cannot be found\n'
  const clean = mapLeaves(Configuration, read.value.value, (value, meaning) => {
    if (meaning === 'secret' || meaning === 'unknown') return REDACTED
    return typeof value === 'string' ? redactText(value, secrets) : value
  })
  return redactText(stringify(clean, { lineWidth: 0 }), secrets)
}

const LOG_LINES_MAX = 2000
/** Fields that the connector's own log lines have; whatever else stands in a line is left out. */
const LOG_FIELDS = new Set([
  'time', 'level', 'event', 'fault', 'why', 'hint', 'at', 'waitMs', 'ms', 'attempt', 'assignmentId', 'outcome', 'status', 'problem', 'call', 'seq', 'code', 'epoch', 'how', 'count', 'events', 'compared', 'total',
  'ackedSeq', 'lastSeq', 'sentSeq', 'expectedSeq', 'held', 'driftSkus', 'driftUnits', 'causes', 'key', 'part', 'exitCode', 'signal', 'storeId', 'connectorId', 'pos', 'version', 'method', 'state', 'reasons', 'skus',
  'reason', 'sign', 'paths', 'path', 'tap', 'host', 'port', 'url', 'holder', 'refused', 'more', 'requestId', 'type', 'bytes', 'id', 'since', 'zeroed', 'removed', 'repriced', 'drifted',
  // What became of a file: counts, and where it lies.
  ...Object.keys(FileReport.shape),
])

/** The last lines of a log, only such as the connector writes, and only the fields it writes. */
export function redactLog(text: string, secrets: readonly string[]): string {
  return text.split('\n').filter((line) => line.startsWith('{')).slice(-LOG_LINES_MAX).flatMap((line) => {
    try {
      const parsed: unknown = JSON.parse(line)
      if (typeof parsed !== 'object' || parsed === null || !('event' in parsed)) return []
      const kept = Object.fromEntries([...LOG_FIELDS].flatMap((field) => (field in parsed ? [[field, Reflect.get(parsed, field)]] : [])))
      return [redactText(JSON.stringify(kept), secrets)]
    } catch {
      return []
    }
  }).join('\n')
}

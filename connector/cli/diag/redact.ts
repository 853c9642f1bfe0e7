import { isMap, isScalar, isSeq, parseDocument, visit } from 'yaml'

/** Keys whose value is secret or may hold one, whatever group they stand in. The name of a file with a secret is none. */
const SECRET_KEY = /(secret|password|passwd|token|pin|dsn|connectionstring|credential|apikey|key)$/i
const NOT_SECRET = /(file|everyms|keys?column)$/i
/** An address with a user and a password in it. */
const URL_LOGIN = /\b([a-z][a-z0-9+.-]*:\/\/)[^\s/"']*@/gi
/** The edge's secrets wherever they stand, and pairing codes. */
const SECRET_TEXT = /tbsec_[A-Za-z0-9+/=_-]+/g
const MAIL = /[^\s"'<>@,;:]+@[^\s"'<>@,;:]+\.[^\s"'<>@,;:]+/g

export const REDACTED = '(removed)'

/** Takes out of any text what looks like a secret or a customer's address, and the given secrets word by word. */
export function redactText(text: string, secrets: readonly string[] = []): string {
  let clean = text.replaceAll(URL_LOGIN, `$1${REDACTED}@`).replaceAll(SECRET_TEXT, REDACTED)
  for (const secret of secrets) if (secret !== '') clean = clean.replaceAll(secret, REDACTED)
  return clean.replaceAll(MAIL, REDACTED)
}

/** The configuration as it stands in its file, comments dropped (people write passwords there) and secret values removed. */
export function redactYaml(text: string, secrets: readonly string[]): string {
  const document = parseDocument(text, { prettyErrors: false })
  if (document.errors.length > 0) return '# not shown: it is no YAML, so its secrets cannot be found\n'
  document.commentBefore = null
  document.comment = null
  visit(document, {
    Node(_, node) {
      node.comment = null
      node.commentBefore = null
    },
    Pair(_, pair) {
      if (isScalar(pair.key)) {
        pair.key.commentBefore = null
        pair.key.comment = null
      }
      const key = isScalar(pair.key) ? String(pair.key.value) : ''
      if (!SECRET_KEY.test(key) || NOT_SECRET.test(key)) return undefined
      if (isMap(pair.value) || isSeq(pair.value) || isScalar(pair.value)) pair.value = document.createNode(REDACTED)
      return visit.SKIP
    },
  })
  return redactText(document.toString(), secrets)
}

const LOG_LINES_MAX = 2000
/** Fields that the connector's own log lines have; whatever else stands in a line is left out. */
const LOG_FIELDS = [
  'time', 'level', 'event', 'fault', 'hint', 'waitMs', 'ms', 'attempt', 'assignmentId', 'outcome', 'status', 'problem', 'call', 'seq', 'code', 'epoch', 'how', 'count', 'events', 'compared', 'total',
  'ackedSeq', 'lastSeq', 'sentSeq', 'expectedSeq', 'held', 'driftSkus', 'driftUnits', 'causes', 'key', 'part', 'exitCode', 'signal', 'storeId', 'connectorId', 'pos', 'version', 'method', 'state', 'reasons', 'skus',
] as const

/** The last lines of a log, only such as the connector writes, and only the fields it writes. */
export function redactLog(text: string, secrets: readonly string[]): string {
  return text.split('\n').filter((line) => line.startsWith('{')).slice(-LOG_LINES_MAX).flatMap((line) => {
    try {
      const parsed: unknown = JSON.parse(line)
      if (typeof parsed !== 'object' || parsed === null || !('event' in parsed)) return []
      const kept = Object.fromEntries(LOG_FIELDS.flatMap((field) => (field in parsed ? [[field, Reflect.get(parsed, field)]] : [])))
      return [redactText(JSON.stringify(kept), secrets)]
    } catch {
      return []
    }
  }).join('\n')
}

/** What kind of trouble a database made; decides what is tried again and what a person is told. */
export type FaultKind =
  | 'unreachable' | 'lost' | 'login' | 'no-database' | 'no-table' | 'no-column' | 'no-grant' | 'no-trigger-grant' | 'read-only'
  | 'timeout' | 'conflict' | 'duplicate' | 'constraint' | 'data' | 'syntax' | 'full' | 'not-a-database' | 'too-many' | 'other'

/**
 * A fault: it is tried again, but for `data`: a value that its column does not take will not fit the next time either, and an order with such a one is refused.
 * Neither parameters nor passwords stand in it: what the driver said is in `cause`, which is never logged.
 */
export class DatabaseFault extends Error {
  override name = 'DatabaseFault'
  readonly kind: FaultKind
  readonly code: string
  readonly hint: string
  constructor(kind: FaultKind, code: string, message: string, hint: string, cause?: unknown) {
    super(`${message}. ${hint}`, { cause })
    this.kind = kind
    this.code = code
    this.hint = hint
  }
}

/** The session may hold half an answer, or nobody is at the other end: it is not used again. */
export const endsSession = ({ kind }: DatabaseFault): boolean => kind === 'unreachable' || kind === 'lost' || kind === 'timeout'

const KIND_OF: Record<string, FaultKind> = {
  // Sockets.
  ECONNREFUSED: 'unreachable', ENOTFOUND: 'unreachable', EAI_AGAIN: 'unreachable', ETIMEDOUT: 'unreachable', EHOSTUNREACH: 'unreachable', ENETUNREACH: 'unreachable',
  ECONNRESET: 'lost', EPIPE: 'lost', PROTOCOL_CONNECTION_LOST: 'lost', PROTOCOL_SEQUENCE_TIMEOUT: 'timeout', PROTOCOL_ENQUEUE_AFTER_FATAL_ERROR: 'lost',
  PROTOCOL_PACKETS_OUT_OF_ORDER: 'lost', ERR_STREAM_DESTROYED: 'lost', ERR_STREAM_WRITE_AFTER_END: 'lost', HANDSHAKE_SSL_ERROR: 'unreachable', HANDSHAKE_NO_SSL_SUPPORT: 'unreachable',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'unreachable', SELF_SIGNED_CERT_IN_CHAIN: 'unreachable', UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'unreachable', ERR_TLS_CERT_ALTNAME_INVALID: 'unreachable',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'unreachable', UNABLE_TO_GET_ISSUER_CERT: 'unreachable', CERT_HAS_EXPIRED: 'unreachable', CERT_NOT_YET_VALID: 'unreachable',
  // MySQL and MariaDB, by number.
  1040: 'too-many', 1203: 'too-many', 1226: 'too-many', 1045: 'login', 1698: 'login', 1130: 'login', 1044: 'no-database', 1049: 'no-database', 1046: 'no-database', 1146: 'no-table', 1054: 'no-column',
  1142: 'no-grant', 1143: 'no-grant', 1227: 'no-grant', 1370: 'no-grant', 1419: 'no-trigger-grant', 1290: 'read-only', 1792: 'read-only', 1836: 'read-only',
  1205: 'timeout', 1969: 'timeout', 3024: 'timeout', 1213: 'conflict', 1020: 'conflict', 1062: 'duplicate', 1451: 'constraint', 1452: 'constraint', 1048: 'constraint', 1364: 'constraint',
  4025: 'constraint', 3819: 'constraint', 1406: 'data', 1264: 'data', 1265: 'data', 1292: 'data', 1366: 'data', 1064: 'syntax', 1021: 'full', 1114: 'full', 1053: 'lost', 1927: 'lost', 1317: 'timeout',
  // PostgreSQL, by SQLSTATE.
  '28P01': 'login', '28000': 'login', '3D000': 'no-database', '42P01': 'no-table', '42703': 'no-column', '42501': 'no-grant', '25006': 'read-only', '57014': 'timeout', '55P03': 'timeout',
  '25P03': 'timeout', '40P01': 'conflict', '40001': 'conflict', '23505': 'duplicate', '23503': 'constraint', '23502': 'constraint', '23514': 'constraint', '22001': 'data',
  '22003': 'data', '22007': 'data', '22008': 'data', '22021': 'data', '22P02': 'data', '22P05': 'data', '42601': 'syntax', '42883': 'syntax', '53100': 'full', '53300': 'too-many', '57P01': 'lost', '57P02': 'lost', '57P03': 'unreachable', '08006': 'lost', '08003': 'lost', '08001': 'unreachable',
  // SQLite, by result code.
  SQLITE_5: 'timeout', SQLITE_6: 'timeout', SQLITE_8: 'read-only', SQLITE_10: 'lost', SQLITE_11: 'not-a-database', SQLITE_13: 'full', SQLITE_14: 'unreachable', SQLITE_19: 'constraint',
  SQLITE_23: 'no-grant', SQLITE_26: 'not-a-database', SQLITE_1555: 'duplicate', SQLITE_2067: 'duplicate',
}

/** In SQLite's words, which carry no values, only names. */
const WORDS: readonly [RegExp, FaultKind][] = [
  [/no such table/i, 'no-table'], [/no such column|has no column named/i, 'no-column'], [/syntax error/i, 'syntax'],
  [/connection terminated|connection ended|closed the connection|closed state|connection error/i, 'lost'], [/timeout expired|connect timeout|query read timeout/i, 'timeout'], [/does not support SSL/i, 'unreachable'],
]

/** Whom the words are about: `shop on 127.0.0.1:3306`, as user `till`. */
export type Whereabouts = { place: string; user: string | null; dialect: 'mysql' | 'postgres' | 'sqlite' }

export function toDatabaseFault(error: unknown, at: Whereabouts): DatabaseFault {
  if (error instanceof DatabaseFault) return error
  const text = error instanceof Error ? error.message : ''
  const code = codeOf(error, at.dialect)
  const byWords = WORDS.find(([pattern]) => pattern.test(text))?.[1]
  const primary = code.startsWith('SQLITE_') ? KIND_OF[`SQLITE_${Number(code.slice(7)) & 0xff}`] : undefined
  const kind = KIND_OF[code] ?? byWords ?? primary ?? 'other'
  const { message, hint } = wordsFor(kind, at, nameIn(text), code)
  return new DatabaseFault(kind, code, message, hint, error)
}

function codeOf(error: unknown, dialect: Whereabouts['dialect']): string {
  if (typeof error !== 'object' || error === null) return 'unknown'
  const field = (name: string): unknown => Reflect.get(error, name)
  const errcode = field('errcode')
  if (dialect === 'sqlite' && typeof errcode === 'number') return `SQLITE_${errcode}`
  const code = field('code')
  const errno = field('errno')
  // Sockets have negative numbers, MySQL's own errors positive ones.
  if (dialect === 'mysql' && typeof errno === 'number' && errno > 0) return String(errno)
  return typeof code === 'string' ? code : 'unknown'
}

/** The table or column a message names. Messages about those carry no values; of one that does (MySQL's about data) only the end is looked at, where it names the column. */
function nameIn(text: string): string {
  const [, right, of] = /^([A-Z][A-Z, ]*) command denied to user .* for (?:table|column) ([`\w.$' ]+)$/.exec(text) ?? []
  if (right !== undefined && of !== undefined) return ` (${right} on ${of.replaceAll(/[`']/g, '')})`
  const ofData = /for column [`']?([\w.$`]+?)[`']? at row \d+$/.exec(text)?.[1] ?? /^value too long for type (character(?: varying)?\(\d+\))$/.exec(text)?.[1]
  if (ofData !== undefined) return ` (${ofData.replaceAll('`', '')})`
  if (/^(?:Incorrect|Data truncated)/.test(text)) return ''
  const found = /has no column named ([\w.$]+)/i.exec(text) ?? /(?:Table|relation|Unknown column|column|for (?:table|sequence|schema)|no such (?:table|column):?) ["'`]?([\w.$]+)["'`]?/i.exec(text)
  return found?.[1] ? ` (${found[1]})` : ''
}

function wordsFor(kind: FaultKind, { place, user, dialect }: Whereabouts, name: string, code: string): { message: string; hint: string } {
  const as = user === null ? 'this program' : `the user ${user}`
  switch (kind) {
    case 'unreachable': return dialect === 'sqlite'
      ? { message: `The database ${place} cannot be opened (${code})`, hint: 'Check pos.connection.file, and that the connector\'s user may read and write the file and its folder' }
      : { message: `The database ${place} cannot be reached (${code})`, hint: 'Check that the server runs and that pos.connection has its host, port and ssl; with ssl: required, name the certificate authority in caFile' }
    case 'lost': return { message: `The connection to the database ${place} broke (${code})`, hint: 'It is made anew by itself. If it lasts, look at the server and the network' }
    case 'login': return { message: `The database ${place} does not let ${as} in (${code})`, hint: 'Check user and password (pos.connection), and from which machines this user may connect' }
    case 'no-database': return { message: `There is no database ${place}, or ${as} may not use it (${code})`, hint: 'Check pos.connection.database, and the grants of this user' }
    case 'no-table': return { message: `The database ${place} has no such table${name}`, hint: 'Check that it is the right database and the POS version that this configuration was made for' }
    case 'no-column': return { message: `A table of the database ${place} has no such column${name}`, hint: 'Check the queries of the configuration against the tables of this POS version' }
    case 'no-grant': return { message: `In the database ${place}, ${as} may not do this${name} (${code})`, hint: 'tillbridge-connector doctor names every right that is missing. Ask the database\'s administrator for them: SELECT on the tables that are read, and for web orders what the statements of orders write; the presets have a GRANT script ("tillbridge-connector docs" lists them)' }
    case 'no-trigger-grant': return {
      message: `The database ${place} keeps a binary log, and ${as} may not make triggers there (1419)`,
      hint: 'Ask the administrator for SET GLOBAL log_bin_trust_function_creators = 1, or let somebody with SUPER install the triggers. The connector works without them',
    }
    case 'read-only': return { message: `The database ${place} may not be written (${code})`, hint: 'It may be a replica, or a file without write permission: name the database that the till itself writes' }
    case 'timeout': return { message: `The database ${place} did not answer in time (${code})`, hint: 'It is tried again. If it lasts, look for a long transaction or backup that keeps rows locked' }
    case 'conflict': return { message: `Two transactions of the database ${place} wanted the same rows (${code})`, hint: 'It is tried again' }
    case 'duplicate': return { message: `The database ${place} has such a row already (${code})`, hint: 'It is looked up again. If it lasts, another program gives the same numbers' }
    case 'constraint': return { message: `The database ${place} does not take such a row${name} (${code})`, hint: 'The POS\'s tables ask for something that the configuration does not give: a key of another table, a value, or a shorter text' }
    case 'data': return {
      message: `A column of the database ${place} does not hold a value${name} (${code})`,
      hint: 'The value is too long or too large for it, or has signs that its character set lacks. In statements of your own cut it, as in LEFT(:customerName, 50), or widen the column',
    }
    case 'syntax': return { message: `The database ${place} does not understand a statement (${code})`, hint: 'Check the statements of the configuration in the database\'s own client' }
    case 'full': return { message: `The disk of the database ${place} is full (${code})`, hint: 'Make room there' }
    case 'not-a-database': return { message: `${place} is damaged or not a database (${code})`, hint: 'Check pos.connection.file; a damaged file is a case for the POS\'s backup' }
    case 'too-many': return { message: `The database ${place} has no room for another connection (${code})`, hint: 'The connector needs two. Raise the limit, or look for a program that leaves connections open' }
    case 'other': return { message: `The database ${place} reported an error (${code})`, hint: 'It is tried again. The database\'s own log says more' }
  }
}

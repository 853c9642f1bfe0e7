import { hashSync } from '../journal/digest-sync.ts'
import type { PosConfig } from './pos-config.ts'

/** One more when this program reads the same rows as something else than before. */
const READING = 1
/** Who is let in, and how patient: nothing that a row is read with. Secrets are in no hash on a disk. */
const NO_READING: ReadonlySet<string> = new Set(['host', 'port', 'user', 'password', 'passwordFile', 'ssl', 'caFile', 'connectTimeoutMs', 'statementTimeoutMs', 'lockTimeoutMs'])

/** A hash of all in the configuration that may decide what a row of the POS is read as. Rather too much in it than too little: a needless look at all goods only takes a while. */
export function readingOf(config: PosConfig, variants?: string): string {
  const { connection, scan: _pace, ...rest } = { connection: {}, scan: null, ...config }
  return hashSync({ reading: READING, ...(variants === undefined ? {} : { variants }), ...rest, connection: Object.fromEntries(Object.entries(connection).filter(([key]) => !NO_READING.has(key))) })
}

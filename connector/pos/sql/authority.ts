import { readFileSync } from 'node:fs'
import { DatabaseFault, type Whereabouts } from './database-fault.ts'

/** For `ssl: required`: which certificates are trusted. A company's own authority is read anew with each session. */
export function trusted({ caFile }: { caFile?: string | undefined }, { place }: Whereabouts): { rejectUnauthorized: true; ca?: string } {
  if (caFile === undefined) return { rejectUnauthorized: true }
  try {
    return { rejectUnauthorized: true, ca: readFileSync(caFile, 'utf8') }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
    throw new DatabaseFault('unreachable', code, `The certificate authority ${caFile} for the database ${place} cannot be read (${code})`, 'Check pos.connection.caFile, and that the connector\'s user may read it', error)
  }
}

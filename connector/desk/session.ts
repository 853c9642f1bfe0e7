import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Clock } from '../../contract/clock.ts'
import type { Meta } from '../journal/meta.ts'

/** A tablet stays in over nights and a connector's restart, and asks again every month. */
export const SESSION_MS = 30 * 24 * 3_600_000
const KEY_BYTES = 32

/** Signed and dated, so nothing needs to be remembered. The key is of the journal and the PIN: a changed PIN sends everybody out. */
export type Sessions = { issue(): string; isValid(cookie: string): boolean }

export function createSessions(meta: Pick<Meta, 'get' | 'set'>, pin: string, clock: Clock): Sessions {
  const known = meta.get('deskKey')
  const kept = known ?? randomBytes(KEY_BYTES).toString('base64url')
  if (known === null) meta.set('deskKey', kept)
  const key = createHmac('sha256', Buffer.from(kept, 'base64url')).update(pin).digest()
  const sign = (until: string): Buffer => createHmac('sha256', key).update(`desk session until ${until}`).digest()
  return {
    issue() {
      const until = String(clock() + SESSION_MS)
      return `${until}.${sign(until).toString('base64url')}`
    },
    isValid(cookie) {
      const [, until, signature] = /^(\d{1,16})\.([\w-]{43})$/.exec(cookie) ?? []
      if (until === undefined || signature === undefined) return false
      return timingSafeEqual(sign(until), Buffer.from(signature, 'base64url')) && Number(until) > clock()
    },
  }
}

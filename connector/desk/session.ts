import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Clock } from '../../contract/clock.ts'
import type { Meta } from '../journal/meta.ts'

const DAY_MS = 24 * 3_600_000
/** A tablet stays in over nights and a connector's restart, and asks again every month. */
export const SESSION_MS = 30 * DAY_MS
/** So long its cookie still says that it was in, and others' wrong tries do not hinder it. */
export const KNOWN_MS = 365 * DAY_MS
const KEY_BYTES = 32

/** Signed and dated, so nothing needs to be remembered. The key is of the journal and the PIN: a changed PIN sends everybody out. */
export type Sessions = {
  issue(): string
  isValid(cookie: string): boolean
  /** What a device keeps when it is locked: it is out, and known. */
  issueEnded(): string
  /** By what a device is known that was in during the last year; null for a stranger. */
  knownAs(cookie: string): string | null
}

export function createSessions(meta: Pick<Meta, 'get' | 'set'>, pin: string, clock: Clock): Sessions {
  const known = meta.get('deskKey')
  const kept = known ?? randomBytes(KEY_BYTES).toString('base64url')
  if (known === null) meta.set('deskKey', kept)
  const key = createHmac('sha256', Buffer.from(kept, 'base64url')).update(pin).digest()
  const sign = (until: string, device: string): Buffer => createHmac('sha256', key).update(`desk session of ${device} until ${until}`).digest()
  const cookie = (untilMs: number): string => {
    const until = String(untilMs)
    const device = randomBytes(DEVICE_BYTES).toString('base64url')
    return `${until}.${device}.${sign(until, device).toString('base64url')}`
  }
  const read = (text: string): { until: number; device: string } | null => {
    const [, until, device, signature] = /^(\d{1,16})\.([\w-]{12})\.([\w-]{43})$/.exec(text) ?? []
    if (until === undefined || device === undefined || signature === undefined) return null
    return timingSafeEqual(sign(until, device), Buffer.from(signature, 'base64url')) ? { until: Number(until), device } : null
  }
  return {
    issue: () => cookie(clock() + SESSION_MS),
    issueEnded: () => cookie(clock()),
    isValid: (text) => (read(text)?.until ?? 0) > clock(),
    knownAs(text) {
      const session = read(text)
      return session !== null && session.until > clock() - KNOWN_MS ? session.device : null
    },
  }
}

/** Two of them are never alike. */
const DEVICE_BYTES = 9

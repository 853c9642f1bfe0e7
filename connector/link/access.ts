import { errors, jwtVerify, type JWTPayload, type JWTVerifyGetKey } from 'jose'
import type { Logger } from 'pino'
import type { Clock } from '../../contract/clock.ts'
import { faultFields } from '../fault.ts'
import { warnSeldom } from '../seldom.ts'
import { certsUrlOf, issuerOf, type AccessConfig } from './access-config.ts'
import { AccessKeysUnavailable, createAccessKeys } from './access-keys.ts'
import { createStretch } from './stretch.ts'

/** The header in which Cloudflare's network says who it let through. The cookie of the same is for browsers and not read. */
export const ACCESS_HEADER = 'cf-access-jwt-assertion'

/** `refused`: not let through. `cannot-tell`: the keys are out of reach, which is no caller's fault. */
export type AccessVerdict = 'let-in' | 'refused' | 'cannot-tell'
export type Access = (headers: Headers) => Promise<AccessVerdict>

/** Two honest clocks differ by less, and Access signs for a minute at the least. */
const TOLERANCE_S = 60
/** A service token's assertion is 1 kB. */
const TOKEN_LENGTH_MAX = 8_000

export type AccessOptions = {
  /** Edge time: a shop's clock may be off by hours. */
  now: Clock
  monotonic: () => number
  log: Logger
}

/**
 * Whether Cloudflare Access let a call through, known here and not believed: anybody who reaches this port can write a header.
 * Says to the caller nothing of the reason; the log says which, and never the token.
 */
export function createAccess(config: AccessConfig, { now, monotonic, log }: AccessOptions): Access {
  const url = certsUrlOf(config)
  const keys = createAccessKeys({
    url, monotonic,
    onFault: (error) => log.warn({ event: 'access.keys-unreachable', url, hint: 'calls are checked with the keys known so far, for a day: look at the line and at server.access.team', ...faultFields(error) }),
  })
  const withoutKeys = createStretch(monotonic, {
    goesOn: (refused) => log.error({ event: 'access.no-keys', url, refused, hint: 'deliveries are refused until the keys of Access can be had; orders are fetched meanwhile' }),
    ended: (refused) => log.info({ event: 'access.keys-again', refused }),
  })
  const keyOf: JWTVerifyGetKey = async (...token) => {
    try {
      const key = await keys(...token)
      withoutKeys.over()
      return key
    } catch (error) {
      if (error instanceof AccessKeysUnavailable) withoutKeys.met()
      else withoutKeys.over()
      throw error
    }
  }
  const warn = warnSeldom(log, monotonic)
  const clientIds = config.clientId === undefined ? null : new Set([config.clientId].flat())

  const refuse = (reason: string): AccessVerdict => {
    warn({ event: 'access.refused', reason, hint: 'a call came past Access, or with another token: if none of the edge\'s comes through, compare server.access with the Access application ("tillbridge-connector docs secure-link")' })
    return 'refused'
  }
  return async (headers) => {
    const token = headers.get(ACCESS_HEADER)
    if (token === null || token === '') return refuse('no assertion')
    if (token.length > TOKEN_LENGTH_MAX) return refuse('an assertion that is too long')
    try {
      const { payload } = await jwtVerify(token, keyOf, {
        algorithms: ['RS256'], issuer: issuerOf(config), audience: [config.audience].flat(), clockTolerance: TOLERANCE_S,
        requiredClaims: ['exp', 'iat'], currentDate: new Date(now()),
      })
      if (clientIds && !clientIds.has(commonNameOf(payload))) return refuse('another service token')
      return 'let-in'
    } catch (error) {
      if (error instanceof AccessKeysUnavailable) return 'cannot-tell'
      return refuse(reasonOf(error))
    }
  }
}

/** The Client ID of the service token that was let through. */
const commonNameOf = (payload: JWTPayload): string => (typeof payload['common_name'] === 'string' ? payload['common_name'] : '')

/** The library's own word and the claim it is about: what the token says is not repeated. */
function reasonOf(error: unknown): string {
  if (error instanceof errors.JWTClaimValidationFailed || error instanceof errors.JWTExpired) return `${error.code} ${error.claim}`
  return error instanceof errors.JOSEError ? error.code : 'an assertion that cannot be read'
}

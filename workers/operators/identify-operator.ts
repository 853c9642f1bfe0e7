import { errors, jwtVerify } from 'jose'
import type { JWTPayload } from 'jose'
import { systemClock } from '../../contract/clock.ts'
import type { Clock } from '../../contract/clock.ts'
import { faultName, log } from '../log.ts'
import { AccessKeysUnavailable, createAccessKeys } from './access-keys.ts'
import type { Identified, Operators } from './port.ts'

/** In which Cloudflare's network says who it let through. The cookie of the same is not read: a page of another site could send it along. */
const ACCESS_HEADER = 'Cf-Access-Jwt-Assertion'
/** Two honest clocks differ by less. */
const TOLERANCE_S = 60
/** A person's assertion with its groups is some kilobytes. */
const TOKEN_LENGTH_MAX = 16_000

export type OperatorSettings = {
  /** Empty: there is no Access here. */
  teamDomain: string
  audience: string
  /** `null`: no token opens the operator API, which is so everywhere but in development. */
  developmentToken: string | null
}

const encoder = new TextEncoder()
/** By team, for as long as the isolate lives. */
const keysOfTeams = new Map<string, ReturnType<typeof createAccessKeys>>()

/**
 * Who an operator is: whom Cloudflare Access let through, known here and not believed, for anybody can write a header. In development a token besides.
 * Nothing of the reason is told to the caller; the log has it, and never the token.
 */
export function createOperators(settings: OperatorSettings, { clock = systemClock, ask = (url, init) => fetch(url, init) }: { clock?: Clock; ask?: Parameters<typeof createAccessKeys>[0]['ask'] } = {}): Operators {
  const { teamDomain, audience, developmentToken } = settings
  return {
    async identify(headers) {
      const assertion = headers.get(ACCESS_HEADER)
      if (assertion !== null && teamDomain !== '') return fromAccess(assertion)
      return developmentToken !== null && (await isSame(bearerOf(headers) ?? '', developmentToken)) ? { ok: true, actor: 'admin-token' } : { ok: false, why: 'refused' }
    },
  }

  async function fromAccess(assertion: string): Promise<Identified> {
    if (assertion.length > TOKEN_LENGTH_MAX) return refuse('an assertion that is too long')
    try {
      const { payload } = await jwtVerify(assertion, keys(), {
        algorithms: ['RS256'], issuer: `https://${teamDomain}`, audience, clockTolerance: TOLERANCE_S, requiredClaims: ['exp', 'iat'], currentDate: new Date(clock()),
      })
      const actor = actorOf(payload)
      return actor === null ? refuse('an assertion of nobody') : { ok: true, actor }
    } catch (error) {
      return error instanceof AccessKeysUnavailable ? { ok: false, why: 'cannot-tell' } : refuse(reasonOf(error))
    }
  }

  function keys(): ReturnType<typeof createAccessKeys> {
    const url = `https://${teamDomain}/cdn-cgi/access/certs`
    const known = keysOfTeams.get(url)
    if (known) return known
    const made = createAccessKeys({ url, clock, ask, onFault: (error) => log('operator.keys_unreachable', { error: faultName(error) }) })
    keysOfTeams.set(url, made)
    return made
  }
}

function refuse(reason: string): Identified {
  log('operator.refused', { reason })
  return { ok: false, why: 'refused' }
}

/** A person by address, a service token by its client id; both are what the operator sees in the audit log. */
function actorOf(payload: JWTPayload): string | null {
  for (const claim of [payload['email'], payload['common_name']]) if (typeof claim === 'string' && claim !== '') return claim
  return null
}

/** The library's own word and the claim it is about: what the token says is not repeated. */
function reasonOf(error: unknown): string {
  if (error instanceof errors.JWTClaimValidationFailed || error instanceof errors.JWTExpired) return `${error.code} ${error.claim}`
  return error instanceof errors.JOSEError ? error.code : 'an assertion that cannot be read'
}

const bearerOf = (headers: Headers): string | null => /^Bearer ([\x21-\x7e]{1,256})$/.exec(headers.get('Authorization') ?? '')?.[1] ?? null

/** Both sides are hashed, so the comparison tells neither length nor place. */
async function isSame(given: string, wanted: string): Promise<boolean> {
  const [a, b] = await Promise.all([given, wanted].map((text) => crypto.subtle.digest('SHA-256', encoder.encode(text))))
  return a !== undefined && b !== undefined && given !== '' && crypto.subtle.timingSafeEqual(a, b)
}

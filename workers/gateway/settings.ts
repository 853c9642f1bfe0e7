import { FIRST_CONNECTOR_VERSION, isVersion } from '../../contract/connector-version.ts'

/** What an installation is told by `wrangler.toml` and its secrets. */
export type Settings = { ENVIRONMENT?: string; INVENTORY_SHARDS?: string; CONNECTOR_VERSION_MIN?: string; ACCESS_TEAM_DOMAIN?: string; ACCESS_AUD?: string; ADMIN_TOKEN?: string; MASTER_KEY?: string; MASTER_KEY_PREVIOUS?: string; RETENTION_DAYS?: string }

const ENVIRONMENTS = ['development', 'staging', 'production']
/** Of this repository: whoever reads it can open what they lock. */
const PUBLISHED_TOKENS: ReadonlySet<string> = new Set(['dev-admin-token', 'test-admin-token'])
const PUBLISHED_KEY_WORDS = /tillbridge/i
const KEY_BYTES_MIN = 32
/** Thirty-two random bytes have some thirty values; a word typed twice, or zeros, have few. */
const KEY_VALUES_MIN = 16

/**
 * What keeps this installation from serving, a sentence each; none when it may. Names what is wrong and never shows a value. A development default
 * outside of development is one: the page that everybody can read would open it.
 */
export function settingFaults(settings: Settings): string[] {
  const { ENVIRONMENT = '', INVENTORY_SHARDS = '', CONNECTOR_VERSION_MIN = FIRST_CONNECTOR_VERSION, ACCESS_TEAM_DOMAIN = '', ACCESS_AUD = '', ADMIN_TOKEN = '', MASTER_KEY = '', MASTER_KEY_PREVIOUS = '', RETENTION_DAYS } = settings
  const faults: string[] = []
  if (!ENVIRONMENTS.includes(ENVIRONMENT)) faults.push(`ENVIRONMENT is none of ${ENVIRONMENTS.join(', ')}`)
  if (!/^[1-9]\d{0,3}$/.test(INVENTORY_SHARDS)) faults.push('INVENTORY_SHARDS is not the whole number that it was at install')
  if (!isVersion(CONNECTOR_VERSION_MIN)) faults.push('CONNECTOR_VERSION_MIN is no version, such as "0.1.0"')
  if (retentionDays(RETENTION_DAYS) === null) faults.push('RETENTION_DAYS is not a whole number of days up to 9999, or 0 to keep customers for good')
  const key = bytesOf(MASTER_KEY)
  if (!key || key.length < KEY_BYTES_MIN) faults.push('MASTER_KEY is not base64 of 32 random bytes')
  if (MASTER_KEY_PREVIOUS !== '' && (bytesOf(MASTER_KEY_PREVIOUS)?.length ?? 0) < KEY_BYTES_MIN) faults.push('MASTER_KEY_PREVIOUS is set and is not base64 of 32 bytes: it is the MASTER_KEY of before, or deleted')
  if (ENVIRONMENT === 'development') {
    if (ADMIN_TOKEN === '' && ACCESS_TEAM_DOMAIN === '') faults.push('ADMIN_TOKEN is not set, so nobody could open the operator API')
    return faults
  }
  if (key && key.length >= KEY_BYTES_MIN && (new Set(key).size < KEY_VALUES_MIN || PUBLISHED_KEY_WORDS.test(atob(MASTER_KEY)))) faults.push('MASTER_KEY is not random: make one with "openssl rand -base64 32"')
  if (PUBLISHED_TOKENS.has(ADMIN_TOKEN)) faults.push('ADMIN_TOKEN is a development default: delete the secret, Access opens the operator API')
  if (!/^[a-z0-9-]+(\.[a-z0-9-]+)+$/i.test(ACCESS_TEAM_DOMAIN)) faults.push('ACCESS_TEAM_DOMAIN is not your team\'s domain, such as "example.cloudflareaccess.com"')
  if (!/^[0-9a-f]{64}$/i.test(ACCESS_AUD)) faults.push('ACCESS_AUD is not the audience tag of the Access application in front of /admin')
  return faults
}

/** A year, and a month for what is returned late: books and taxes are the tills'. */
const RETENTION_DAYS_DEFAULT = 400

/** For how long an order that is over keeps its customer, in days; 0: for good. `null`: it is no number. */
export function retentionDays(text: string | undefined): number | null {
  if (text === undefined) return RETENTION_DAYS_DEFAULT
  return /^\d{1,4}$/.test(text) ? Number(text) : null
}

function bytesOf(base64: string): Uint8Array | null {
  try {
    return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))
  } catch {
    return null
  }
}

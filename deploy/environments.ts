import type { Unstable_Config } from 'wrangler'
import type { Environment } from './read-config.ts'

/** Of the file itself, of this machine's own server, or of one account: these may be otherwise in an environment. */
const MAY_DIFFER: ReadonlySet<string> = new Set([
  'configPath', 'userConfigPath', 'topLevelName', 'definedEnvironments', 'targetEnvironment', 'name', 'dev',
  'account_id', 'route', 'routes', 'workers_dev', 'placement', 'limits', 'logpush',
])
/** Names and ids of what belongs to one environment alone; and what wrangler reckons from the folder in which it runs, for an environment once more. */
const OWN: ReadonlySet<string> = new Set(['database_name', 'database_id', 'id', 'namespace_id', 'dataset', 'watch_dir'])
const QUEUE_NAMES: ReadonlySet<string> = new Set(['queue', 'dead_letter_queue'])
/** Opens the operator API on this machine, and nothing in an account (docs/operator.md). */
const DEVELOPMENT_ONLY: ReadonlySet<string> = new Set(['ADMIN_TOKEN'])

/** Every name in an account of this environment begins so. */
export const prefixOf = (environment: Environment): string => `tillbridge-${environment}-`

/**
 * Where an environment is not what the top level is, a sentence each. Wrangler inherits no vars, bindings or secrets: one that is added at the top level
 * and forgotten here would be missing only once it is deployed.
 */
export function environmentFaults(top: Unstable_Config, own: Unstable_Config, environment: Environment): string[] {
  const faults: string[] = []
  const say = (what: string): void => void faults.push(`wrangler.toml: [env.${environment}] ${what}`)
  if (own.vars['ENVIRONMENT'] !== environment) say(`says that it is ${JSON.stringify(own.vars['ENVIRONMENT'])} in vars.ENVIRONMENT`)
  if (own.name !== prefixOf(environment).slice(0, -1)) say(`names its Worker ${own.name}, and not ${prefixOf(environment).slice(0, -1)}`)
  for (const name of queuesOf(own)) if (!name.startsWith(prefixOf(environment))) say(`has the queue ${name}: its queues begin with ${prefixOf(environment)}, so that no environment takes another's messages`)
  const wanted = partsOf(top, '')
  const found = partsOf(own, prefixOf(environment))
  for (const [part, value] of wanted) {
    if (!found.has(part)) say(`lacks ${part}, which the top level has: repeat it there, because wrangler inherits it not`)
    else if (found.get(part) !== value) say(`has ${part} otherwise than the top level: ${found.get(part)} and not ${value}`)
  }
  for (const part of found.keys()) if (!wanted.has(part)) say(`has ${part}, which the top level has not: the tests run without it`)
  return faults
}

/** What two environments share and may not: each counts, stores and sends for itself. */
export function sharedFaults(one: Unstable_Config, other: Unstable_Config): string[] {
  const kinds: [string, (config: Unstable_Config) => string[]][] = [
    ['the name', (config) => [config.name ?? '']],
    ['a database', (config) => config.d1_databases.map(({ database_name: name }) => name ?? '')],
    ['a queue', queuesOf],
    ['a rate limit\'s namespace_id', (config) => config.ratelimits.map(({ namespace_id: id }) => id)],
    ['a dataset', (config) => config.analytics_engine_datasets.map(({ dataset }) => dataset ?? '')],
  ]
  return kinds.flatMap(([what, of]) => of(one).filter((name) => of(other).includes(name)).map((name) => `wrangler.toml: ${one.name} and ${other.name} share ${what} (${name})`))
}

/** A message that nobody could handle must come to somebody. */
export const deadLetterFaults = (config: Unstable_Config): string[] => config.queues.consumers?.flatMap(({ queue, dead_letter_queue: dead }, _, all) => {
  if (queue.endsWith('-dead')) return []
  if (dead !== `${queue}-dead`) return [`wrangler.toml: what ${queue} cannot handle goes to ${dead ?? 'nowhere'}, and not to ${queue}-dead`]
  return all.some((each) => each.queue === dead) ? [] : [`wrangler.toml: nobody reads ${dead}: after four days the platform deletes what is there`]
}) ?? []

/** Every queue that is sent to, read, or written to when all else failed. */
export const queuesOf = ({ queues }: Unstable_Config): string[] =>
  [...new Set([...(queues.producers ?? []).map(({ queue }) => queue), ...(queues.consumers ?? []).flatMap(({ queue, dead_letter_queue: dead }) => [queue, dead])])].filter((name) => name !== undefined)

/** The parts of a configuration by a name each ("queues.producers ORDERS", "vars LOG_SAMPLE"), with everything that is not an environment's own. */
function partsOf(config: Unstable_Config, prefix: string): Map<string, string> {
  const parts = new Map<string, string>()
  const put = (name: string, value: unknown): void => void parts.set(name, JSON.stringify(withoutOwn(value, prefix)))
  for (const [key, value] of Object.entries(config)) {
    if (MAY_DIFFER.has(key) || value === undefined) continue
    // Each may have another value; what it is called is the code's.
    if (key === 'vars') for (const name of Object.keys(config.vars)) parts.set(`vars ${name}`, 'a value')
    else if (key === 'secrets') for (const name of config.secrets?.required ?? []) { if (!DEVELOPMENT_ONLY.has(name)) parts.set(`secrets ${name}`, 'a value') }
    else if (Array.isArray(value)) for (const entry of value) put(`${key} ${nameOf(entry, prefix)}`, entry)
    else if (isObject(value) && Object.values(value).some((inner) => Array.isArray(inner) && inner.some(isObject))) {
      for (const [list, entries] of Object.entries(value)) if (Array.isArray(entries)) for (const entry of entries) put(`${key}.${list} ${nameOf(entry, prefix)}`, entry)
    } else put(key, value)
  }
  return parts
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value)

function nameOf(entry: unknown, prefix: string): string {
  if (!isObject(entry)) return JSON.stringify(entry)
  const { binding, name, tag, queue } = entry
  const known = [binding, name, tag].find((each) => typeof each === 'string') ?? (typeof queue === 'string' ? queue.replace(prefix, '') : undefined)
  return known === undefined ? JSON.stringify(withoutOwn(entry, prefix)) : String(known)
}

/** Sorted, so that the order in which things were written does not count. */
function withoutOwn(value: unknown, prefix: string): unknown {
  if (Array.isArray(value)) return value.map((each) => withoutOwn(each, prefix))
  if (!isObject(value)) return value
  const entries = Object.entries(value).filter(([key, inner]) => !OWN.has(key) && inner !== undefined).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(entries.map(([key, inner]) => [key, QUEUE_NAMES.has(key) && typeof inner === 'string' ? inner.replace(prefix, '') : withoutOwn(inner, prefix)]))
}

/** A source file, by its path from the root ("workers/orders/order.ts"). */
export type SourceFile = { path: string; text: string }

/** Past this a file wants to be two. Tests and suites are lists of facts, read from top to bottom, and may be longer. */
const CODE_LINES_MAX = 300
const TEST_LINES_MAX = 400

const DRAWERS = /(^|\/)(utils?|helpers?|shared|common|types)(\/|\.ts$)/
const CLOCK_READ = /\bDate\.now\(|\bnew Date\(\)/
const IMPORT = /^(?:import\b|export\s*(?:type\s*)?[{*])[^'"]*'([^']+)'|\bimport\('([^']+)'\)/gm

/** What may only be known at a capability's rim, where the platform begins. */
const PLATFORM = /^(cloudflare:|drizzle-orm|hono|itty-durable)/
/** The rim by file name: HTTP, queues, objects, persistence, adapters of ports (`durable-inventory.ts`, `url-transport.ts`). */
const RIM = /^(routes|consumer|db|kv|.+-(object|routes|consumer|db|kv|transport|inventory|breaker|queue)|durable-.+|d1-.+)\.tsx?$/
/** Folders that are rim altogether: HTTP, pages, tables. */
const RIM_FOLDERS = new Set(['gateway', 'storefront', 'console', 'db'])
/** The map, and the one place that turns `env` into ports. */
const TOP = /^workers\/(index|ports)\.ts$/

/** What the Worker must be told, as it checks it itself. */
const SETTINGS = 'workers/gateway/settings.ts'

const isTest = (path: string): boolean => /\.test\.tsx?$|-suite\.ts$|\/test-[a-z-]+\.ts$/.test(path)
const parts = (path: string): { folder: string; capability: string; file: string } => {
  const [folder = '', capability = ''] = path.split('/')
  return { folder, capability, file: path.slice(path.lastIndexOf('/') + 1) }
}

/** The breaches of architecture.md in these files, one sentence each: where, what, and what to do instead. */
export function breaches(files: readonly SourceFile[]): string[] {
  return files.flatMap((file) => [...ofTheFile(file), ...importsOf(file).flatMap((target) => ofTheImport(file.path, target).map((what) => `${file.path}: ${what}`))])
}

function ofTheFile({ path, text }: SourceFile): string[] {
  const found: string[] = []
  if (DRAWERS.test(path)) found.push(`${path}: a drawer. Put each thing beside what it belongs to, under a name that says what it is`)
  const lines = text.split('\n').length - 1
  const most = isTest(path) ? TEST_LINES_MAX : CODE_LINES_MAX
  if (lines > most) found.push(`${path}: ${lines} lines, more than ${most}. Find the second thing it does and give it a file of its own`)
  const { folder } = parts(path)
  const mayReadClock = path === 'contract/clock.ts' || isTest(path) || folder === 'journeys' || folder === 'bench' || folder === 'client'
  if (!mayReadClock && CLOCK_READ.test(withoutComments(text))) found.push(`${path}: reads the machine's clock. Take a \`Clock\` (contract/clock.ts), or the time itself`)
  return found
}

function ofTheImport(path: string, target: string): string[] {
  const from = parts(path)
  const to = parts(target)
  const inside = !target.includes(':') && /^(contract|workers|connector|client|journeys|bench|deploy)\//.test(target)
  switch (from.folder) {
    case 'contract':
      return isTest(path) || to.folder === 'contract' || ['zod', 'canonicalize'].includes(target) ? [] : [`imports ${target}. The contract knows zod, canonicalize and WebCrypto, so that both sides can read it`]
    case 'connector':
      return inside && !['connector', 'contract'].includes(to.folder) ? [`imports ${target}. A connector knows the contract and talks to the edge over HTTP`] : []
    case 'journeys':
      // The simulation runs the decisions themselves, over their own SQL (docs/decisions/0014-simulation.md).
      if (from.capability === 'simulation') return []
      return to.folder === 'workers' && inside ? [`imports ${target}. A journey knows the edge by its interfaces only`] : []
    case 'deploy':
      return inside && !isTest(path) && to.folder !== 'deploy' && to.folder !== 'contract' && target !== SETTINGS ? [`imports ${target}. A deployment knows the contract, and of the Worker its settings.ts and what it answers over HTTP`] : []
    case 'client':
      return inside && !isTest(path) && to.folder !== 'client' && to.folder !== 'contract' ? [`imports ${target}. The client knows the contract's types and talks to the edge over HTTP`] : []
    case 'workers':
      return ofTheWorker(path, target, inside)
    default:
      return []
  }
}

function ofTheWorker(path: string, target: string, inside: boolean): string[] {
  if (isTest(path)) return []
  const from = parts(path)
  const to = parts(target)
  if (inside && !['workers', 'contract'].includes(to.folder)) return [`imports ${target}. The Worker knows the contract and talks to stores over HTTP`]
  if (/^node:/.test(target)) return [`imports ${target}. The Worker runs without Node; use what the platform has`]
  const rim = TOP.test(path) || RIM.test(from.file) || RIM_FOLDERS.has(from.capability)
  if (!rim && PLATFORM.test(target)) return [`imports ${target}. Decisions and use cases know no platform: take a port, and let routes, consumer, db, kv or an object hold it`]
  const otherCapability = to.folder === 'workers' && to.capability !== from.capability && target.split('/').length > 2
  if (!TOP.test(path) && otherCapability && isPrivateRim(to) && !(from.capability === 'gateway' && to.file.endsWith('routes.ts'))) {
    return [`imports ${target}, another capability's rim. Ask for a port and let workers/ports.ts fill it`]
  }
  if (!rim && otherCapability && RIM_FOLDERS.has(to.capability)) return [`imports ${target}. What lies below does not know the rim; return a refusal and let the route say it`]
  return []
}

/** Tables are read by every capability's own db.ts; what the gateway offers its routes (authentication, refusals) is meant to be used by them. */
const isPrivateRim = (to: { capability: string; file: string }): boolean => RIM.test(to.file) && !['db', 'gateway'].includes(to.capability)

/** What a file imports: paths from the root for its own tree, names for packages. */
function importsOf({ path, text }: SourceFile): string[] {
  const folder = path.split('/').slice(0, -1)
  return [...withoutComments(text).matchAll(IMPORT)].map(([, statement, call = '']) => {
    const specifier = statement ?? call
    if (!specifier.startsWith('.')) return specifier
    const resolved = [...folder]
    for (const part of specifier.split('/')) {
      if (part === '..') resolved.pop()
      else if (part !== '.') resolved.push(part)
    }
    return resolved.join('/')
  })
}

const withoutComments = (text: string): string => text.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/(^|\s)\/\/.*$/gm, '$1')

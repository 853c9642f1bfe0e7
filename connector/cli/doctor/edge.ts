import { systemClock, type Clock } from '../../../contract/clock.ts'
import { SIGNATURE_TOLERANCE_S } from '../../../contract/limits.ts'
import type { ConnectorConfig } from '../../config/config.ts'
import { createEdgeClient, whyNoAnswer, type Edge } from '../../edge/edge-client.ts'
import { createEdgeClock } from '../../edge/edge-clock.ts'
import { isTooOld, refusalHint } from '../../edge/refusal-words.ts'
import { whyTooOld } from '../../edge/watch-version.ts'
import { duration } from '../say.ts'
import { version } from '../version.ts'
import { broken, doubtful, fine, type Finding } from './finding.ts'

/** Beyond it a person should look, long before calls are refused. */
const SKEW_WARN_MS = 30_000
const DATE_WITHIN_MS = 10_000

/** One signed call that only reads: it takes no epoch and no lease, and offers this machine no work. Before pairing an unsigned one, which shows that the edge is there. */
export async function lookAtEdge(config: ConnectorConfig, wall: Clock = systemClock): Promise<Finding[]> {
  const { url } = config.edge
  const clock = createEdgeClock(wall)
  const answers = config.store.secrets.length === 0
    ? await unsignedFindings(url)
    : await callFindings(createEdgeClient({ url, storeId: config.store.id, secrets: config.store.secrets, version, clock }), url)
  return [...proxyFindings(process.env), ...answers, ...await skewFindings(url, wall)]
}

async function callFindings(edge: Pick<Edge, 'state'>, url: string): Promise<Finding[]> {
  const { host } = new URL(url)
  try {
    const answer = await edge.state(null)
    if (answer.ok) return [fine('edge', `${host} answers`), fine('signature', 'the edge accepts the store\'s secret')]
    const { status, problem } = answer.refusal
    if (status === 401) {
      return [fine('edge', `${host} answers`), broken('signature', 'the edge does not accept the store id or its secret', 'compare store.id with the operator; get a new secret with "pair" and a code from the operator; look at the clock below')]
    }
    if (isTooOld(answer.refusal)) return [fine('edge', `${host} answers`), fine('signature', 'the edge accepts the store\'s secret'), broken('version', whyTooOld(version, answer.refusal), refusalHint(answer.refusal))]
    if (problem === null) return [strange(host, status)]
    return [doubtful('edge', `${host} answers, and says ${problem} (${status})`, 'wait a minute and look again; tell the operator if it stays')]
  } catch (error) {
    return [noAnswerFinding(url, error, process.env)]
  }
}

async function unsignedFindings(url: string): Promise<Finding[]> {
  const { host } = new URL(url)
  try {
    const response = await fetch(new URL('/healthz', url), { redirect: 'error', signal: AbortSignal.timeout(DATE_WITHIN_MS) })
    await response.body?.cancel()
    return [response.ok ? fine('edge', `${host} answers`) : strange(host, response.status)]
  } catch (error) {
    return [noAnswerFinding(url, error, process.env)]
  }
}

const strange = (host: string, status: number): Finding =>
  broken('edge', `${host} answers with ${status}, and not in the edge's words`, 'something on the way answers for it: look at edge.url, a proxy or a firewall')

/** What takes calls away without a word. */
const SWALLOWED: ReadonlySet<string | null> = new Set(['ETIMEDOUT', 'UND_ERR_CONNECT_TIMEOUT', 'UND_ERR_HEADERS_TIMEOUT', 'TimeoutError', 'EHOSTUNREACH', 'ENETUNREACH'])

/** A fix for each cause: whoever has a typing mistake in a port is not sent to look for a proxy. */
export function noAnswerFinding(url: string, error: unknown, environment: NodeJS.ProcessEnv): Finding {
  const { host } = new URL(url)
  // What is not a network fault is an answer that is not the edge's, and says so.
  if (error instanceof Error && error.cause === undefined && 'hint' in error) return broken('edge', `${host}: ${error.message}`, 'look at edge.url: the operator knows the right one')
  const { code, todo } = whyNoAnswer(error)
  const proxy = usedProxy(environment)
  const byProxy = proxy === null ? '' : `; the call goes through ${proxy}, so look whether that proxy runs and lets it through`
  const needsProxy = proxy === null && SWALLOWED.has(code) ? '; where calls out must take a proxy, set HTTPS_PROXY and NODE_USE_ENV_PROXY=1 for the connector ("tillbridge-connector docs secure-link")' : ''
  return broken('edge', `no answer from ${host}${code === null ? '' : ` (${code})`}`, `${todo}${byProxy}${needsProxy}`)
}

/** This machine's clock against the edge's, by the date of any answer. */
async function skewFindings(url: string, wall: Clock): Promise<Finding[]> {
  try {
    const sentAt = wall()
    const response = await fetch(new URL('/healthz', url), { redirect: 'manual', signal: AbortSignal.timeout(DATE_WITHIN_MS) })
    await response.body?.cancel()
    const date = Date.parse(response.headers.get('date') ?? '')
    // The header has whole seconds and was written somewhere within the call.
    return Number.isNaN(date) ? [] : [skewFinding((sentAt + wall()) / 2 - (date + 500))]
  } catch {
    // That it does not answer is told above.
    return []
  }
}

export function skewFinding(skewMs: number): Finding {
  const much = duration(Math.abs(skewMs) / 1000)
  const text = Math.abs(skewMs) < 2000 ? 'as the edge\'s' : `${much} ${skewMs > 0 ? 'ahead of' : 'behind'} the edge's`
  const fix = 'set the machine\'s clock by a time server (timedatectl set-ntp true; on Windows w32tm /resync)'
  if (Math.abs(skewMs) > SIGNATURE_TOLERANCE_S * 1000) return doubtful('clock', `${text}: calls are refused at first, and the connector corrects itself by the edge's answer`, fix)
  return Math.abs(skewMs) > SKEW_WARN_MS ? doubtful('clock', text, fix) : fine('clock', text)
}

/** A proxy that is set in the environment is used by Node only when it is told so. */
export function proxyFindings(environment: NodeJS.ProcessEnv): Finding[] {
  const proxy = setProxy(environment)
  if (proxy === undefined) return []
  return usedProxy(environment) !== null
    ? [fine('proxy', `${proxy} is used`)]
    : [doubtful('proxy', `${proxy} is set and not used`, 'set NODE_USE_ENV_PROXY=1 for the connector\'s service, or unset the proxy')]
}

const setProxy = (environment: NodeJS.ProcessEnv): string | undefined => ['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy'].find((name) => (environment[name] ?? '') !== '')
const usedProxy = (environment: NodeJS.ProcessEnv): string | null => (environment['NODE_USE_ENV_PROXY'] === '1' ? setProxy(environment) ?? null : null)

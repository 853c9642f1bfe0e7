import { systemClock, type Clock } from '../../../contract/clock.ts'
import { SIGNATURE_TOLERANCE_S } from '../../../contract/limits.ts'
import type { ConnectorConfig } from '../../config/config.ts'
import { createEdgeClient, type Edge } from '../../edge/edge-client.ts'
import { createEdgeClock } from '../../edge/edge-clock.ts'
import { duration, faultText } from '../say.ts'
import { broken, doubtful, fine, type Finding } from './finding.ts'

/** Beyond it a person should look, long before calls are refused. */
const SKEW_WARN_MS = 30_000
const DATE_WITHIN_MS = 10_000

/** One signed call that only reads: it takes no epoch and no lease, and offers this machine no work. */
export async function lookAtEdge(config: ConnectorConfig, wall: Clock = systemClock): Promise<Finding[]> {
  const clock = createEdgeClock(wall)
  const edge = createEdgeClient({ url: config.edge.url, storeId: config.store.id, secrets: config.store.secrets, clock })
  return [...proxyFindings(process.env), ...await callFindings(edge, config.edge.url), ...await skewFindings(config.edge.url, wall)]
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
    if (problem === null) return [broken('edge', `${host} answers with ${status}, and not in the edge's words`, 'something on the way answers for it: look at edge.url, a proxy or a firewall')]
    return [doubtful('edge', `${host} answers, and says ${problem} (${status})`, 'wait a minute and look again; tell the operator if it stays')]
  } catch (error) {
    return [broken('edge', faultText(error), 'see docs/store-it.md, "What stands between"; behind a proxy or a company certificate authority set NODE_USE_ENV_PROXY and NODE_EXTRA_CA_CERTS')]
  }
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
  const proxy = ['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy'].find((name) => (environment[name] ?? '') !== '')
  if (proxy === undefined) return []
  return environment['NODE_USE_ENV_PROXY'] === '1'
    ? [fine('proxy', `${proxy} is used`)]
    : [doubtful('proxy', `${proxy} is set and not used`, 'set NODE_USE_ENV_PROXY=1 for the connector\'s service, or unset the proxy')]
}

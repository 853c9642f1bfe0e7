import { stringify } from 'yaml'
import { TUNNEL_METRICS } from './tunnel-config.ts'

/** What a tunnel to one store is made of. */
export type TunnelPlan = {
  storeId: string
  hostname: string
  /** Its name or id, as `cloudflared tunnel create` was given or has answered. */
  tunnel: string
  credentialsFile: string
  /** Where the connector listens, seen from cloudflared. */
  origin: string
  team: string
  audiences: readonly string[]
  metrics?: string
}

/** Orders and the sign of life. `/ready`, `/metrics`, `/status` and `/desk` have no business outside. */
export const PUBLIC_PATHS = '^/(?:orders/[^/]+(?:/cancel)?|health)$'

/**
 * cloudflared's `config.yml`. `access` stands inside the rule: at the top of the file cloudflared accepts it and checks nothing.
 */
export function cloudflaredConfig({ hostname, tunnel, credentialsFile, origin, team, audiences, metrics = TUNNEL_METRICS }: TunnelPlan): string {
  return `# Written by "tillbridge-connector tunnel config". What does not match the rule is answered 404 by cloudflared itself.\n${stringify({
    tunnel,
    'credentials-file': credentialsFile,
    metrics,
    // QUIC, or HTTP/2 where a firewall lets no UDP out.
    protocol: 'auto',
    'no-autoupdate': true,
    ingress: [
      { hostname, path: PUBLIC_PATHS, service: origin, originRequest: { connectTimeout: '5s', access: { required: true, teamName: team, audTag: [...audiences] } } },
      { service: 'http_status:404' },
    ],
  }, { lineWidth: 0 })}`
}

export type Step = { title: string; commands: string[] }

const ACCOUNT = 'https://api.cloudflare.com/client/v4/accounts/$CLOUDFLARE_ACCOUNT_ID'
const call = (method: string, path: string, body: unknown): string =>
  `curl -sS -X ${method} "${ACCOUNT}/${path}" -H "Authorization: Bearer $CLOUDFLARE_API_TOKEN" -H 'Content-Type: application/json' -d '${JSON.stringify(body)}'`

/** A path as one word of a shell. */
const word = (path: string): string => (/^[\w@%+=:,./\\-]+$/.test(path) ? path : `"${path}"`)

/** What a person does once, in order. Nothing secret stands in it: tokens are named, and read from the environment. */
export function tunnelSteps(plan: Pick<TunnelPlan, 'storeId' | 'hostname' | 'tunnel'>, files: { connector: string; cloudflared: string; credentials: string }): Step[] {
  const { storeId, hostname, tunnel } = plan
  const [shop, config, credentials] = [word(files.connector), word(files.cloudflared), word(files.credentials)]
  const name = `tillbridge-${storeId}`
  return [
    { title: 'Make the tunnel and its public name (once, on this machine; a browser opens for the login). "create" says the tunnel\'s id and names its credentials file, TUNNEL_ID.json', commands: ['cloudflared tunnel login', `cloudflared tunnel create ${tunnel}`, `cloudflared tunnel route dns ${tunnel} ${hostname}`] },
    {
      title: 'Make the service token that the edge will show. The answer has client_id and, this once, client_secret; result.id is TOKEN_ID. (Dashboard: Zero Trust > Access controls > Service credentials)',
      commands: [call('POST', 'access/service_tokens', { name, duration: '8760h' })],
    },
    {
      title: 'Let that token in and nobody else: a policy with the action Service Auth; result.id is POLICY_ID. (Dashboard: Access controls > Policies)',
      commands: [call('POST', 'access/policies', { name, decision: 'non_identity', include: [{ service_token: { token_id: 'TOKEN_ID' } }] })],
    },
    {
      title: 'Put an application before the public name; result.aud is the audience tag. (Dashboard: Access controls > Applications > Self-hosted)',
      commands: [call('POST', 'access/apps', { type: 'self_hosted', name, domain: hostname, service_auth_401_redirect: true, policies: [{ id: 'POLICY_ID', precedence: 1 }] })],
    },
    { title: 'Write into the connector\'s configuration: server.access.team, server.access.audience (and server.access.clientId), tunnel.hostname; then let cloudflared\'s configuration be written and start the connector anew', commands: [`tillbridge-connector tunnel config --config ${shop} --credentials ${credentials} --out ${config}`] },
    {
      title: 'Look at the rules, then run cloudflared as a service (Windows needs more than the last command: step 5 of "tillbridge-connector docs secure-link")',
      commands: [`cloudflared tunnel --config ${config} ingress validate`, `cloudflared tunnel --config ${config} ingress rule https://${hostname}/orders/x`, `sudo cloudflared --config ${config} service install`],
    },
    {
      title: 'Tell the edge (its operator does, for the store that is registered there; CLIENT_ID and CLIENT_SECRET are the service token\'s)',
      commands: [`curl -sS -X PUT "$EDGE/admin/v1/stores/${storeId}/transport" -H "Authorization: Bearer $ADMIN_TOKEN" -H 'Content-Type: application/json' -d '${JSON.stringify({ kind: 'tunnel', url: `https://${hostname}`, accessClientId: 'CLIENT_ID', accessClientSecret: 'CLIENT_SECRET' })}'`],
    },
    {
      title: 'See that it holds. Without the token Access answers 401; 403 is cloudflared\'s own no, and says that no application stands before the name; 200 that anybody gets through. The connector says what of the tunnel stands',
      commands: [`curl -sS -o /dev/null -w '%{http_code}\\n' https://${hostname}/health`, `tillbridge-connector doctor --config ${shop}`],
    },
  ]
}

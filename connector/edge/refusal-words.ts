import type { EdgeRefusal } from './edge-client.ts'

/** The edge does not accept the signature: the secret, the store id, or a clock that even its `Date` did not set right. */
export const isUnauthorized = ({ status, problem }: EdgeRefusal): boolean => status === 401 && problem === 'bad-signature'

export const PAIR_AGAIN = 'ask the operator for a pairing code, run "tillbridge-connector pair --force", and start the connector again'

/** What an edge's "no" means to whoever runs the shop, and what to do about it. */
export function refusalHint(refusal: EdgeRefusal): string {
  const { status, problem } = refusal
  if (isUnauthorized(refusal)) return PAIR_AGAIN
  if (problem === null) return `something on the way answers, and not the edge (${status}): look at edge.url, and whether a proxy, a firewall or a login page stands between; nothing is lost, it is tried again`
  if (status === 429) return 'the edge is asked too often: it is tried again more slowly. If it lasts, tell the operator'
  if (status >= 500) return 'the edge cannot do it now: nothing is lost, it is tried again. If it lasts, tell the operator'
  if (status === 404) return 'the edge does not know this address: compare the versions of connector and edge, and look at edge.url'
  return 'it is asked again. If it lasts, compare the versions of connector and edge, and tell the operator'
}

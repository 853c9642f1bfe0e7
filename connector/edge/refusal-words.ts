import type { EdgeRefusal } from './edge-client.ts'

/** The edge does not accept the signature: the secret, the store id, or a clock that even its `Date` did not set right. */
export const isUnauthorized = ({ status, problem }: EdgeRefusal): boolean => status === 401 && problem === 'bad-signature'

/** The edge takes this store's signature, and no longer what this version says. */
export const isTooOld = ({ problem }: EdgeRefusal): boolean => problem === 'connector-too-old'

/** What one part has told for all (acceptance.ts, watch-version.ts): whichever else meets it says nothing. */
export const isToldOnce = (refusal: EdgeRefusal): boolean => isUnauthorized(refusal) || isTooOld(refusal)

export const UPGRADE = 'install the newer connector (the operator has it) over this one, with the same configuration and journal, and start it again: nothing is lost, and it goes on where this one stopped'

export const PAIR_AGAIN = 'ask the operator for a pairing code, run "tillbridge-connector pair --force", and start the connector again'

/** What an edge's "no" means to whoever runs the shop, and what to do about it. */
export function refusalHint(refusal: EdgeRefusal): string {
  const { status, problem } = refusal
  if (isUnauthorized(refusal)) return PAIR_AGAIN
  if (isTooOld(refusal)) return UPGRADE
  if (problem === null) return `something on the way answers, and not the edge (${status}): look at edge.url, and whether a proxy, a firewall or a login page stands between; nothing is lost, it is tried again`
  if (status === 429) return 'the edge is asked too often: it is tried again more slowly. If it lasts, tell the operator'
  if (status >= 500) return 'the edge cannot do it now: nothing is lost, it is tried again. If it lasts, tell the operator'
  if (status === 404) return 'the edge does not know this address: compare the versions of connector and edge, and look at edge.url'
  return 'it is asked again. If it lasts, compare the versions of connector and edge, and tell the operator'
}

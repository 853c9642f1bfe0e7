/** What the connector is written for: its database, among others, came with it. */
const NODE_NEEDED = 24

/** Why this Node cannot run the connector, with what to do; `null`: it can. */
export function tooOld(version: string): string | null {
  if (Number.parseInt(version.replace(/^v/, ''), 10) >= NODE_NEEDED) return null
  return `The connector needs Node ${NODE_NEEDED} or newer, and this is ${version}.
  What to do: install Node ${NODE_NEEDED} from nodejs.org or your distribution, and start the connector with it ("node --version" says which one it is).`
}

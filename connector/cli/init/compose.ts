import { quoted, type Template } from './template.ts'

export type Basics = { edgeUrl: string; storeId: string; journalFile: string; port: number; secretFile: string }

/** The whole configuration, each key with a comment for whoever opens the file in a year. */
export function composeYaml({ edgeUrl, storeId, journalFile, port, secretFile }: Basics, template: Template, answers: Readonly<Record<string, string>>): string {
  return `# The connector of store ${storeId}. Paths are relative to this file. Keys that are not here have good values of their own:
# connector/config/example.yaml explains every one. After a change: tillbridge-connector check --config THIS_FILE

edge:
  url: ${quoted(edgeUrl)}

store:
  # As the operator registered the store.
  id: ${quoted(storeId)}
  # The store's secret, for the connector's user alone. "tillbridge-connector pair" gets it with a one-time code.
  secretFile: ${quoted(secretFile)}

journal:
  # Everything not yet acknowledged, on a local disk (no network share). Keep it over updates.
  file: ${quoted(journalFile)}

pos:
${template.yaml(answers)}

server:
  # Where a tunnel hands orders in, and the staff's desk page for a browser on this machine: http://127.0.0.1:${port}/desk
  host: 127.0.0.1
  port: ${port}

poll:
  # How often the POS is asked whether something changed.
  everyMs: ${template.pollMs}

log:
  # debug, info, warn or error. One JSON line per fact on stderr.
  level: info
`
}

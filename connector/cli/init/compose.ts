import type { StoreFiles } from './store-files.ts'
import { quoted, type Answers, type Template } from './template.ts'

export type Basics = { edgeUrl: string; storeId: string; journalFile: string; port: number; files: StoreFiles }

/** The whole configuration, each key with a comment for whoever opens the file in a year. */
export function composeYaml({ edgeUrl, storeId, journalFile, port, files }: Basics, template: Template, answers: Answers): string {
  return `# The connector of store ${storeId}. Names without a path are files beside this one. Keys that are not here have good values
# of their own: "tillbridge-connector docs example" explains every one. After a change: tillbridge-connector check --config THIS_FILE

edge:
  url: ${quoted(edgeUrl)}

store:
  # As the operator registered the store.
  id: ${quoted(storeId)}
  # The store's secret, for the connector's user alone. "tillbridge-connector pair" gets it with a one-time code.
  secretFile: ${quoted(files.secret)}

journal:
  # Everything not yet acknowledged, on a local disk (no network share). Keep it over updates. A service needs the whole path.
  file: ${quoted(journalFile)}

pos:
${template.yaml(answers, files)}

server:
  # Where a tunnel hands orders in, and the staff's desk page for a browser on this machine: http://127.0.0.1:${port}/desk
  host: 127.0.0.1
  port: ${port}

# desk:
  # For tablets: an address of this machine in the shop's own network, a port of its own, and a file with a PIN (6 to 12 digits, chmod 600).
  # host: 192.168.1.20
  # port: ${port === 0 ? 8792 : port + 1}
  # pinFile: ${quoted(files.pin)}

poll:
  # How often the POS is asked whether something changed.
  everyMs: ${template.pollMs}

log:
  # debug, info, warn or error. One JSON line per fact on stderr.
  level: info
`
}

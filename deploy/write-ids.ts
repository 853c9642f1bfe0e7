/** What an environment's resources are called by the account. */
export type Ids = { database: string; namespace: string }

/**
 * `wrangler.toml` with the ids of an environment, everything else as it stands: comments, order, line ends. A TOML library would write it anew without them,
 * so each id is put into its one line. `null` when a line is not found.
 */
export function withIds(toml: string, environment: string, { database, namespace }: Ids): string | null {
  const first = withId(toml, `[[env.${environment}.d1_databases]]`, 'database_id', database)
  return first === null ? null : withId(first, `[[env.${environment}.kv_namespaces]]`, 'id', namespace)
}

function withId(toml: string, table: string, key: string, id: string): string | null {
  const start = toml.indexOf(`${table}`)
  if (start === -1) return null
  const next = toml.slice(start + table.length).search(/^\s*\[/m)
  const end = next === -1 ? toml.length : start + table.length + next
  const block = toml.slice(start, end)
  const line = new RegExp(`^(${key}\\s*=\\s*)"[^"\\r\\n]*"`, 'm')
  return line.test(block) ? toml.slice(0, start) + block.replace(line, `$1"${id}"`) + toml.slice(end) : null
}

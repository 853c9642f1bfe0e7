import { globSync } from 'node:fs'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'

/** What the edge has on disk of the platform's own making: its rate limiter and its cache. */
const NOT_OURS = /\/(ratelimit|cache)\//

/** The edge holds a file for itself while it tidies it up. */
const LOCKED_AT_MOST_MS = 5_000

/** Every row of D1, of the counters and of the links, as the files have it: what a refused call must leave as it was. */
export function keptRows(stateDir: string): Record<string, string[]> {
  const kept: Record<string, string[]> = {}
  for (const file of globSync(path.join(stateDir, 'data/**/*.sqlite')).filter((name) => !NOT_OURS.test(name) && !name.endsWith('metadata.sqlite')).sort()) {
    const database = new DatabaseSync(file, { readOnly: true, timeout: LOCKED_AT_MOST_MS })
    try {
      const tables = database.prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_cf%' ESCAPE '\\' ORDER BY name").all().map(({ name }) => String(name))
      for (const table of tables) {
        const rows = database.prepare(`SELECT * FROM "${table}"`).all().map((row) => JSON.stringify(row, readable)).sort()
        // Whoever is asked for what it does not have lays out its tables, and nothing in them.
        if (rows.length > 0) kept[`${path.relative(stateDir, file)} ${table}`] = rows
      }
    } finally {
      database.close()
    }
  }
  return kept
}

/** When the sweep looks at an order next is its own business: one that waits for its store is asked about again and again. */
const readable = (key: string, value: unknown): unknown => (key === 'due_at' ? undefined : value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value)

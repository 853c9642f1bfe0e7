import { copyFileSync, lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parse } from 'csv-parse/sync'
import { parse as parseYaml } from 'yaml'
import { CsvConfig } from './csv-config.ts'
import { openCsvPos } from './csv-pos.ts'

/**
 * Tries a mapping before a till depends on it: reads copies of a folder's files as the connector would and says what it made of them.
 * `node connector/pos/csv/try-folder.ts CONFIG.yaml [FOLDER]`; the configuration is a connector's, or its `pos:` part alone.
 */
export async function tryFolder(config: CsvConfig, from: string): Promise<{ files: number; facts: Record<string, number>; refused: Record<string, number> }> {
  const folder = mkdtempSync(join(tmpdir(), 'try-folder-'))
  try {
    const names = readdirSync(from).filter((name) => lstatSync(join(from, name)).isFile())
    for (const name of names) copyFileSync(join(from, name), join(folder, name))
    const pos = openCsvPos({ config: { ...config, folder, stateFile: undefined, settleMs: 0, scanEveryMs: 0 } })
    const facts = { items: 0, removed: 0, levels: 0, sales: 0, returns: 0, saleLines: 0, orders: 0, readings: 0 }
    for (let cursor: string | null = null, more = true; more;) {
      const told = await pos.readChanges(cursor)
      facts.items += told.items.length
      facts.removed += told.removed.length
      facts.levels += told.levels.length
      facts.sales += told.sales.filter(({ kind }) => kind === 'sale').length
      facts.returns += told.sales.filter(({ kind }) => kind === 'return').length
      facts.saleLines += told.sales.reduce((sum, sale) => sum + sale.lines.length, 0)
      facts.orders += told.orders.length
      facts.readings += 1
      more = told.more ?? false
      cursor = told.cursor
    }
    await pos.close()
    return { files: names.length, facts, refused: countReasons(join(folder, 'rejected')) }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** By reason, without what was found: that differs from line to line. */
function countReasons(rejected: string): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const name of readdirSync(rejected).filter((one) => one.endsWith('.reasons.csv'))) {
    for (const { reason = '' } of parse<{ reason?: string }>(readFileSync(join(rejected, name)), { columns: true })) {
      const kind = reason.replace(/, found .*$/s, '').replace(/invoice: \S+ was/, 'invoice: it was')
      counts[kind] = (counts[kind] ?? 0) + 1
    }
  }
  return counts
}

if (import.meta.main) {
  const [, , file, from] = process.argv
  if (!file) {
    process.stderr.write('Say which configuration: node connector/pos/csv/try-folder.ts CONFIG.yaml [FOLDER]\n')
    process.exit(2)
  }
  const yaml: unknown = parseYaml(readFileSync(file, 'utf8'))
  const config = CsvConfig.safeParse(typeof yaml === 'object' && yaml !== null && 'pos' in yaml ? yaml.pos : yaml)
  if (!config.success) {
    process.stderr.write(`${file}: ${config.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ')}\n`)
    process.exit(2)
  }
  process.stdout.write(`${JSON.stringify(await tryFolder(config.data, from ?? config.data.folder), null, 2)}\n`)
}

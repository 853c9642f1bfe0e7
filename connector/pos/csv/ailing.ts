import type { PosRefusal } from '../port.ts'
import type { FileKind } from './csv-config.ts'
import type { ShopState } from './shop-state.ts'

/**
 * Refusals that nothing has mended yet. A file says something once, so what it could not say is kept here until a later file says it in
 * order, a person sends it back (send-back.ts), or it is forgotten. Every writing function belongs inside a transaction of the state.
 */
export type Ailing = {
  /** `goods/SKU`, `sales/INVOICE/SKU`, `status/ORDER`; where even that cannot be read `lines/FILE/LINE`; `files/FILE` for a whole one. */
  key: string
  /** The file it stood in, as it was dropped. */
  name: string
  kind: FileKind | null
  /** What the file is called in processed/ and rejected/. */
  target: string
  file: number
  moment: number
  reason: string
  text: string
}

/** Told with the next reading, and kept. */
export function tellRefusal(state: ShopState, { key, name, kind, target, file, moment, reason, text }: Ailing): void {
  tell(state, key, reason, text)
  state.run(
    'INSERT OR REPLACE INTO ailing (key, name, kind, target, file, moment, reason, text) VALUES (?, ?, ?, ?, ?, ?, ?, ?)', key, name, kind, target, file, moment, reason, text,
  )
}

/** It came in order since: told so, once. What `file` itself refused stays. */
export function settle(state: ShopState, key: string, file: number): void {
  if (state.run('DELETE FROM ailing WHERE key = ? AND file <> ?', key, file) > 0) tell(state, key, null, '')
}

/** The same, for the lines of a file that could not be told apart, and for the file itself. */
export function settleFile(state: ShopState, name: string, file: number): void {
  settleAll(state, `SELECT key FROM ailing WHERE name = ? AND file <> ? AND (key LIKE 'lines/%' OR key LIKE 'files/%')`, name, file)
}

/** A file of all goods says everything that those before it could not. */
export function settleGoodsFiles(state: ShopState, moment: number, file: number): void {
  settleAll(state, `SELECT key FROM ailing WHERE kind = 'goods' AND moment <= ? AND file <> ? AND (key LIKE 'lines/%' OR key LIKE 'files/%')`, moment, file)
}

function settleAll(state: ShopState, keys: string, ...values: (string | number)[]): void {
  const file = Number(values.at(-1))
  for (const { key } of state.all(keys, ...values)) settle(state, String(key), file)
}

export function ailingOf(state: ShopState, key: string): Ailing | null {
  const row = state.get('SELECT * FROM ailing WHERE key = ?', key)
  return row ? {
    key, name: String(row['name']), kind: row['kind'] === null ? null : String(row['kind']) as FileKind, target: String(row['target']), file: Number(row['file']),
    moment: Number(row['moment']), reason: String(row['reason']), text: String(row['text']),
  } : null
}

/** The newest of them, for a comparison: a journal that was lost learns of them again. */
export const readAiling = (state: ShopState, limit: number): PosRefusal[] =>
  state.all('SELECT key, reason, text FROM ailing ORDER BY file DESC, key LIMIT ?', limit).map((row) => ({ key: String(row['key']), reason: String(row['reason']), text: String(row['text']) }))

function tell(state: ShopState, key: string, reason: string | null, text: string): void {
  state.run('INSERT INTO refusals (key, reason, text) VALUES (?, ?, ?) ON CONFLICT (key) DO UPDATE SET reason = excluded.reason, text = excluded.text', key, reason, text)
  state.changed('refusal', key)
}

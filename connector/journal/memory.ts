import type { PosMemory, Remembered } from '../pos/port.ts'
import { text, type Database } from './database.ts'

/** The adapter's memory, and the capture's way to write it: within the transaction that sets the cursor. */
export type Memory = PosMemory & { remember(entries: readonly Remembered[]): void }

export function openMemory(db: Database): Memory {
  return {
    get(key) {
      const row = db.get('SELECT value FROM pos_memory WHERE key = ?', key)
      return row ? text(row, 'value') : null
    },
    list: (prefix, after, limit) => db.all(
      'SELECT key, value FROM pos_memory WHERE key >= ?1 AND key < ?1 || char(1114111) AND key > ?2 ORDER BY key LIMIT ?3', prefix, after ?? '', limit,
    ).map((row) => ({ key: text(row, 'key'), value: text(row, 'value') })),
    remember(entries) {
      for (const { key, value } of entries) {
        if (value === null) db.run('DELETE FROM pos_memory WHERE key = ?', key)
        else db.run('INSERT INTO pos_memory (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value', key, value)
      }
    },
  }
}

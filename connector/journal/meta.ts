import { text, type Database } from './database.ts'

export type MetaKey =
  | 'connectorId' | 'storeId' | 'epoch' | 'epochWanted'
  | 'lastSeq' | 'lastDigest' | 'ackedSeq' | 'ackedDigest'
  | 'posCursor' | 'reading' | 'posWentBack' | 'contradiction' | 'synced' | 'reconcileWanted' | 'feed' | 'drift' | 'drifted' | 'deskKey' | 'heldBy' | 'bodiesForgottenBefore' | 'untouchedForgottenBefore' | 'erasedUpTo'

/** Single facts of the journal. */
export type Meta = {
  get(key: MetaKey): string | null
  number(key: MetaKey): number | null
  set(key: MetaKey, value: string): void
  delete(key: MetaKey): void
}

export function openMeta(db: Database): Meta {
  const get = (key: MetaKey): string | null => {
    const row = db.get('SELECT value FROM meta WHERE key = ?', key)
    return row ? text(row, 'value') : null
  }
  return {
    get,
    number(key) {
      const value = get(key)
      return value === null ? null : Number(value)
    },
    set: (key, value) => void db.run('INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value', key, value),
    delete: (key) => void db.run('DELETE FROM meta WHERE key = ?', key),
  }
}

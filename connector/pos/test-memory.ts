import type { Pos, PosMemory, Remembered } from './port.ts'

/** The memory of an adapter under test, as the journal keeps it. */
export type TestMemory = PosMemory & { remember(entries: readonly Remembered[]): void; size(): number }

export function createMemory(): TestMemory {
  const entries = new Map<string, string>()
  const byBytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b))
  return {
    get: (key) => entries.get(key) ?? null,
    list: (prefix, after, limit) => [...entries.keys()].filter((key) => key.startsWith(prefix) && (after === null || byBytes(key, after) > 0)).sort(byBytes)
      .slice(0, limit).map((key) => ({ key, value: entries.get(key) ?? '' })),
    remember(changed) {
      for (const { key, value } of changed) {
        if (value === null) entries.delete(key)
        else entries.set(key, value)
      }
    },
    size: () => entries.size,
  }
}

/** The same adapter under a connector that commits each reading at once. */
export const committing = (pos: Pos, memory: TestMemory): Pos => ({
  ...pos,
  async readChanges(cursor) {
    const told = await pos.readChanges(cursor)
    memory.remember(told.remember ?? [])
    return told
  },
})

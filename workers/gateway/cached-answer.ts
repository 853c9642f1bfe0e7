import { waitUntil } from 'cloudflare:workers'
import type { Context } from 'hono'
import { z } from 'zod'
import { sha256Hex } from '../../contract/canonical.ts'
import { faultName, log } from '../log.ts'
import type { AppEnv } from './context.ts'

/** An answer is given as it is for so long, by this isolate and by whoever keeps it outside. */
export const FRESH_S = 5
/** And then for so long while the next one is fetched: nobody waits for it, and a change is seen at the latest after both. */
export const STALE_S = 30
export const CACHE_CONTROL = `public, max-age=${FRESH_S}, stale-while-revalidate=${STALE_S}`
/** Given although it may be old, because its source is away: not to be kept for longer. */
const OLD_CACHE_CONTROL = `public, max-age=${FRESH_S}`
/** The last good page in KV is written at most so often, and only when it has changed. */
export const LAST_GOOD_EVERY_MS = 10 * 60_000
const LAST_GOOD_KEPT_S = 7 * 24 * 60 * 60
const EMPTY = /^\{"items":\[\]/
/** Together some megabytes of an isolate's 128. */
const ENTRIES_MAX = 500
const TEXT_LENGTH_MAX = 200_000

/** `text: null`: there is no such thing. */
const Entry = z.object({ text: z.string().nullable(), etag: z.string(), madeAt: z.number() })
type Entry = z.infer<typeof Entry>
type Memory = { entries: Map<string, Entry>; making: Map<string, Promise<Entry>>; lastGoodAt: Map<string, { etag: string; at: number }> }

/** Of each catalogue that this isolate serves: one. */
const memories = new WeakMap<KVNamespace, Memory>()

/**
 * `keep`: whether the last good answer is kept in KV, for the day when its source is away. Only for a bounded number of names: each costs a write now and then, and anybody may ask for
 * what nobody has thought of. So an empty page is never kept.
 */
export type CachedOptions = { key: string; keep: boolean; make: () => Promise<unknown> }

/** A public answer out of this isolate's memory while it is fresh enough, else made anew; out of what was last good when it cannot be made. `null`: `make` found nothing. */
export async function cachedAnswer(c: Context<AppEnv>, { key, keep, make }: CachedOptions): Promise<Response | null> {
  const kv = c.env.CATALOG
  const memory = memoryOf(kv)
  const now = c.var.ports.clock()
  const held = memory.entries.get(key)
  const ageMs = held ? now - held.madeAt : Infinity
  if (held && ageMs < FRESH_S * 1000) return answer(c, held, CACHE_CONTROL)
  const refresh = (): Promise<Entry> => makeOnce(memory, key, async () => {
    const entry = await entryOf(await make(), c.var.ports.clock())
    hold(memory, key, entry)
    if (keep) await keepLastGood(kv, memory, key, entry)
    return entry
  })
  if (held && ageMs < (FRESH_S + STALE_S) * 1000) {
    waitUntil(refresh().catch((error: unknown) => log('cache.not_refreshed', { route: c.req.routePath, error: faultName(error) })))
    return answer(c, held, CACHE_CONTROL)
  }
  try {
    return answer(c, await refresh(), CACHE_CONTROL)
  } catch (error) {
    const old = held ?? (keep ? await readLastGood(kv, key) : null)
    if (!old) throw error
    log('cache.served_old', { requestId: c.var.requestId, route: c.req.routePath, ageS: Math.round((now - old.madeAt) / 1000), error: faultName(error) })
    return answer(c, old, OLD_CACHE_CONTROL)
  }
}

function answer(c: Context<AppEnv>, { text, etag }: Entry, cacheControl: string): Response | null {
  if (text === null) return null
  const headers = { ETag: etag, 'Cache-Control': cacheControl }
  const known = (c.req.header('If-None-Match') ?? '').split(',').map((tag) => tag.trim().replace(/^W\//, ''))
  if (known.includes(etag) || known.includes('*')) return c.body(null, 304, headers)
  return c.body(text, 200, { ...headers, 'Content-Type': 'application/json' })
}

async function entryOf(value: unknown, madeAt: number): Promise<Entry> {
  if (value === null) return { text: null, etag: '', madeAt }
  const text = JSON.stringify(value)
  return { text, etag: `"${(await sha256Hex(text)).slice(0, 32)}"`, madeAt }
}

/** However many ask at once, the source is asked once. */
function makeOnce(memory: Memory, key: string, make: () => Promise<Entry>): Promise<Entry> {
  const under = memory.making.get(key)
  if (under) return under
  const making = make().finally(() => memory.making.delete(key))
  memory.making.set(key, making)
  return making
}

/** The one that was made longest ago makes room. */
function hold(memory: Memory, key: string, entry: Entry): void {
  memory.entries.delete(key)
  if ((entry.text?.length ?? 0) > TEXT_LENGTH_MAX) return
  memory.entries.set(key, entry)
  for (const oldest of memory.entries.keys()) {
    if (memory.entries.size <= ENTRIES_MAX) return
    memory.entries.delete(oldest)
  }
}

const lastGoodKey = async (key: string): Promise<string> => `page:${(await sha256Hex(key)).slice(0, 32)}`

async function keepLastGood(kv: KVNamespace, memory: Memory, key: string, entry: Entry): Promise<void> {
  const before = memory.lastGoodAt.get(key)
  if (entry.text === null || EMPTY.test(entry.text) || before?.etag === entry.etag || (before && entry.madeAt - before.at < LAST_GOOD_EVERY_MS)) return
  memory.lastGoodAt.set(key, { etag: entry.etag, at: entry.madeAt })
  try {
    const name = await lastGoodKey(key)
    // Another isolate may have written the same a minute ago: reading is a tenth of writing.
    const there = before ? null : await readLastGood(kv, key)
    if (there?.etag !== entry.etag) await kv.put(name, JSON.stringify(entry), { expirationTtl: LAST_GOOD_KEPT_S })
  } catch (error) {
    log('cache.last_good_not_kept', { error: faultName(error) })
  }
}

async function readLastGood(kv: KVNamespace, key: string): Promise<Entry | null> {
  const found = Entry.safeParse(await kv.get(await lastGoodKey(key), 'json'))
  return found.success ? found.data : null
}

function memoryOf(kv: KVNamespace): Memory {
  const before = memories.get(kv)
  if (before) return before
  const made: Memory = { entries: new Map(), making: new Map(), lastGoodAt: new Map() }
  memories.set(kv, made)
  return made
}

/** Forgets what this isolate holds: as if it were a new one. */
export const forgetAnswers = (kv: KVNamespace): void => void memories.delete(kv)

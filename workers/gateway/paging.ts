import type { Context } from 'hono'
import type { AppEnv } from './context.ts'
import { invalidField } from './problem.ts'

/** A cursor is where the last page ended, opaque to the caller. */
export function encodeCursor(place: string): string {
  return btoa(String.fromCharCode(...new TextEncoder().encode(place))).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}

export function decodeCursor(cursor: string): string | null {
  try {
    const bytes = Uint8Array.from(atob(cursor.replaceAll('-', '+').replaceAll('_', '/')), (character) => character.charCodeAt(0))
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: false }).decode(bytes)
  } catch {
    return null
  }
}

type Query = { ok: true; limit: number; cursor: string | null } | { ok: false; answer: Response }

/** A cursor of a list ordered by time: `{epoch ms} {id}`. `null` when it is none of ours. */
export function parseTimeCursor(cursor: string): { at: number; id: string } | null {
  const [, at, id] = /^(\d{1,15}) (.+)$/.exec(cursor) ?? []
  return at === undefined || id === undefined ? null : { at: Number(at), id }
}

export const notACursor = (c: Context<AppEnv>): Response => invalidField(c, '/cursor', 'expected the nextCursor of an earlier page')

/** `?limit=&cursor=` of a list. */
export function pageQuery(c: Context<AppEnv>, defaultLimit: number, maxLimit: number): Query {
  const limitText = c.req.query('limit')
  const limit = limitText === undefined ? defaultLimit : Number(limitText)
  if (!Number.isInteger(limit) || limit < 1 || limit > maxLimit) return { ok: false, answer: invalidField(c, '/limit', `expected a whole number from 1 to ${maxLimit}`) }
  const cursorText = c.req.query('cursor')
  if (!cursorText) return { ok: true, limit, cursor: null }
  const cursor = decodeCursor(cursorText)
  return cursor === null ? { ok: false, answer: notACursor(c) } : { ok: true, limit, cursor }
}

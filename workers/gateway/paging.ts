import type { Context } from 'hono'
import { z } from 'zod'
import { PAGE_SIZE_DEFAULT, PAGE_SIZE_MAX } from '../../contract/limits.ts'
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

/** `null` when it is none of ours. */
function parseTimeCursor(cursor: string): { at: number; id: string } | null {
  const [, at, id] = /^(\d{1,15}) (.+)$/.exec(cursor) ?? []
  return at === undefined || id === undefined ? null : { at: Number(at), id }
}

/** Longer than the cursor of any list of ours. */
const CURSOR_LENGTH_MAX = 1_000
const NOT_A_CURSOR = 'expected the nextCursor of an earlier page'

/** `null` is the first page, and so is an empty one. */
export const place = <T>(read: (place: string) => T | null) => z.string().max(CURSOR_LENGTH_MAX).default('').transform((text, context): T | null => {
  if (text === '') return null
  const decoded = decodeCursor(text)
  const found = decoded === null ? null : read(decoded)
  if (found === null) context.addIssue({ code: 'custom', message: NOT_A_CURSOR })
  return found
})
export const Cursor = place((text) => text)
/** Of a list ordered by time: `{epoch ms} {id}`. */
export const TimeCursor = place(parseTimeCursor)

/** How many of a list; the rest follows by its cursor. */
export const limitOf = (defaultLimit: number, maxLimit: number) => {
  const wrong = `expected a whole number from 1 to ${maxLimit}`
  return z.coerce.number(wrong).int(wrong).min(1, wrong).max(maxLimit, wrong).default(defaultLimit)
}

/** `?limit=&cursor=` of most lists. */
export const PageQuery = z.object({ limit: limitOf(PAGE_SIZE_DEFAULT, PAGE_SIZE_MAX), cursor: Cursor })

export const notACursor = (c: Context<AppEnv>): Response => invalidField(c, '/cursor', NOT_A_CURSOR)

import { crc32 } from 'node:zlib'

/**
 * What shows that a POS came back from a backup, where its ids are given anew and the highest one told may be passed again before anybody looks.
 * Of each sale told lately it is remembered when it was and what was in it. One id with another time and other contents is another sale.
 */
export type Mark = { time: string; contents: string }

const short = (text: string): string => crc32(text).toString(36)
export const markOf = (time: string | null, contents: unknown): Mark => ({ time: short(time ?? ''), contents: short(JSON.stringify(contents)) })

/** What stands under the id of a sale that was told. `unclear`: one of the two changed, so it was corrected; or it is another sale that happens to be of the same goods. */
export type Standing = 'there' | 'unclear' | 'another' | 'gone'
export function standingOf(was: Mark | null, is: Mark | undefined): Standing {
  if (is === undefined) return 'gone'
  if (was === null) return 'there'
  const changed = [was.time !== is.time, was.contents !== is.contents].filter(Boolean).length
  return changed === 0 ? 'there' : changed === 1 ? 'unclear' : 'another'
}

/** A sale remembered as told: where it stood, and its mark; those of earlier versions have none. */
export type Told = { at: string; mark: Mark | null }
export const writeTold = (at: string, mark: Mark | null): string => (mark === null ? at : `${at}\t${mark.time}\t${mark.contents}`)
export function readTold(value: string): Told {
  const [at = '', time, contents] = value.split('\t')
  return { at, mark: time === undefined || contents === undefined ? null : { time, contents } }
}

/** A sale told before, as this reading found it. `at`: its place among the others. */
export type ToldSale = { id: string; at: bigint; now: Standing }

/**
 * The sales told last in which a backup shows, oldest first; none: nothing does. It takes the newest, all of them, and gives their ids anew from below: a corrected,
 * reopened or deleted one has newer ones beside it that are as they were, or is the only one.
 */
export function lostOf(told: readonly ToldSale[]): ToldSale[] {
  const newest = [...told].sort((a, b) => (a.at < b.at ? 1 : a.at > b.at ? -1 : 0))
  const asLongAs = (is: (now: Standing) => boolean): ToldSale[] => newest.slice(0, newest.findIndex(({ now }) => !is(now)) >>> 0).reverse()
  const since = asLongAs((now) => now !== 'there')
  if (since.length > 1 && since.some(({ now }) => now === 'another')) return since.filter(({ now }) => now !== 'unclear')
  return asLongAs((now) => now === 'gone')
}

/** The sign, in words, and whether everything told is gone, so that nobody knows how far back the POS went. A POS that moves what is old into an archive may move all of it. */
export function signOf(told: readonly ToldSale[]): { words: string; beyond: boolean } | null {
  const lost = lostOf(told)
  const another = lost.filter(({ now }) => now === 'another')
  const beyond = !told.some(({ now }) => now === 'there')
  const [first] = another.length > 0 ? another : lost
  if (first === undefined || (another.length === 0 && (lost.length < 2 || beyond))) return null
  const others = lost.length === 1 ? 'is another one now' : another.length === lost.length ? 'are other ones now' : 'are gone or other ones now'
  return { words: `${lost.length} of the sales told last ${another.length === 0 ? 'are gone' : others}, sale ${first.id} among them`, beyond }
}

import { crc32 } from 'node:zlib'

/**
 * What shows that a POS came back from a backup, where its ids are given anew and the highest one told may be passed again before anybody looks.
 * Of each sale told lately it is remembered when it was and what was in it. One id with another time and other contents is another sale;
 * a sale that only one of them changed of was corrected at the till.
 */
export type Mark = { time: string; contents: string }

const short = (text: string): string => crc32(text).toString(36)
export const markOf = (time: string | null, contents: unknown): Mark => ({ time: short(time ?? ''), contents: short(JSON.stringify(contents)) })
export const isAnother = (was: Mark | null, is: Mark): boolean => was !== null && was.time !== is.time && was.contents !== is.contents

/** A sale remembered as told: where it stood, and its mark; those of earlier versions have none. */
export type Told = { at: string; mark: Mark | null }
export const writeTold = (at: string, mark: Mark | null): string => (mark === null ? at : `${at}\t${mark.time}\t${mark.contents}`)
export function readTold(value: string): Told {
  const [at = '', time, contents] = value.split('\t')
  return { at, mark: time === undefined || contents === undefined ? null : { time, contents } }
}

/** A sale told before, as this reading found it. `at`: its place among the others. */
export type ToldSale = { id: string; at: bigint; now: 'there' | 'another' | 'gone' }

/**
 * The sign, in words, and whether everything told is gone, so that nobody knows how far back the POS went. A backup takes the newest sales, all of
 * them: a corrected, reopened or deleted one has newer ones beside it, or is the only one; and a POS that moves what is old into an archive begins with the oldest.
 */
export function signOf(told: readonly ToldSale[]): { words: string; beyond: boolean } | null {
  const newestThere = told.reduce<bigint | null>((newest, { at, now }) => (now === 'there' && (newest === null || at > newest) ? at : newest), null)
  const lost = told.filter(({ at, now }) => now !== 'there' && (newestThere === null || at > newestThere)).sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0))
  const another = lost.filter(({ now }) => now === 'another')
  if (lost.length < 2 || (another.length === 0 && newestThere === null)) return null
  const [first] = another.length > 0 ? another : lost
  const words = `${lost.length} of the sales told last are ${another.length === 0 ? 'gone' : another.length === lost.length ? 'other ones now' : 'gone or other ones now'}, sale ${first?.id} among them`
  return { words, beyond: newestThere === null }
}

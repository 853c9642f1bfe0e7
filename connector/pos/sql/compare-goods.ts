import type { Level } from '../../../contract/events.ts'
import type { Item } from '../../../contract/product.ts'
import { hashSync } from '../../journal/digest-sync.ts'
import type { PosMemory, PosRefusal, Remembered } from '../port.ts'
import type { GoodsRow } from './ports.ts'

/**
 * What the memory holds of goods. `b/{bucket}`: the checksum of a bucket when all of it was compared, and the keys of its rows that were read by themselves since. `g/{bucket}/{key}`: what was told of a row.
 * `s/{sku}`: bucket and key of the row that has this SKU. `f/{sku}`: key and item (a hash) of the row that had it last and has given it up. `d/{sku}/{key}`: the bucket of a row that waits for a SKU which another has.
 */
export const BUCKETS = 'b/'
const rowPlace = ({ bucket, key }: Place): string => `g/${bucket}/${key}`
const ownerPlace = (sku: string): string => `s/${sku}`
const formerPlace = (sku: string): string => `f/${sku}`
const waitingPlaces = (sku: string): string => `d/${sku}/`
/** A bucket is read whole, so what is remembered of it is too. */
const BUCKET_ROWS_MAX = 1_000_000
/** More than any shop has. */
const BUCKETS_MAX = 1_000_000
/** Of a bucket of which more rows than this were read by themselves, all of it is compared. */
const STRAYS_MAX = 50
const BETWEEN_KEYS = '\n'
/** `sum` null: nothing is known of the bucket. A stray was told newer than the checksum: the row may be back to what it was then, and the checksum too. */
export type RememberedBucket = { sum: string | null; strays: string[] }
export function rememberedBucket(memory: PosMemory, bucket: string): RememberedBucket {
  const [sum = null, ...strays] = memory.get(BUCKETS + bucket)?.split(BETWEEN_KEYS) ?? []
  return { sum, strays }
}

/** How many rows may wait for one SKU: a column that is the same everywhere is no SKU. */
const WAITING_MAX = 100
/** Half a SHA-256: two items that differ do not meet in it. */
const HASH_LENGTH = 32

export type Place = { bucket: string; key: string }
const parsePlace = (value: string): Place => {
  const [bucket, key] = JSON.parse(value) as [string, string]
  return { bucket, key }
}

/** What was told of a row: its SKU, its item (a hash; null: not for sale) and its level (null: none). `refusal`: a hash of why it cannot be read now. */
type Told = { sku: string; itemHash: string | null; onHand: number | null; refusal: string | null }
const NOTHING: Omit<Told, 'sku'> = { itemHash: null, onHand: null, refusal: null }

const parseTold = (value: string): Told => {
  const [sku, itemHash, onHand, refusal = null] = JSON.parse(value) as [string, string | null, number | null, (string | null)?]
  return { sku, itemHash, onHand, refusal }
}
const writeTold = ({ sku, itemHash, onHand, refusal }: Told): string => JSON.stringify([sku, itemHash, onHand, ...(refusal === null ? [] : [refusal])])
const hash = (value: unknown): string => hashSync(value).slice(0, HASH_LENGTH)

/** What rows differ in from what is remembered of them, gathered over one reading. The rows are all of one moment. */
export type Comparison = {
  /** One row, by itself. */
  row(row: GoodsRow): void
  /** The rows of a bucket and its checksum: what is remembered there and was not read is gone, of the keys that were asked for. `null`: the bucket is empty. */
  bucket(bucket: string, checksum: string | null, rows: readonly GoodsRow[], isAsked?: (key: string) => boolean): void
  /** A row that was looked for and is not there. */
  gone(place: Place): void
  /** Rows on which others wait, to be read in the same moment and given to `row` or `gone`. Each only once. */
  takeWanted(): Place[]
  facts(): number
  result(): { items: Item[]; removed: string[]; renamed: { sku: string; formerSku: string }[]; reused: string[]; levels: Level[]; remember: Remembered[]; refused: PosRefusal[] }
}

export const refusalKey = (key: string): string => `goods/${key}`

/**
 * Compares rows with the memory. A row whose SKU changed gives its old one up, and so does one that is gone or no longer for sale. Of two
 * rows with one SKU the one that had it keeps it, after a second look; the other is refused and takes it once it is free.
 */
export function compareGoods(memory: PosMemory): Comparison {
  const items = new Map<string, Item>()
  const levels = new Map<string, number>()
  const removed = new Set<string>()
  /** By the new SKU. */
  const renamed = new Map<string, string>()
  const reused = new Set<string>()
  const refused = new Map<string, PosRefusal>()
  const changed = new Map<string, string | null>()
  /** Rows that began to wait in this reading: the memory does not list them yet. */
  const newlyWaiting = new Map<string, Map<string, string>>()
  const looked = new Set<string>()
  /** The last number of a SKU that a row gave up in this reading: another row may take it over at once. */
  const lastOf = new Map<string, number>()
  let wanted: Place[] = []

  /** What the memory has of the bucket at hand, in one look. */
  let ofBucket = new Map<string, string>()

  const committed = (place: string): string | null => ofBucket.get(place) ?? memory.get(place)
  const known = (place: string): string | null => (changed.has(place) ? changed.get(place) ?? null : committed(place))
  const set = (place: string, value: string | null): void => {
    if (committed(place) === value) changed.delete(place)
    else changed.set(place, value)
  }
  /** Buckets compared in this reading: their rows are of the same moment as their checksum. */
  const compared = new Set<string>()
  const setRow = (place: Place, value: string | null): void => {
    if (known(rowPlace(place)) === value) return
    set(rowPlace(place), value)
    if (compared.has(place.bucket)) return
    const [sum, ...strays] = known(BUCKETS + place.bucket)?.split(BETWEEN_KEYS) ?? []
    if (sum === undefined || strays.includes(place.key)) return
    set(BUCKETS + place.bucket, strays.length < STRAYS_MAX ? [sum, ...strays, place.key].join(BETWEEN_KEYS) : null)
  }
  const toldOf = (place: Place): Told | null => {
    const value = known(rowPlace(place))
    return value === null ? null : parseTold(value)
  }

  const wait = (sku: string, { bucket, key }: Place): void => {
    set(waitingPlaces(sku) + key, bucket)
    newlyWaiting.set(sku, (newlyWaiting.get(sku) ?? new Map<string, string>()).set(key, bucket))
  }
  const stopWaiting = (sku: string, key: string): void => {
    set(waitingPlaces(sku) + key, null)
    newlyWaiting.get(sku)?.delete(key)
  }
  const waitingFor = (sku: string): Place[] => {
    const prefix = waitingPlaces(sku)
    const before = memory.list(prefix, null, WAITING_MAX).filter(({ key }) => known(key) !== null).map(({ key, value }) => ({ bucket: value, key: key.slice(prefix.length) }))
    return [...before, ...[...newlyWaiting.get(sku) ?? []].map(([key, bucket]) => ({ bucket, key }))]
  }

  /** The row has this SKU no longer. Nobody sells it any more, unless a row that waits for it does. */
  const giveUp = (sku: string, key: string, had: Pick<Told, 'onHand' | 'itemHash'> | null): void => {
    stopWaiting(sku, key)
    const owner = known(ownerPlace(sku))
    if (owner === null || parsePlace(owner).key !== key) return
    if (had !== null && had.onHand !== null) lastOf.set(sku, had.onHand)
    set(ownerPlace(sku), null)
    if (had !== null && had.itemHash !== null) set(formerPlace(sku), JSON.stringify([key, had.itemHash]))
    renamed.delete(sku)
    items.delete(sku)
    levels.delete(sku)
    removed.add(sku)
    wanted.push(...waitingFor(sku))
  }

  const refuse = (place: Place, told: Told, reason: string, text: string): void => {
    const refusal = hash([reason, text])
    if (told.refusal !== refusal) refused.set(place.key, { key: refusalKey(place.key), reason, text })
    setRow(place, writeTold({ ...told, refusal }))
  }
  const keep = (place: Place, told: Omit<Told, 'refusal'>, before: Told | null): void => {
    if (before !== null && before.refusal !== null) refused.set(place.key, { key: refusalKey(place.key), reason: null, text: '' })
    setRow(place, writeTold({ ...told, refusal: null }))
  }

  const gone = (place: Place): void => {
    const told = toldOf(place)
    looked.add(place.key)
    if (told === null) return
    giveUp(told.sku, place.key, told)
    if (told.refusal !== null) refused.set(place.key, { key: refusalKey(place.key), reason: null, text: '' })
    setRow(place, null)
  }

  const row = (read: GoodsRow): void => {
    const told = toldOf(read)
    looked.add(read.key)
    if ('refused' in read) {
      // The last good state stays: a row that cannot be read is not gone. But it is no longer that of a SKU which can be read and is another.
      const isOther = told !== null && read.sku !== null && told.sku !== read.sku
      if (isOther) giveUp(told.sku, read.key, told)
      refuse(read, told === null || isOther ? { ...NOTHING, sku: read.sku ?? '', refusal: told?.refusal ?? null } : told, read.refused, read.text)
      return
    }
    const { sku, item, onHand } = read
    const itemHash = item === null ? null : hash(item)
    const last = (told?.sku === sku ? told.onHand : null) ?? lastOf.get(sku) ?? null
    // What was counted and is not any more is none to sell: its last number would be sold for ever.
    const count = item === null ? null : onHand ?? (item.tracked && last !== null ? 0 : null)
    // What becomes a service keeps its last number in mind: the edge has it too, and goods that are to be counted again are not sold from it.
    const kept = item === null ? null : count ?? last
    // Nearly all rows: as they were told.
    if (told !== null && told.refusal === null && told.sku === sku && told.itemHash === itemHash && told.onHand === kept) return
    if (told !== null && told.sku !== sku) giveUp(told.sku, read.key, told)
    const before = told?.sku === sku ? told : null
    if (item === null) {
      giveUp(sku, read.key, before)
      keep(read, { ...NOTHING, sku }, told)
      return
    }
    const owner = known(ownerPlace(sku))
    const other = owner === null ? null : parsePlace(owner)
    if (other !== null && other.key !== read.key) {
      wait(sku, read)
      // It may have given the SKU up, unread as yet.
      if (!looked.has(other.key)) wanted.push(other)
      const was = before ?? { ...NOTHING, sku, refusal: told?.refusal ?? null }
      refuse(read, was, `the SKU ${sku} is that of another item too (${other.key}): each needs its own`, JSON.stringify(item))
      return
    }
    stopWaiting(sku, read.key)
    set(ownerPlace(sku), JSON.stringify([read.bucket, read.key]))
    const former = known(formerPlace(sku))
    if (former !== null) {
      // The same item under another key is no other item: the configuration may say now that goods are known by another column.
      const [key, hadHash] = JSON.parse(former) as [string, string]
      if (key !== read.key && hadHash !== itemHash) reused.add(sku)
      set(formerPlace(sku), null)
    }
    if (told !== null && told.sku !== '' && told.sku !== sku && told.itemHash !== null) renamed.set(sku, told.sku)
    removed.delete(sku)
    if (before?.itemHash !== itemHash) items.set(sku, item)
    // An item that comes back tells its level anew.
    if (count !== null && (before?.onHand !== count || before.itemHash === null)) levels.set(sku, count)
    keep(read, { sku, itemHash, onHand: kept }, told)
  }

  return {
    row,
    gone,
    bucket(bucket, checksum, rows, isAsked = () => true) {
      compared.add(bucket)
      const here = new Set(rows.map(({ key }) => key))
      const prefix = rowPlace({ bucket, key: '' })
      const before = memory.list(prefix, null, BUCKET_ROWS_MAX)
      ofBucket = new Map(before.map((entry) => [entry.key, entry.value]))
      for (const entry of before) {
        const key = entry.key.slice(prefix.length)
        if (!here.has(key) && isAsked(key)) gone({ bucket, key })
      }
      for (const each of rows) row(each)
      ofBucket = new Map()
      set(BUCKETS + bucket, checksum)
    },
    takeWanted() {
      const places = [...new Map(wanted.map((place) => [place.key, place])).values()]
      wanted = []
      return places
    },
    facts: () => items.size + levels.size + removed.size + reused.size,
    result: () => ({
      items: [...items.values()],
      removed: [...removed],
      renamed: [...renamed].map(([sku, formerSku]) => ({ sku, formerSku })),
      reused: [...reused],
      levels: [...levels].map(([sku, onHand]) => ({ sku, onHand })),
      remember: [...changed].map(([key, value]) => ({ key, value })),
      refused: [...refused.values()],
    }),
  }
}

/** Which row has a SKU that several want, as far as was ever read. */
export function ownerOf(memory: PosMemory, sku: string): string | null {
  const owner = memory.get(ownerPlace(sku))
  return owner === null ? null : parsePlace(owner).key
}

/** The SKU under which a row was told that cannot be read now. */
export function skuToldOf(memory: PosMemory, place: Place): string | null {
  const told = memory.get(rowPlace(place))
  return told === null ? null : parseTold(told).sku || null
}

/** As if every bucket had other rows than when it was compared last: what was told of them stays, and they are all read. */
export function doubtAll(memory: PosMemory): Remembered[] {
  return memory.list(BUCKETS, null, BUCKETS_MAX).map(({ key }) => ({ key, value: '' }))
}

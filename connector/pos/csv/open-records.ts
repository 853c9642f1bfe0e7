import { constants } from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { parse } from 'csv-parse'
import type { CsvConfig } from './csv-config.ts'

/** One record with the line on which it ends (lines count from 1) and its text as it stood there. */
export type FileRecord = { line: number; cells: string[]; text: string }

export type Records = {
  /** At most `limit` more. What stands before a broken place is given first; then `BrokenFile` is thrown in place of the end. */
  next(limit: number): Promise<{ records: FileRecord[]; ended: boolean }>
  close(): Promise<void>
}

/** A file whose records cannot be told apart, from a line on or altogether: no later line of it can be trusted. */
export class BrokenFile extends Error {
  override name = 'BrokenFile'
}

/** Enough to see a header and some hundred lines. */
const SNIFF_BYTES = 65_536
/** No line of a till is longer; a quote that is never closed would swallow the file. */
const RECORD_LENGTH_MAX = 128_000

/** A link would lead out of the folder. Windows has no such flag; there the scan alone leaves links out. */
const READ_NO_LINK = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0)

/** Opens a file as a stream of records, in bounded memory. */
export async function openRecords(path: string, config: Pick<CsvConfig, 'encoding' | 'delimiter'>): Promise<Records> {
  const file = await open(path, READ_NO_LINK)
  try {
    return await recordsOf(file, config)
  } catch (error) {
    await file.close()
    throw error
  }
}

async function recordsOf(file: FileHandle, config: Pick<CsvConfig, 'encoding' | 'delimiter'>): Promise<Records> {
  const { bytesRead, buffer } = await file.read(Buffer.alloc(SNIFF_BYTES), 0, SNIFF_BYTES, 0)
  const sniffed = buffer.subarray(0, bytesRead)
  const encoding = encodingOf(sniffed, config.encoding)
  const head = new TextDecoder(encoding === 'undecided' ? 'utf-8' : encoding).decode(sniffed, { stream: true })
  if (head.trim() === '') throw new BrokenFile('the file is empty')
  if (encoding !== 'utf-16le' && encoding !== 'utf-16be' && share(head, '\0') > NUL_SHARE_MAX) throw new BrokenFile('the file is no text: it is full of NUL bytes')
  // What Excel writes so that it finds the delimiter again.
  const [, separator] = /^sep=(.)\r?\n/i.exec(head) ?? []
  let broken: BrokenFile | null = null
  const parser = parse({
    delimiter: config.delimiter === 'tab' ? '\t' : config.delimiter === 'auto' ? separator ?? likelyDelimiter(head) : config.delimiter,
    from_line: separator === undefined ? 1 : 2,
    // Left to itself, the parser takes the first line's end for that of all, and glues lines together in a file that was put together of two.
    record_delimiter: ['\r\n', '\n', '\r'],
    info: true, raw: true, relax_quotes: true, relax_column_count: true, skip_empty_lines: true, skip_records_with_error: true, max_record_size: RECORD_LENGTH_MAX,
    on_skip(error) {
      broken ??= new BrokenFile(error?.code === 'CSV_QUOTE_NOT_CLOSED' ? `a quote is never closed; the file cannot be told apart near line ${linesOf(error)}`
        : error?.code === 'CSV_MAX_RECORD_SIZE' ? `a line longer than ${RECORD_LENGTH_MAX} characters, near line ${linesOf(error)}: a quote that is not closed, or no such file`
          : `the file cannot be told apart near line ${linesOf(error)}`)
      return undefined
    },
  })
  const source = Readable.from(decoded(file, encoding))
  source.on('error', (error) => parser.destroy(error))
  const records: AsyncIterator<{ record: string[]; raw: string; info: { lines: number } }> = source.pipe(parser)[Symbol.asyncIterator]()
  let ended = false

  const next = async (limit: number): Promise<{ records: FileRecord[]; ended: boolean }> => {
    const read: FileRecord[] = []
    while (!ended && read.length < limit) {
      const one = await records.next()
      if (one.done) ended = true
      else read.push({ line: one.value.info.lines, cells: one.value.record, text: one.value.raw.replace(/[\r\n]+$/, '') })
    }
    if (read.length === 0 && broken) throw broken
    return { records: read, ended: ended && broken === null }
  }
  return {
    next,
    async close() {
      ended = true
      source.destroy()
      parser.destroy()
      await file.close()
    },
  }
}

const NUL_SHARE_MAX = 0.1
const share = (text: string, character: string): number => text.split(character).length / (text.length + 1)

const linesOf = (error: unknown): string => (error instanceof Error && 'lines' in error ? String(error.lines) : '?')

async function* decoded(file: FileHandle, encoding: Encoding): AsyncGenerator<string> {
  let decoder = encoding === 'undecided' ? null : new TextDecoder(encoding)
  const buffer = Buffer.alloc(SNIFF_BYTES)
  let cut = Buffer.alloc(0)
  for (let position = 0; ;) {
    const { bytesRead } = await file.read(buffer, 0, SNIFF_BYTES, position)
    position += bytesRead
    const bytes = cut.length > 0 ? Buffer.concat([cut, buffer.subarray(0, bytesRead)]) : buffer.subarray(0, bytesRead)
    cut = Buffer.alloc(0)
    // As long as it is all ASCII, it is the same in both; and of a character that the piece cuts in two, the rest will tell.
    const beginning = decoder === null ? asciiBefore(bytes) : 0
    if (decoder === null && beginning < bytes.length) {
      if (bytesRead > 0 && isCut(bytes.subarray(beginning))) cut = Buffer.from(bytes.subarray(beginning))
      else decoder = new TextDecoder(isUtf8(bytes) && (bytesRead > 0 || !isCut(bytes)) ? 'utf-8' : 'windows-1252')
    }
    const text = decoder === null ? bytes.toString('latin1', 0, beginning) : decoder.decode(bytes, { stream: bytesRead > 0 })
    if (text !== '') yield text
    if (bytesRead === 0) return
  }
}

/** How many bytes stand before the first that is no ASCII. */
function asciiBefore(bytes: Buffer): number {
  const at = bytes.findIndex((byte) => byte >= 0x80)
  return at === -1 ? bytes.length : at
}

/** `undecided`: nothing but ASCII so far, so the first byte that is none will tell. */
type Encoding = Exclude<CsvConfig['encoding'], 'auto'> | 'undecided'

/** The byte order mark is the file's own word and goes before the configuration's. */
function encodingOf(bytes: Buffer, wanted: CsvConfig['encoding']): Encoding {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le'
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be'
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) return 'utf-8'
  if (wanted !== 'auto') return wanted
  // Headers and numbers are mostly ASCII: in UTF-16 every other byte of them is 0, and no byte between.
  const [even, odd] = [zeroes(bytes, 0), zeroes(bytes, 1)]
  if (odd > UTF16_ZEROES_MIN && even === 0) return 'utf-16le'
  if (even > UTF16_ZEROES_MIN && odd === 0) return 'utf-16be'
  const tail = bytes.subarray(asciiBefore(bytes))
  if (tail.length === 0 || isCut(tail)) return 'undecided'
  return isUtf8(bytes) ? 'utf-8' : 'windows-1252'
}

const UTF16_ZEROES_MIN = 0.5

/** The share of zero bytes at every other place. */
function zeroes(bytes: Buffer, from: 0 | 1): number {
  let count = 0
  for (let at = from; at < bytes.length; at += 2) if (bytes[at] === 0) count += 1
  return count / Math.max(1, Math.floor(bytes.length / 2))
}

/** A character that the piece cuts in two is none that is wrong. */
const isUtf8 = (bytes: Buffer): boolean => decodes(bytes, true)
/** Nothing but a character of UTF-8 that lacks its end. */
const isCut = (bytes: Buffer): boolean => bytes.length < UTF8_BYTES_MAX && decodes(bytes, true) && !decodes(bytes, false)
const UTF8_BYTES_MAX = 4

function decodes(bytes: Buffer, stream: boolean): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream })
    return true
  } catch {
    return false
  }
}

const DELIMITERS = [',', ';', '\t', '|'] as const

/** The one that stands most often in the header, outside of quotes. */
function likelyDelimiter(head: string): string {
  const header = (head.split(/\r?\n|\r/).find((line) => line.trim() !== '') ?? '').replaceAll(/"[^"]*"/g, '')
  return DELIMITERS.reduce((best, one) => (header.split(one).length > header.split(best).length ? one : best))
}

import { parse } from 'csv-parse/sync'
import { z } from 'zod'
import { Variant } from '../../../contract/product.ts'
import { ok, refused, type Result } from '../../../contract/result.ts'
import { Sku } from '../../../contract/values.ts'
import { hashSync } from '../../journal/digest-sync.ts'

/** What a shop knows of an item and its POS does not: what it is one of, and which barcodes it has beside those in the POS. */
export type Known = { variant: Variant | null; barcodes: readonly string[] }
/** By SKU. `digest` is another when anything in it is. */
export type VariantBook = { of: ReadonlyMap<string, Known>; digest: string }
export type VariantsProblem = { line: number; expected: string; found: string }

const [SKU, PRODUCT, BARCODES] = ['sku', 'product', 'barcodes']
/** A shop of 50,000 items is 3 MB. */
export const VARIANTS_BYTES_MAX = 20_000_000
const PROBLEMS_MAX = 20
const DELIMITERS = [',', ';', '\t']

const Rows = z.array(z.object({ record: z.array(z.string()), info: z.object({ lines: z.int() }) }))

/**
 * A table as a spreadsheet saves it: `sku`, `product` and `barcodes` (several with blanks between), and a column for each option, whose header is
 * the option's name: Size, Colour. What stands in none of an item's cells is not one of its options. All that is wrong is told, not only the first.
 */
export function readVariants(text: string): Result<VariantBook, VariantsProblem[]> {
  let rows: z.infer<typeof Rows>
  try {
    rows = Rows.parse(parse(text, { bom: true, info: true, trim: true, skip_empty_lines: true, relax_column_count: true, delimiter: delimiterOf(text) }))
  } catch (error) {
    return refused([{ line: 1, expected: 'a table of comma-separated values', found: error instanceof Error ? error.message : 'none' }])
  }
  const header = rows[0]?.record ?? []
  const names = header.map((name) => ([SKU, PRODUCT, BARCODES].find((known) => known === name.toLowerCase()) ?? name))
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (!names.includes(SKU) || twice !== undefined) return refused([{ line: 1, expected: twice === undefined ? 'a header with a column "sku"' : 'each column once', found: header.join(', ').slice(0, 200) || 'nothing' }])

  const problems: VariantsProblem[] = []
  const of = new Map<string, Known>()
  for (const { record, info } of rows.slice(1)) {
    const read = readRow(names, record)
    if (!read.ok) problems.push({ line: info.lines, ...read.refusal })
    else if (of.has(read.value.sku)) problems.push({ line: info.lines, expected: 'each SKU once', found: `${read.value.sku} again` })
    else of.set(read.value.sku, read.value.known)
  }
  return problems.length > 0 ? refused(problems.slice(0, PROBLEMS_MAX)) : ok({ of, digest: hashSync([...of]) })
}

function readRow(names: readonly string[], record: readonly string[]): Result<{ sku: string; known: Known }, Omit<VariantsProblem, 'line'>> {
  const cell = (name: string): string => record[names.indexOf(name)] ?? ''
  if (record.length > names.length) return refused({ expected: `${names.length} cells`, found: `${record.length}` })
  const sku = Sku.safeParse(cell(SKU ?? ''))
  if (!sku.success) return refused({ expected: 'a SKU: 1 to 64 visible characters without spaces', found: JSON.stringify(cell(SKU ?? '')) })
  const productId = cell(PRODUCT ?? '')
  const options = names.flatMap((name, place) => (name === SKU || name === PRODUCT || name === BARCODES || !record[place] ? [] : [{ name, value: record[place] }]))
  const barcodes = cell(BARCODES ?? '').split(/[\s|]+/).filter(Boolean)
  if (productId === '') {
    return options.length === 0 ? ok({ sku: sku.data, known: { variant: null, barcodes } }) : refused({ expected: 'a product, of which these are the options', found: options.map(({ name }) => name).join(', ') })
  }
  const variant = Variant.safeParse({ productId, options })
  if (!variant.success) return refused({ expected: 'at least one option (Size, Colour), of at most 80 characters', found: JSON.stringify(options).slice(0, 200) })
  return ok({ sku: sku.data, known: { variant: variant.data, barcodes } })
}

/** The one that the header has most of. */
const delimiterOf = (text: string): string => {
  const [header = ''] = text.split(/\r?\n/, 1)
  return DELIMITERS.toSorted((one, other) => header.split(other).length - header.split(one).length)[0] ?? ','
}

import { z } from 'zod'
import { Currency, TaxRate } from '../../../contract/values.ts'
import { filePath } from '../../config/file-path.ts'

/** What a goods file may say of an item; each word names the header of the column that says it. Headers are met whatever their case. */
const GOODS_COLUMNS = {
  sku: 'sku', name: 'name', description: 'description', brand: 'brand', category: 'category', barcode: 'barcode', unit: 'unit', price: 'price',
  currency: 'currency', taxRate: 'tax_rate', taxIncluded: 'tax_included', stock: 'stock', countedAt: 'counted_at', tracked: 'tracked', removed: 'removed', imageUrl: 'image_url',
} as const
const SALES_COLUMNS = {
  invoice: 'invoice', sku: 'sku', name: 'name', quantity: 'quantity', unit: 'unit', price: 'price', lineTotal: 'line_total', tax: 'tax', currency: 'currency', soldAt: 'sold_at', order: 'order',
} as const
const STATUS_COLUMNS = { order: 'order', status: 'status', at: 'at', reason: 'reason' } as const

const columns = <K extends string>(defaults: Record<K, string>): z.ZodPrefault<z.ZodObject<Record<K, z.ZodDefault<z.ZodString>>>> => {
  const shape = Object.fromEntries(Object.entries<string>(defaults).map(([key, header]) => [key, z.string().min(1).max(200).default(header)])) as Record<K, z.ZodDefault<z.ZodString>>
  return z.object(shape).prefault({} as z.input<z.ZodObject<typeof shape>>)
}
/** `*` is any text, `?` one character, whatever their case. */
const patterns = z.array(z.string().min(1).max(200)).max(50)

const timeZone = z.string().refine((zone) => {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions().timeZone !== ''
  } catch {
    return false
  }
}, 'a time zone such as Europe/London')

/** The longest that a file is left to grow, or a folder unwatched: an hour late is no longer live. */
const waitMs = z.int().min(0).max(3_600_000)

/** A POS that exchanges files: `pos: { type: csv, … }`. */
export const CsvConfig = z.object({
  type: z.literal('csv'),
  /** Where the POS drops its files. orders/, processed/, rejected/ and .tillbridge/ are made in it. */
  folder: filePath('the folder where the POS drops its files'),
  /** What the files have said so far. Left out: .tillbridge/state.sqlite in the folder; on a network share, name a file on a local disk. */
  stateFile: filePath().optional(),
  currency: Currency,
  timeZone,
  /** `auto`: as the byte order mark says, else UTF-8 where it is that, else windows-1252. */
  encoding: z.enum(['auto', 'utf-8', 'windows-1252', 'utf-16le', 'utf-16be']).default('auto'),
  delimiter: z.union([z.literal('auto'), z.literal('tab'), z.string().length(1)]).default('auto'),
  decimal: z.enum(['point', 'comma']).default('point'),
  /** How the files write a time, in the words of Luxon ("dd/MM/yyyy HH:mm"). Left out: "2026-05-01 10:00:00" or RFC 3339. */
  timeFormat: z.string().min(1).max(60).optional(),
  /** A file is finished when its size and date have stood still this long. */
  settleMs: waitMs.default(2_000),
  /** The folder is looked through this often, beside what the system tells of it. */
  scanEveryMs: waitMs.default(5_000),
  goods: z.object({
    files: patterns.default(['goods*.csv', 'stock*.csv', 'catalog*.csv']),
    /** Which of them list all goods, so that what is missing in them is gone. `true`: all. */
    whole: z.union([z.boolean(), patterns]).default(['*full*', '*whole*']),
    columns: columns(GOODS_COLUMNS),
    taxIncluded: z.boolean().default(true),
    /** Of goods whose file has no tax column (left out: 0) or an empty cell in it (left out: refused, since nobody said that they are free of tax). */
    taxRate: TaxRate.optional(),
    /** `none`: the POS tells sales only; nothing is sold online from such a store. */
    come: z.enum(['files', 'none']).default('files'),
  }).prefault({}),
  sales: z.object({
    files: patterns.default(['sales*.csv']),
    columns: columns(SALES_COLUMNS),
    /** Codes that are no goods (postage, bank charges): lines of them, in files of sales and of goods, are counted and passed over. */
    notGoods: z.array(z.string()).max(1_000).default([]),
    /** Whether a sale lowers the last counted level until the next count. */
    moveStock: z.boolean().default(true),
  }).prefault({}),
  status: z.object({ files: patterns.default(['order-status*.csv']), columns: columns(STATUS_COLUMNS) }).prefault({}),
  /**
   * So long are numbers of sales and finished orders kept, to know them when they come again. A sale that is older than the newest one forgotten is
   * not told: it may have been. More than a year, so that a yearly closing finds nothing new.
   */
  keepDays: z.int().min(30).max(3_650).default(400),
  orders: z.object({
    /** `allow`: an order is written although the last known level does not cover it. */
    oversell: z.enum(['refuse', 'allow']).default('refuse'),
    /** `file`: an order that the POS has taken is cancelled by a second file. `never`: then it cannot be cancelled any more. */
    cancel: z.enum(['file', 'never']).default('never'),
    /** How long after it took an order's file the POS may need to book it: a count within that time is taken as not knowing of the order. */
    bookedWithinMs: z.int().min(0).max(86_400_000).default(60_000),
  }).prefault({}),
})
export type CsvConfig = z.output<typeof CsvConfig>

/** The columns of each kind of file, by what they mean. */
export type GoodsColumn = keyof typeof GOODS_COLUMNS
export type SalesColumn = keyof typeof SALES_COLUMNS
export type StatusColumn = keyof typeof STATUS_COLUMNS

export type FileKind = 'goods' | 'sales' | 'status'

/** What is behind the name of a file whose refused lines lie in rejected/, to be mended and dropped again. */
export const LINES_END = '.lines.csv'
/** The file that lines come from; another file is itself. */
export const withoutLinesEnd = (name: string): string => name.replace(/(\.lines\.csv)+$/i, '')

/** What a file is, by its name; `null`: none of ours. Some lines of a file list never all goods. A number before its end ("goods.2.csv") is one of ours. */
export function kindOf(name: string, config: CsvConfig): { kind: FileKind; whole: boolean } | null {
  const original = withoutLinesEnd(name)
  const known = kindOfFile(original, config) ?? kindOfFile(original.replace(/\.\d+(\.[^.]{1,5})$/, '$1'), config)
  return known && original !== name ? { ...known, whole: false } : known
}

function kindOfFile(name: string, config: CsvConfig): { kind: FileKind; whole: boolean } | null {
  const { whole } = config.goods
  if (matches(name, config.status.files)) return { kind: 'status', whole: false }
  if (matches(name, config.sales.files)) return { kind: 'sales', whole: false }
  if (matches(name, config.goods.files)) return { kind: 'goods', whole: typeof whole === 'boolean' ? whole : matches(name, whole) }
  return null
}

function matches(name: string, wanted: readonly string[]): boolean {
  return wanted.some((pattern) => {
    const source = pattern.replaceAll(/[.+^${}()|[\]\\]/g, '\\$&').replaceAll(/\*+/g, '.*').replaceAll('?', '.')
    return new RegExp(`^${source}$`, 'isu').test(name)
  })
}

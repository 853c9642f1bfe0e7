import { closeSync, mkdirSync, openSync, renameSync, writeSync } from 'node:fs'
import path from 'node:path'

/** Files as a till exports them, written piece by piece: they may be larger than memory. */

const PIECE_LENGTH = 1 << 20

function write(folder: string, name: string, header: string, rows: Iterable<string>): number {
  mkdirSync(folder, { recursive: true })
  const part = path.join(folder, `${name}.part`)
  const file = openSync(part, 'w')
  let bytes = 0
  let piece = `${header}\r\n`
  for (const row of rows) {
    piece += `${row}\r\n`
    if (piece.length >= PIECE_LENGTH) {
      bytes += writeSync(file, piece)
      piece = ''
    }
  }
  bytes += writeSync(file, piece)
  closeSync(file)
  renameSync(part, path.join(folder, name))
  return bytes
}

/** As wide as a wholesaler's export: names, a description, a brand, a barcode. `from` lets a second export differ. */
export const writeGoods = (folder: string, name: string, items: number, priceMinor = 100): number => write(folder, name, 'sku,name,description,brand,category,barcode,unit,price,tax_rate,stock', (function* rows() {
  for (let n = 0; n < items; n += 1) {
    yield `SKU-${String(n).padStart(6, '0')},"Article ${n}, large","A plain article of everyday use, number ${n}, as it stands on the shelf",Brand ${n % 300},Category ${n % 40},${4_000_000_000_000 + n},each,${((priceMinor + (n % 5_000)) / 100).toFixed(2)},19,${n % 200}`
  }
})())

/** Invoices of three lines. `wide` fills a column that no till reads. */
export const writeSales = (folder: string, name: string, invoices: number, skus: number, wide: string): number => write(folder, name, 'invoice,sku,name,quantity,price,sold_at,remark', (function* rows() {
  for (let n = 0; n < invoices; n += 1) {
    for (let line = 0; line < 3; line += 1) {
      const sku = (n * 7 + line) % skus
      yield `I${n},SKU-${String(sku).padStart(6, '0')},Article ${sku},${(n % 3) + 1},${((100 + (sku % 5_000)) / 100).toFixed(2)},2026-05-01T10:00:00Z,${wide}`
    }
  }
})())

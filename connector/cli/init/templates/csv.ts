import { isZone } from '../database-login.ts'
import { quoted, type Template } from '../template.ts'

export const csv: Template = {
  title: 'files that the POS drops into a folder and takes from it',
  questions: [
    { key: 'folder', message: 'The folder where the POS drops its files', path: 'own' },
    { key: 'currency', message: 'Currency of the prices (ISO 4217)', usual: 'EUR', wrong: (answer) => (/^[A-Z]{3}$/.test(answer) ? null : 'three capital letters, such as EUR') },
    { key: 'timeZone', message: 'Time zone of the times in the files', usual: Intl.DateTimeFormat().resolvedOptions().timeZone, wrong: isZone },
    { key: 'decimal', message: 'Decimals are written with a', usual: 'point', choices: ['point', 'comma'] },
  ],
  pollMs: 1000,
  yaml: ({ folder, currency, timeZone, decimal }) => `  # Files that the POS drops into a folder. orders/, processed/ and rejected/ are made in it: web orders are written to
  # orders/, and what could not be read is in rejected/ with a file of reasons.
  type: csv
  folder: ${quoted(folder)}
  currency: ${quoted(currency)}
  timeZone: ${quoted(timeZone)}
  # point: 12.50. comma: 12,50.
  decimal: ${decimal}
  # goods:
  #   # Which files have goods, and which of them list all goods, so that what is missing in them is gone.
  #   files: ["goods*.csv", "stock*.csv"]
  #   whole: ["*full*"]
  #   # The header of each column, where it is another than sku, name, price, stock, barcode …
  #   columns: { sku: "Article No", price: "Gross price" }
  #   taxIncluded: true
  #   taxRate: "20"
  # sales:
  #   files: ["sales*.csv"]
  #   # Codes that are no goods: their lines are counted and passed over.
  #   notGoods: [POSTAGE]
  # How the times in the files are written, where it is not 2026-05-01 10:00:00.
  # timeFormat: dd/MM/yyyy HH:mm
  # Try it on files before the connector runs; nothing is moved or told: tillbridge-connector csv try --config THIS-FILE [FILE...]`,
}

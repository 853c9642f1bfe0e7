import { isZone, loginQuestions, loginYaml } from '../database-login.ts'
import type { StoreFiles } from '../store-files.ts'
import { quoted, type Answers, type Template } from '../template.ts'

const isFile = ({ dialect }: Answers): boolean => dialect === 'sqlite'
const connection = (answers: Answers, files: Pick<StoreFiles, 'password'>): string => (isFile(answers) ? `  connection:
    file: ${quoted(answers['file'])}` : loginYaml(answers, files))

export const sql: Template = {
  title: 'another POS with a SQL database, described by queries',
  questions: [
    { key: 'dialect', message: 'Which database does it use?', usual: 'mysql', choices: ['mysql', 'mariadb', 'postgres', 'sqlite'] },
    { key: 'file', message: 'The database\'s file', usual: 'data/pos.sqlite', path: 'any', only: isFile },
    ...loginQuestions('pos').map((question) => ({ ...question, only: (answers: Answers) => !isFile(answers) })),
    { key: 'currency', message: 'Currency of its prices (ISO 4217)', usual: 'EUR', wrong: (answer) => (/^[A-Z]{3}$/.test(answer) ? null : 'three capital letters, such as EUR') },
    { key: 'timeZone', message: 'Time zone of times that are written without one', usual: Intl.DateTimeFormat().resolvedOptions().timeZone, wrong: isZone },
  ],
  needsPassword: (answers) => !isFile(answers),
  first: () => 'write the tables and columns of this POS into "pos:" of the configuration: tillbridge-connector docs adapters (and docs example-sql, a whole one)',
  pollMs: 1000,
  yaml: (answers, files) => `  # A POS described by queries. The queries below are a pattern: write your own tables and columns. "tillbridge-connector docs adapters" explains each key.
  type: sql
  dialect: ${answers['dialect']}
${connection(answers, files)}
  currency: ${quoted(answers['currency'])}
  # Of times that are written without a zone.
  timeZone: ${quoted(answers['timeZone'])}
  goods:
    # One row for each item that may be sold. The stock stands in the same row; empty: never counted.
    query: >
      SELECT p.id, p.code, p.name, p.price, p.tax_rate, s.quantity
      FROM products p LEFT JOIN stock s ON s.product_id = p.id
    # number: whole numbers, compared in ranges that an index serves.
    keyIs: number
    columns:
      key: id
      sku: code
      name: name
      price: price
      taxRate: tax_rate
      onHand: quantity
    fixed:
      # Whether the price has the tax in it.
      taxIncluded: true
  # What the till sold, one row for each line of a finished sale:
  # sales:
  #   query: SELECT s.id, s.sold_at, l.line, l.code, l.quantity, l.price FROM sales s JOIN sale_lines l ON l.sale_id = s.id WHERE s.finished = 1
  #   columns: { id: id, line: line, at: sold_at, cursor: id, sku: code, quantity: quantity, unitPrice: price }
  #   cursor: { is: number }
  # Without an orders part the POS is only read, and this store takes no web orders ("tillbridge-connector docs example-sql" has a whole one).`,
}

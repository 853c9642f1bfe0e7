import type { Command } from 'commander'
import type { ExitCode } from '../exit-codes.ts'
import { CONFIG, JSON_FLAG } from '../flags.ts'
import { tryCsv } from './try.ts'

export function addCsvCommand(program: Command, onExit: (code: ExitCode) => void): void {
  const csv = program.command('csv').description('for a POS that exchanges files (pos.type: csv)')
    .addHelpText('after', `
Example:
  tillbridge-connector csv try --config shop.yaml ~/export/stock-2026-05-01.csv`)

  csv.command('try').description('read files as the connector would, and say what each would bring; changes nothing').argument('[file...]', 'the files; left out: those that lie in pos.folder now')
    .requiredOption(...CONFIG).option(...JSON_FLAG)
    .addHelpText('after', `
Nothing is moved, written or told: try as often as you like, also beside a running connector, until every line is in order.

Of each file it says
  - what it is taken for by its name: goods (all of them, or some), sales, or steps of orders; and of which moment
    (a date in its name such as 2026-05-01_18-00 or 20260501-1800, else the file's own)
  - how many lines are in order, and what they would change in what the connector knows already
  - each line that would be refused, with its number and the reason. The usual ones, and where to mend them in the configuration:
      the header has no column "price"         pos.goods.columns: { price: "Gross price" }
      expected an amount ... found "4,99"      pos.decimal: comma
      expected a time like ... found "01/05"   pos.timeFormat: dd/MM/yyyy HH:mm
      expected 1 to 64 visible characters      a code with blanks is no goods: pos.sales.notGoods: ["BANK CHARGES"]
      its name is none of ...                  pos.goods.files: ["articles*.csv"]
  - how many lines name no goods (postage, bank charges; pos.sales.notGoods): they are passed over

--json answers with { "files": [ … ] }, at most 1000 refused lines of each. Exit code 7 when a line or a file would be refused.

Examples:
  tillbridge-connector csv try --config shop.yaml
  tillbridge-connector csv try --config shop.yaml ~/export/stock-2026-05-01.csv ~/export/sales.csv`)
    .action(async (files: string[], { config, json }: { config: string; json?: boolean }) => onExit(await tryCsv(config, files, { json })))
}

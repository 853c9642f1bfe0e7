import { openCsvPos } from './csv-pos.ts'
import { CsvConfig } from './csv-config.ts'

/** Reads all that lies in a folder, in a process of its own with the memory that it was given: node --max-old-space-size=MB test-read-on.ts FOLDER */
const pos = openCsvPos({ config: CsvConfig.parse({ type: 'csv', folder: process.argv[2], currency: 'USD', timeZone: 'UTC', settleMs: 0, goods: { come: 'none' } }) })
let [cursor, more, told]: [string | null, boolean, number] = [null, true, 0]
while (more) {
  const changes = await pos.readChanges(cursor)
  told += changes.sales.length
  cursor = changes.cursor
  more = changes.more ?? false
}
await pos.close()
process.stdout.write(JSON.stringify({ told, rssMb: Math.round(process.resourceUsage().maxRSS / 1024) }))

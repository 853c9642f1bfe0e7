import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { z } from 'zod'
import { captureChanges } from '../../capture/capture.ts'
import { FileReport } from '../../pos/csv/file-report.ts'
import { openCsvPos } from '../../pos/csv/csv-pos.ts'
import { testConfig } from '../../pos/csv/test-csv-shop.ts'
import { openTestJournal, SECRET, shopOf, STORE_ID, testFolder } from '../../test-shop.ts'
import { runCommand } from '../test-command.ts'

const Tried = z.object({ files: z.array(FileReport.extend({ refusedLines: z.array(z.object({ line: z.number(), reason: z.string(), text: z.string() })) })) })
let folder: ReturnType<typeof testFolder>

beforeEach(() => {
  folder = testFolder()
  mkdirSync(folder.file('drop'))
  mkdirSync(folder.file('elsewhere'))
  writeFileSync(folder.file('store.secret'), SECRET, { mode: 0o600 })
  writeFileSync(folder.file('shop.yaml'), `
edge: { url: 'http://127.0.0.1:9' }
store: { id: ${STORE_ID}, secretFile: store.secret }
journal: { file: journal.sqlite }
server: { port: 0 }
pos: { type: csv, folder: drop, currency: USD, timeZone: UTC, goods: { taxIncluded: false }, sales: { notGoods: [POST] } }
`)
})
afterEach(() => folder.remove())

const run = (...args: string[]) => runCommand('csv', 'try', '--config', folder.file('shop.yaml'), ...args)

test('says what each file would bring, over what is known, with each refused line, and touches nothing', async () => {
  const at = Date.parse('2026-05-01T09:00:00Z')
  // Known before: what the connector has read.
  writeFileSync(folder.file('drop/goods.csv'), 'sku,name,price,stock\nA,Tea,1.00,5\n')
  utimesSync(folder.file('drop/goods.csv'), at / 1000, at / 1000)
  const pos = openCsvPos({ config: testConfig(folder.file('drop'), { folder: folder.file('drop') }) })
  await pos.readChanges(null)
  await pos.close()

  writeFileSync(folder.file('elsewhere/goods-full-2026-05-01_18-00.csv'), 'sku,name,price,stock\nA,Tea,1.00,5\nB,Jam,2.00,3\nC,Cocoa,three,1\n')
  writeFileSync(folder.file('elsewhere/sales.csv'), 'invoice,sku,quantity,price,sold_at\nI1,A,1,1.00,2026-05-01 18:30:00\nI1,POST,1,4.00,2026-05-01 18:30:00\n')
  writeFileSync(folder.file('elsewhere/letters.csv'), 'a,b\n')
  utimesSync(folder.file('elsewhere/letters.csv'), at / 1000, at / 1000)
  const before = readdirSync(folder.path, { recursive: true }).map(String).toSorted()
  const files = ['sales.csv', 'letters.csv', 'goods-full-2026-05-01_18-00.csv'].map((name) => folder.file(`elsewhere/${name}`))

  const json = await run('--json', ...files)
  expect(json.stderr).toBe('')
  expect(json.code).toBe(7)
  expect(Tried.parse(JSON.parse(json.stdout)).files).toMatchObject([
    { name: 'letters.csv', outcome: 'rejected', why: expect.stringContaining('pos.goods.files') as string },
    { name: 'goods-full-2026-05-01_18-00.csv', whole: true, asOf: '2026-05-01T18:00:00.000Z', goods: 2, items: 1, levels: 1, refused: 1, refusedLines: [{ line: 4, text: 'C,Cocoa,three,1', reason: expect.stringContaining('price: expected an amount in USD') as string }] },
    { name: 'sales.csv', sales: 1, notGoods: 1, refused: 0 },
  ])
  const words = (await run(...files)).stdout
  expect(words).toContain('goods-full-2026-05-01_18-00.csv: all goods, as of 2026-05-01T18:00:00.000Z\n  3 rows, 2 goods (1 new or changed, 0 gone), 1 levels changed; 1 line refused\n  line 4: price: expected')
  expect(words).toContain('1 of no goods, passed over')
  expect(readdirSync(folder.path, { recursive: true }).map(String).toSorted()).toEqual(before)

  expect((await run()).stdout).toContain('There is no file to read')
  copyFileSync(folder.file('elsewhere/sales.csv'), folder.file('drop/sales.csv'))
  const lying = await run()
  expect([lying.code, lying.stdout.split('\n')[1]]).toEqual([0, '  2 rows, 1 sales; 1 of no goods, passed over'])
  expect(existsSync(folder.file('drop/sales.csv'))).toBe(true)
  expect(await run(folder.file('nowhere.csv'))).toMatchObject({ code: 9, stderr: expect.stringContaining('nowhere.csv') as string })
})

test('what is no file to read is told in words, and a link by what it means for the connector', async () => {
  writeFileSync(folder.file('elsewhere/goods.csv'), 'sku,name,price,stock\nA,Tea,1.00,5\n')
  symlinkSync(folder.file('elsewhere/goods.csv'), folder.file('elsewhere/goods-link.csv'))
  expect(await run(folder.file('elsewhere/goods-link.csv'))).toMatchObject({ code: 9, stderr: expect.stringContaining('goods-link.csv is a symbolic link, and the connector takes in files only') as string })
  expect(await run(folder.file('elsewhere/gone.csv'))).toMatchObject({ code: 9, stderr: expect.stringContaining('gone.csv: there is no such file or folder (ENOENT)') as string })
  expect(await run(folder.file('elsewhere'))).toMatchObject({ code: 9, stderr: expect.stringContaining('elsewhere is no file') as string })
  expect(await run(folder.file('elsewhere/goods.csv/x'))).toMatchObject({ code: 9, stderr: expect.stringContaining('a part of the path is a file') as string })
  symlinkSync(folder.file('elsewhere/goods.csv'), folder.file('drop/goods.csv'))
  expect(await run()).toMatchObject({ code: 0, stdout: expect.stringContaining('There is no file to read') as string, stderr: expect.stringMatching(/drop\/goods\.csv is a symbolic link/) as string })
})

test('its help teaches what to mend where', async () => {
  const { stdout, code } = await run('--help')
  expect(code).toBe(0)
  for (const word of ['pos.decimal: comma', 'pos.goods.columns', 'pos.timeFormat', 'pos.sales.notGoods', '--json', 'Examples:']) expect(stdout).toContain(word)
})

test('status names the last files, and what does not fit shows nothing of what stands in it', async () => {
  const config = testConfig(folder.file('drop'), { folder: folder.file('drop') })
  writeFileSync(folder.file('drop/goods-1.csv'), 'sku,name,price,stock\nA,Tea,1.00,5\n')
  writeFileSync(folder.file('drop/goods-2.csv'), 'Jane Customer,sku\n1,2\n')
  for (let n = 3; n < 9; n += 1) writeFileSync(folder.file(`drop/goods-${n}.csv`), `sku,name,price,stock\nB${n},Jam,1.00,5\n`)
  for (let n = 1; n < 9; n += 1) utimesSync(folder.file(`drop/goods-${n}.csv`), 1_777_000_000 + n, 1_777_000_000 + n)
  const pos = openCsvPos({ config })
  for (let more = true; more;) more = (await pos.readChanges(null)).more ?? false
  await pos.close()
  openTestJournal(folder.file('journal.sqlite')).close()
  const status = async (...args: string[]): Promise<string> => (await runCommand('status', '--config', folder.file('shop.yaml'), ...args)).stdout
  const words = (await status()).split('\n')
  const at = words.findIndex((line) => line.startsWith('last files'))
  expect(words.slice(at, at + 5).map((line) => line.slice(12).replace(/^\S+ /, ''))).toEqual([8, 7, 6, 5, 4].map((n) => ` goods-${n}.csv: 1 row, 1 goods (1 new or changed), 1 levels changed`))
  expect(words[at + 5]).not.toContain('goods')
  const { files } = z.object({ files: z.array(FileReport) }).parse(JSON.parse(await status('--json')))
  expect(files.map(({ outcome }) => outcome)).toEqual([...Array.from({ length: 6 }, () => 'taken'), 'rejected', 'taken'])
  expect(JSON.stringify(files)).not.toContain('Jane')
})

test('quarantine retry sends refused lines back, says what it did, and what cannot be done', async () => {
  const drop = folder.file('drop')
  writeFileSync(folder.file('drop/goods-full.csv'), 'sku,name,price,stock\nA,Tea,1.00,5\nC,Cocoa,three,1\nD,Dill,four,1\n')
  const read = async (): Promise<void> => {
    const pos = openCsvPos({ config: testConfig(drop) })
    const journal = openTestJournal(folder.file('journal.sqlite'))
    while ((await captureChanges(shopOf(journal, pos))).more);
    await pos.close()
    journal.close()
  }
  const quarantine = (...args: string[]) => runCommand('quarantine', ...args, '--config', folder.file('shop.yaml'))
  const listed = async (): Promise<string[]> => z.object({ rows: z.array(z.object({ key: z.string() })) }).parse(JSON.parse((await quarantine('list', '--json')).stdout)).rows.map(({ key }) => key)
  await read()
  expect(await listed()).toEqual(['goods/C', 'goods/D'])

  const lines = folder.file('drop/rejected/goods-full.csv.lines.csv')
  writeFileSync(lines, readFileSync(lines, 'utf8').replace('three', '3.00'))
  expect(await quarantine('retry', 'goods/C')).toMatchObject({ code: 0, stdout: expect.stringContaining('rejected/goods-full.csv.lines.csv') as string })
  await read()
  expect(await listed()).toEqual(['goods/D'])
  rmSync(folder.file('drop/rejected'), { recursive: true })
  expect(await quarantine('retry', 'goods/D')).toMatchObject({ code: 9, stderr: expect.stringContaining('is not there any more') as string })
  expect(await listed()).toEqual(['goods/D'])
  expect((await quarantine('retry', 'goods/C')).code).toBe(8)
})

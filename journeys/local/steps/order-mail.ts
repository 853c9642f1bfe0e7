import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { showMoney } from '../../../connector/pos/embedded/till-print.ts'
import { mailFolderOf } from '../house.ts'
import { until } from '../until.ts'
import type { Step } from './step.ts'

const ARRIVES_WITHIN_MS = 10_000

export const orderMail: Step = {
  name: 'order mail in the folder',
  run: async (demo) => {
    assert.ok(demo.followed, 'no order was placed')
    const { id, number, totals: { total } } = demo.followed.order
    const folder = mailFolderOf(demo.dir)
    const file = await until(`the mail about ${number} in ${folder}`, ARRIVES_WITHIN_MS, () => (existsSync(folder) ? readdirSync(folder).find((name) => name.startsWith(`${id}.placed.`) && name.endsWith('.html')) : undefined))
    const html = readFileSync(path.join(folder, file), 'utf8')
    const text = readFileSync(path.join(folder, file.replace(/html$/, 'txt')), 'utf8')
    for (const said of [html, text]) assert.ok(said.includes(number) && said.includes(showMoney(total.amountMinor, total.currency).replaceAll(/[^\d.,]/g, '')), `it says which order and what it costs: ${said}`)
    return `${file}, and as plain text`
  },
}

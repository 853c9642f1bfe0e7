import type { BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { systemClock } from '../../contract/clock.ts'
import { receiveOrder } from '../../connector/delivery/receive-order.ts'
import type { RunningServer } from '../../connector/delivery/server.ts'
import { createDesk } from '../../connector/desk/desk.ts'
import { listenForDesk } from '../../connector/desk/listen.ts'
import type { Journal } from '../../connector/journal/journal.ts'
import { assignmentId, assignmentOf, memoryPos, openTestJournal, shopOf, silent, testFolder } from '../../connector/test-shop.ts'
import { until } from '../local/until.ts'
import { openBrowser, PHONE } from './browser.ts'

const PICTURES = path.resolve(import.meta.dirname, '../../test-results')
const OPEN = 230
const MINUTE_MS = 60_000
const AGES_MIN = [0, 4, 12, 25, 31, 120]
const SEEN_WITHIN_MS = 15_000
/** Two looks that each wait eight seconds, on busy cores. */
const LOST_WITHIN_MS = 45_000
const AWAY_MS = 20_000

let folder: ReturnType<typeof testFolder>
let journal: Journal
let server: RunningServer
let browser: BrowserContext
let page: Page

/** A shop that never says what was handed over: more lies on its desk than is shown. */
beforeAll(async () => {
  await mkdir(PICTURES, { recursive: true })
  folder = testFolder()
  journal = openTestJournal(folder.file('journal.sqlite'))
  const now = systemClock()
  journal.transaction(() => {
    for (let n = 1; n <= OPEN; n += 1) {
      const at = now - (AGES_MIN[n % AGES_MIN.length] ?? 0) * MINUTE_MS
      receiveOrder(journal, assignmentOf(n, { A: 1 + (n % 3), 'A-VERY-LONG-SKU-THAT-HAS-NO-PLACE-TO-BREAK-0123456789-ABCDEF': 1 }, { note: n % 9 ? null : 'Please ring twice.' }), at)
      journal.inbox.change(assignmentId(n), n % 17 ? { state: 'done', posReference: `POS ${n}`, stockFell: true, ...(n % 3 ? {} : { progress: 'picking' }) } : { state: 'in_doubt' }, at)
    }
  })
  const desk = createDesk({
    shop: { ...shopOf(journal, memoryPos({ A: 500 })), now: systemClock, holdsStore: () => true }, log: silent, storeId: 'high-street',
    config: { listen: null, warnAfterMinutes: 10, redAfterMinutes: 30 }, posReachable: () => true, wake: { capture: () => {}, writer: () => {} },
  })
  server = await listenForDesk(desk, { kind: 'local' }, { host: '127.0.0.1', port: 0, pin: null })
  browser = await openBrowser(folder.file('profile'), { viewport: PHONE, colorScheme: 'dark' })
  // This phone's clock is an hour ahead.
  await browser.addInitScript(`
    const right = Date
    window.Date = class extends right { constructor(...parts) { super(...(parts.length > 0 ? parts : [right.now() + 3600000])) } static now() { return right.now() + 3600000 } }
    window.tones = 0
    const make = AudioContext.prototype.createOscillator
    AudioContext.prototype.createOscillator = function () { window.tones += 1; return make.call(this) }
  `)
  page = await browser.newPage()
  await page.goto(`${server.url}/desk`)
}, 120_000)
afterAll(async () => {
  await browser?.close()
  await server?.close()
  journal?.close()
  folder?.remove()
})

const picture = (name: string) => page.screenshot({ path: path.join(PICTURES, `desk-full-${name}.png`) })
const inView = (selector: string) => page.evaluate<boolean>(`(() => { const place = document.querySelector('${selector}').getBoundingClientRect(); return place.height > 0 && place.top >= 0 && place.bottom <= innerHeight })()`)

describe('a desk with more orders than it shows, on a phone in the dark', () => {
  it('fits, counts what it does not show, and leads to each state of orders by touch or by key', async () => {
    expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBeLessThanOrEqual(PHONE.width)
    expect(await page.locator('article.card').count()).toBe(200)
    expect(await page.locator('#trouble').innerText()).toContain('30 more open orders are not shown')
    await picture('top')
    const ways = page.getByRole('navigation').getByRole('link')
    expect(await ways.allInnerTexts()).toEqual([expect.stringMatching(/^Asks\s+\d+$/), expect.stringMatching(/^New\s+\d+$/), expect.stringMatching(/^Picking\s+\d+$/)])
    await ways.filter({ hasText: 'Picking' }).focus()
    await page.keyboard.press('Enter')
    await until('the section', SEEN_WITHIN_MS, () => inView('#title-picking'))
    await page.keyboard.press('Tab')
    expect(await page.evaluate<boolean>(`document.activeElement.closest('#section-picking') !== null`)).toBe(true)
    await picture('picking')
  })

  it('shows the age by the connector\'s clock, whatever the phone\'s says', async () => {
    const ages = await page.locator('article.card .wait').allInnerTexts()
    expect(ages).toContainEqual(expect.stringMatching(/\b[45] min$/))
    expect(ages.filter((text) => /\b[13] h/.test(text))).toEqual([])
  })

  it('rings for a new order all the same, and shows it', async () => {
    // A key was a gesture already, where the browser takes it for one.
    await page.locator('#sound-on:visible, #sound-test:visible').click()
    await until('the test sound', SEEN_WITHIN_MS, async () => await page.evaluate<number>('tones') > 0)
    const before = await page.evaluate<number>('tones')
    receiveOrder(journal, assignmentOf(901, { A: 1 }), systemClock())
    await page.getByRole('heading', { name: 'W-901' }).waitFor({ timeout: SEEN_WITHIN_MS })
    await until('the sound', SEEN_WITHIN_MS, async () => await page.evaluate<number>('tones') > before)
    expect(await page.locator('article.card').count()).toBe(200)
  })

  it('away from the network says so wherever it is scrolled, and shows and rings what came meanwhile once it is back', async () => {
    await page.evaluate('scrollTo(0, document.body.scrollHeight)')
    await browser.setOffline(true)
    await until('the word that it is lost', SEEN_WITHIN_MS, () => inView('#lost'))
    await picture('lost')
    receiveOrder(journal, assignmentOf(902, { A: 1 }), systemClock())
    await page.waitForTimeout(AWAY_MS)
    expect(await page.getByRole('heading', { name: 'W-902' }).count()).toBe(0)
    const before = await page.evaluate<number>('tones')
    await browser.setOffline(false)
    await page.locator('#said', { hasText: 'New web order W-902' }).waitFor({ timeout: SEEN_WITHIN_MS })
    expect(await page.getByRole('heading', { name: 'W-902' }).count()).toBe(1)
    await until('the sound', SEEN_WITHIN_MS, async () => await page.evaluate<number>('tones') > before)
    expect(await page.locator('#lost').isVisible()).toBe(false)
  }, AWAY_MS + 60_000)

  it('says so, too, when the connector hangs and answers nothing', async () => {
    await page.route('**/desk/orders?*', () => { /* never answered */ })
    await until('the word that it is lost', LOST_WITHIN_MS, () => inView('#lost'))
    await page.unroute('**/desk/orders?*')
    await until('it to be back', SEEN_WITHIN_MS, async () => !await page.locator('#lost').isVisible())
  }, LOST_WITHIN_MS + 30_000)
})

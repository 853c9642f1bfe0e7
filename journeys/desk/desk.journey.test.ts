import { appendFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { placed } from '../local/edge-api.ts'
import { freePort, startConnector } from '../local/house.ts'
import { openStores, type StoreOf, type Stores } from '../local/stores.ts'
import { until } from '../local/until.ts'
import { openBrowser, PHONE, TABLET } from './browser.ts'

const STORE_ID = 'high-street'
/** A person at the counter would call it at once. */
const SEEN_WITHIN_MS = 15_000
const PICTURES = path.resolve(import.meta.dirname, '../../test-results')

const PIN = '471147'
/** A minute until red, the heartbeat, and a busy machine. */
const RED_WITHIN_MS = 100_000

let dir: string
let tablets: string
let house: Stores
let store: StoreOf
let browser: BrowserContext
let page: Page
const complaints: string[] = []

beforeAll(async () => {
  await mkdir(PICTURES, { recursive: true })
  dir = await mkdtemp(path.join(tmpdir(), 'tillbridge-desk-'))
  house = await openStores(path.join(dir, 'house'), 'desk-admin-token', { [STORE_ID]: [{ sku: 'TEA-1', pieces: 20, priceMinor: 450 }, { sku: 'CUP-1', pieces: 9, priceMinor: 1200 }] })
  const opened = house.stores.get(STORE_ID)
  if (!opened) throw new Error('the store did not open')
  store = opened
  tablets = `http://127.0.0.1:${await freePort()}`
  await writeFile(path.join(store.shop.dir, 'desk.pin'), `${PIN}\n`, { mode: 0o600 })
  await appendFile(store.shop.configFile, `desk: { port: ${new URL(tablets).port}, pinFile: desk.pin, warnAfterMinutes: 1, redAfterMinutes: 1 }\n`)
  await store.connector.stop()
  store.connector = await startConnector(store.shop)
  browser = await openBrowser(path.join(dir, 'profile'))
  // Counts the tones: a headless browser has no loudspeaker to listen to.
  await browser.addInitScript(`
    window.tones = 0
    const make = AudioContext.prototype.createOscillator
    AudioContext.prototype.createOscillator = function () { window.tones += 1; return make.call(this) }
  `)
  page = await browser.newPage()
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('console', (message) => void (message.type() === 'error' && complaints.push(message.text())))
  await page.goto(`${store.shop.url}/desk`)
}, 180_000)
afterAll(async () => {
  await browser?.close()
  await house?.close()
  await rm(dir, { recursive: true, force: true })
})

let orders = 0
/** Placed in the beginning and left alone. */
let untouched = ''
async function order(lines: Record<string, number>, note?: string): Promise<{ id: string; number: string }> {
  const { order: made } = await placed(await house.web.place({
    lines: Object.entries(lines).map(([sku, quantity]) => ({ sku, quantity })), fulfillment: { method: 'pickup', storeId: STORE_ID },
    customer: { name: 'A Shopper', email: 'shopper@example.com' }, ...(note ? { note } : {}),
  }, `desk-${++orders}`))
  return made
}
const card = (number: string, section: string) => page.locator(`#section-${section} article`, { has: page.getByRole('heading', { name: number }) })
const statusOf = async (id: string) => (await house.web.order(id)).status
const tones = () => page.evaluate<number>('window.tones')
const picture = async (name: string) => {
  await page.evaluate('scrollTo(0, 0)')
  await page.screenshot({ path: path.join(PICTURES, `desk-${name}.png`), fullPage: true })
}

describe('the desk', () => {
  it('shows a new order within seconds, with a sound, and goes with it from hand to hand', async () => {
    await page.getByRole('button', { name: 'Turn the sound on' }).click()
    await until('the test sound', SEEN_WITHIN_MS, async () => (await tones()) > 0)
    expect(await page.locator('#sound-off').isVisible()).toBe(false)
    const before = await tones()
    const { id, number } = await order({ 'TEA-1': 2, 'CUP-1': 1 }, 'Please wrap the cup <b>well</b>.')
    await card(number, 'new').getByRole('button', { name: 'Start picking' }).waitFor({ timeout: SEEN_WITHIN_MS })
    await until('the sound', SEEN_WITHIN_MS, async () => (await tones()) > before)
    expect(await page.title()).toBe('(1) Web orders')
    expect(await card(number, 'new').innerText()).toContain('Please wrap the cup <b>well</b>.')
    untouched = (await order({ 'TEA-1': 1 }, 'Nobody takes me.')).number
    await page.locator('#section-new article').nth(1).waitFor()
    await picture('new')

    await card(number, 'new').getByRole('button', { name: 'Start picking' }).dblclick()
    await card(number, 'picking').waitFor({ timeout: SEEN_WITHIN_MS })
    await until('the shopper to see it', SEEN_WITHIN_MS, async () => (await statusOf(id)) === 'picking')
    await page.waitForTimeout(1_100)
    expect(await card(number, 'picking').count()).toBe(1)
    await card(number, 'picking').getByRole('button', { name: 'Ready' }).click()
    await card(number, 'ready').waitFor({ timeout: SEEN_WITHIN_MS })
    await picture('ready')
    await page.waitForTimeout(1_100)
    await card(number, 'ready').getByRole('button', { name: 'Handed over' }).click()
    await card(number, 'ended').waitFor({ timeout: SEEN_WITHIN_MS })
    await until('the shopper to see it', SEEN_WITHIN_MS, async () => (await statusOf(id)) === 'completed')
    expect(store.till.ticketsOfOrder(number)).toMatchObject([{ state: 'done' }])
  })

  it('refuses one with a reason, asked once: the shopper is told and the goods are back', async () => {
    const onHand = store.till.onHand('CUP-1') ?? 0
    const { id, number } = await order({ 'CUP-1': 3 })
    await card(number, 'new').getByRole('button', { name: 'Refuse' }).click({ timeout: SEEN_WITHIN_MS })
    const dialog = page.getByRole('dialog')
    expect(await dialog.innerText()).toContain(`Refuse ${number}?`)
    await picture('refuse')
    await dialog.getByRole('button', { name: 'Keep it' }).click()
    expect(await card(number, 'new').count()).toBe(1)
    await card(number, 'new').getByRole('button', { name: 'Refuse' }).click()
    await dialog.getByLabel('Not in stock').check()
    await dialog.getByRole('button', { name: 'Refuse it' }).click()
    await card(number, 'ended').waitFor({ timeout: SEEN_WITHIN_MS })
    await until('the shopper to see it', SEEN_WITHIN_MS, async () => (await statusOf(id)) === 'cancelled')
    expect(store.till.onHand('CUP-1')).toBe(onHand)
    await until('the web to sell them again', SEEN_WITHIN_MS, async () => (await house.web.availability('CUP-1')).stores.find(({ storeId }) => storeId === STORE_ID)?.available === onHand)
  })

  it('shows what the cashier does at the till', async () => {
    const { id, number } = await order({ 'TEA-1': 1 })
    await card(number, 'new').getByRole('button', { name: 'Start picking' }).waitFor({ timeout: SEEN_WITHIN_MS })
    store.till.handOver(number)
    await card(number, 'ended').waitFor({ timeout: SEEN_WITHIN_MS })
    await until('the shopper to see it', SEEN_WITHIN_MS, async () => (await statusOf(id)) === 'completed')
  })

  it('is worked by the keyboard alone', async () => {
    const { number } = await order({ 'TEA-1': 2 })
    await card(number, 'new').getByRole('button', { name: 'Start picking' }).waitFor({ timeout: SEEN_WITHIN_MS })
    await page.reload()
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    const focused = () => page.evaluate<string>('document.activeElement.textContent')
    for (let n = 0; n < 30 && (await focused()) !== `Start picking ${number}`; n += 1) await page.keyboard.press('Tab')
    expect(await focused()).toBe(`Start picking ${number}`)
    await page.keyboard.press('Enter')
    await page.keyboard.press('Enter')
    await card(number, 'picking').waitFor({ timeout: SEEN_WITHIN_MS })
    // The keyboard's place goes with the card.
    await until('the focus on the card', SEEN_WITHIN_MS, () => page.evaluate<boolean>(`document.activeElement.closest('#section-picking article') !== null`))
    expect(await card(number, 'picking').count()).toBe(1)
  })

  it('prints a slip with the pickup code as text and as bars', async () => {
    const { number } = await order({ 'TEA-1': 2, 'CUP-1': 1 }, 'Ring twice.')
    const [slip] = await Promise.all([browser.waitForEvent('page'), card(number, 'new').getByRole('link', { name: 'Slip' }).click({ timeout: SEEN_WITHIN_MS })])
    await slip.getByRole('heading', { name: number }).waitFor()
    expect(await slip.locator('body').innerText()).toMatch(/A Shopper[\s\S]*Ring twice\.[\s\S]*1 ×\s+Item CUP-1/)
    expect(await slip.getByRole('img', { name: `Barcode of ${number}` }).locator('path').count()).toBeGreaterThan(1)
    await slip.emulateMedia({ media: 'print' })
    expect(await slip.getByRole('button', { name: 'Print' }).isVisible()).toBe(false)
    await slip.setViewportSize({ width: 480, height: 760 })
    await slip.screenshot({ path: path.join(PICTURES, 'desk-slip.png') })
    await slip.close()
  })

  it('fits a phone, in the dark too, without a step sideways', async () => {
    await page.setViewportSize(PHONE)
    await page.emulateMedia({ colorScheme: 'dark' })
    await picture('phone-dark')
    expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBeLessThanOrEqual(PHONE.width)
    const heights = await page.locator('.tap:visible').evaluateAll((taps: { getBoundingClientRect(): { height: number } }[]) => taps.map((tap) => tap.getBoundingClientRect().height))
    expect(Math.min(...heights)).toBeGreaterThanOrEqual(44)
    await page.emulateMedia({ colorScheme: 'light' })
    await page.setViewportSize(TABLET)
  })

  it('opens on a tablet by its PIN alone', async () => {
    const tablet = await browser.newPage()
    await tablet.goto(`${tablets}/`)
    await tablet.getByLabel('PIN').fill('0000')
    await tablet.getByRole('button', { name: 'Open the desk' }).click()
    await tablet.getByRole('alert').filter({ hasText: 'That was not the PIN' }).waitFor()
    await tablet.screenshot({ path: path.join(PICTURES, 'desk-pin.png') })
    await tablet.getByLabel('PIN').fill(PIN)
    await tablet.keyboard.press('Enter')
    await tablet.getByRole('heading', { name: 'Being picked' }).waitFor()
    expect(await tablet.locator('#section-new article').count()).toBeGreaterThan(0)
    await tablet.getByRole('button', { name: 'Lock' }).click()
    await tablet.getByLabel('PIN').waitFor()
    await tablet.close()
  })

  it('turns red what nobody takes, and tells the operator until somebody does', async () => {
    await page.locator('#section-new .card.overdue', { hasText: untouched }).waitFor({ timeout: RED_WITHIN_MS })
    const letters = async () => z.object({ items: z.array(z.object({ state: z.string(), lastError: z.string() })) }).parse((await house.operator.send('/dead-letters?queue=ageing')).body).items
    await until('the letter', SEEN_WITHIN_MS, async () => (await letters()).some(({ state, lastError }) => state === 'waiting' && lastError.includes(`in ${STORE_ID}`)))
    await picture('overdue')
    for (const waiting of await page.locator('#section-new article h3').allInnerTexts()) store.till.handOver(waiting)
    for (const begun of await page.locator('#section-picking article h3').allInnerTexts()) store.till.handOver(begun)
    await until('the letter to be settled', SEEN_WITHIN_MS, async () => (await letters()).every(({ state }) => state === 'discarded'))
  }, RED_WITHIN_MS + 60_000)

  it('had nothing to complain of', () => expect(complaints).toEqual([]))

  // Last: the edge is gone after it.
  it('works on while the edge is away', async () => {
    const { number } = await order({ 'TEA-1': 1 })
    await card(number, 'new').getByRole('button', { name: 'Start picking' }).waitFor({ timeout: SEEN_WITHIN_MS })
    await house.edge.kill()
    await page.locator('#trouble', { hasText: 'line to the web shop is down' }).waitFor({ timeout: 40_000 })
    await page.reload()
    await card(number, 'new').getByRole('button', { name: 'Start picking' }).click()
    await card(number, 'picking').waitFor({ timeout: SEEN_WITHIN_MS })
    expect(store.till.ticketsOfOrder(number)).toMatchObject([{ state: 'picking' }])
    await page.waitForTimeout(1_100)
    await card(number, 'picking').getByRole('button', { name: 'Refuse' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Refuse it' }).click()
    await page.locator('#said', { hasText: 'line to the web shop is down' }).waitFor()
    await picture('edge-away')
  })
})

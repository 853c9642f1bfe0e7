import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Validator } from '@seriousme/openapi-schema-validator'
import fc from 'fast-check'
import { z } from 'zod'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openBrowser } from '../desk/browser.ts'
import { startEdge } from '../local/house.ts'
import type { Running } from '../local/processes.ts'
import { until } from '../local/until.ts'
import { readApiDocument } from './api-document.ts'
import type { ApiDocument, Operation } from './api-document.ts'
import { badCalls } from './bad-inputs.ts'
import type { BadCall } from './bad-inputs.ts'
import { keptRows } from './kept-rows.ts'
import { endRaw, sendRaw } from './send-raw.ts'
import type { RawAnswer, RawCall } from './send-raw.ts'
import { FIRST, STEPS } from './steps.ts'
import { credentials, newWorld, operate, validCall } from './world.ts'
import type { World } from './world.ts'

const ADMIN_TOKEN = 'openapi-admin-token'
const SEED = 20_261_126
/** Bad calls of each operation. */
const BAD_CALLS = 65
/** Fewer than an isolate has places for, so that nothing is refused as too much at once. */
const AT_ONCE = 4
/** So often one is sent that is put off with the time to come again. */
const PUT_OFF_MAX = 5

let dir: string
let edge: Running
let text: string
let api: ApiDocument
let world: World
/** Calls of an operator that changed something, by their request ids. */
const changes = new Map<string, Operation>()

beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'tillbridge-openapi-'))
  edge = await startEdge({ dir, port: 0, adminToken: ADMIN_TOKEN })
  text = (await sendRaw(edge.ready.url, { method: 'GET', target: '/openapi.json', headers: {} })).text
  api = readApiDocument(text)
  world = newWorld(edge.ready.url, ADMIN_TOKEN)
})
afterAll(async () => {
  endRaw()
  await edge.stop()
  await rm(dir, { recursive: true, force: true })
})

/** Those that make the world first, then in the order of the document. */
const ordered = (): Operation[] => {
  const first = FIRST.flatMap((id) => api.operations.filter((each) => each.id === id))
  return [...first, ...api.operations.filter((each) => !first.includes(each))]
}

describe('the document', () => {
  it('is OpenAPI 3.1 by its own meta-schema', async () => {
    const { valid, errors } = await new Validator().validate(JSON.parse(text))
    expect(errors).toBeUndefined()
    expect(valid).toBe(true)
  })

  it('has examples that fit', () => {
    for (const operation of api.operations) if (operation.body) expect(api.fitsRequest(operation, operation.body.example), `the example of ${operation.id}`).toBe(true)
  })

  it('can be driven from end to end: every operation answers what it says', async () => {
    const driven: string[] = []
    for (const operation of ordered()) {
      const step = STEPS[operation.id]
      const call = await validCall(world, operation, (await step?.before?.(world)) ?? {})
      world.sent = call.body ? JSON.parse(new TextDecoder().decode(call.body)) : undefined
      if (operation.id === 'watchAvailability') await watch(operation, call)
      else {
        const answer = await sendRaw(world.base, call)
        const told = `${operation.id}: ${call.method} ${call.target} was answered ${answer.status} ${answer.text.slice(0, 300)}`
        expect(answer.status < 300, `${told}. If it needs something first, give it a step in journeys/openapi/steps.ts`).toBe(true)
        expect(operation.statuses, told).toContain(answer.status)
        expect(api.whyNotAnswer(operation, answer.status, typeOf(answer), contentOf(answer)), told).toBeNull()
        expect(answer.headers['x-request-id'], told).toBeTruthy()
        if (operation.path.startsWith('/admin/') && operation.method !== 'GET') changes.set(String(answer.headers['x-request-id']), operation)
        await step?.after?.(world, answer)
      }
      driven.push(operation.id)
    }
    expect(driven.sort()).toEqual(api.operations.map(({ id }) => id).sort())
  })
})

describe('the audit log', () => {
  it('has who did each of these changes, to what and when, under the request id of the answer, and none of the secrets they made', async () => {
    const mutating = api.operations.filter(({ path: at, method }) => at.startsWith('/admin/') && method !== 'GET').map(({ id }) => id)
    expect([...changes.values()].map(({ id }) => id).sort()).toEqual(mutating.sort())
    const entries = await auditLog()
    for (const [requestId, { id, path: at }] of changes) {
      const entry = entries.find((each) => each.requestId === requestId)
      expect(entry, `${id} left no entry: record it in its route with ports.audit`).toMatchObject({ actor: 'admin-token' })
      expect(entry?.action, id).toMatch(/^[a-z_]+\.[a-z_-]+$/)
      expect(Math.abs(Date.parse(entry?.at ?? '') - Date.now()), id).toBeLessThan(600_000)
      // The webhook is one for the whole installation, so its address says what is set.
      if (at.includes('{')) expect(entry?.target, id).not.toBe('')
    }
    const told = JSON.stringify(entries)
    for (const secret of [world.storeSecret, world.publishable, world.secret, world.accessToken, 'customer@shop.example', 'whsec_']) expect(told).not.toContain(secret)
  })

  it('is read page by page, and by who, what and which', async () => {
    const all = await auditLog()
    expect(await auditLog('?limit=3')).toEqual(all)
    expect(await auditLog('?action=store.pause&target=high-street')).toEqual(all.filter(({ action, target }) => action === 'store.pause' && target === 'high-street'))
    expect(await auditLog('?actor=nobody')).toEqual([])
  })
})

const AuditPage = z.object({ items: z.array(z.object({ requestId: z.string(), actor: z.string(), action: z.string(), target: z.string(), at: z.string(), detail: z.string().nullable() })), nextCursor: z.string().nullable() })
const typeOf = ({ headers }: RawAnswer): string => String(headers['content-type'] ?? '')
const contentOf = (answer: RawAnswer): unknown => (typeOf(answer).split(';')[0]?.endsWith('json') ? answer.json : answer.text)

type AuditItem = z.infer<typeof AuditPage>['items'][number]
async function auditLog(chosen = '?limit=100', cursor = ''): Promise<AuditItem[]> {
  const { items, nextCursor } = AuditPage.parse((await operate(world, 'GET', `/audit-log${chosen}${cursor && `&cursor=${cursor}`}`)).json)
  return nextCursor === null ? items : [...items, ...(await auditLog(chosen, nextCursor))]
}

async function watch(operation: Operation, { target }: RawCall): Promise<void> {
  const socket = new WebSocket(world.base.replace('http', 'ws') + target)
  const first = await new Promise<string>((resolve, reject) => {
    socket.onmessage = ({ data }) => resolve(String(data))
    socket.onerror = () => reject(new Error('the WebSocket did not open'))
  })
  socket.close()
  const sibling = api.operations.find(({ id }) => id === 'getAvailability') ?? operation
  expect(operation.statuses).toContain(101)
  expect(api.whyNotAnswer(sibling, 200, 'application/json', JSON.parse(first))).toBeNull()
}

describe('thousands of bad inputs', () => {
  it('are each refused with a problem, never with a fault, and leave nothing behind', async () => {
    // What is in motion comes to rest first: an order that is open yet would be asked after now and then.
    const sales = z.object({ items: z.array(z.object({ kind: z.string(), id: z.string(), status: z.string().nullable() })) }).parse((await operate(world, 'GET', '/sales?kind=order&limit=100')).json)
    for (const { id } of sales.items.filter(({ status }) => status === 'placed')) await operate(world, 'POST', `/orders/${id}/cancel`)
    let rows = ''
    await until('the edge to be at rest', 40_000, () => {
      const before = rows
      rows = JSON.stringify(keptRows(path.join(dir, 'edge')))
      return rows === before
    }, 6_000)
    const calls = []
    for (const operation of api.operations) {
      const valid = await validCall(world, operation)
      for (const bad of fc.sample(badCalls(api, operation, valid), { numRuns: BAD_CALLS, seed: SEED })) calls.push({ operation, ...bad })
    }
    expect(calls.length).toBeGreaterThan(3_000)
    const wrong: string[] = []
    const work = calls.values()
    await Promise.all(Array.from({ length: AT_ONCE }, async () => {
      for (const { operation, why, call, sign, mayFit } of work) {
        const signed = async () => (sign ? { ...call, headers: { ...call.headers, ...(await credentials(world, operation, call)) } } : call)
        let answer = await sendRaw(world.base, await signed())
        // On a busy machine the database may be slow, and its breaker puts calls off; on a fast one the gateway does. A fault of ours comes again.
        for (let tries = 1; [429, 503].includes(answer.status) && answer.headers['retry-after'] !== undefined && tries < PUT_OFF_MAX; tries++) {
          await sleep(1_000 * Number(answer.headers['retry-after']))
          answer = await sendRaw(world.base, await signed())
        }
        const reason = whyNotRefused({ operation, call, mayFit }, answer.status, typeOf(answer), contentOf(answer))
        if (reason) wrong.push(`${operation.id} (${why}): ${answer.status} ${reason} ${answer.text.slice(0, 160)}`)
      }
    }))
    expect(wrong.slice(0, 20), `${wrong.length} of ${calls.length}`).toEqual([])
    const after = await until('the files to be readable', 10_000, () => keptRows(path.join(dir, 'edge')))
    const before = JSON.parse(rows) as typeof after
    // Named one by one: a whole database beside another tells nobody what was changed.
    const changed = [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap((table) => [
      ...(after[table] ?? []).filter((row) => !before[table]?.includes(row)).map((row) => `${table} has now ${row}`),
      ...(before[table] ?? []).filter((row) => !after[table]?.includes(row)).map((row) => `${table} had ${row}`),
    ])
    expect(changed).toEqual([])
  })
})

/** It has to be 4xx, with a problem as the document has it; what fits may be served, if it reads only and the answer is one of the document. */
function whyNotRefused({ operation, call, mayFit }: Pick<BadCall, 'call' | 'mayFit'> & { operation: Operation }, status: number, contentType: string, body: unknown): string | null {
  if (status >= 500) return 'is a fault'
  if (status < 400) return mayFit && operation.method === 'GET' ? api.whyNotAnswer(operation, status, contentType, body) : 'was taken'
  if (status === 429) return 'was refused for its pace: this test must be slower'
  if (contentType !== 'application/problem+json') return `has the type ${contentType}`
  if (call.method === operation.method && ![404, 405].includes(status) && !operation.statuses.includes(status)) return 'is not in the document'
  return api.whyNotProblem(body)
}

describe('/docs', () => {
  it('shows every operation, asks no other host and breaks no rule of its policy', async () => {
    const browser = await openBrowser(path.join(dir, 'browser'))
    try {
      const page = await browser.newPage()
      const asked: string[] = []
      const complaints: string[] = []
      page.on('request', (request) => asked.push(request.url()))
      page.on('console', (message) => (message.type() === 'error' ? complaints.push(message.text()) : undefined))
      page.on('pageerror', (error) => complaints.push(error.message))
      await page.goto(`${world.base}/docs`)
      await page.waitForSelector('.opblock')
      expect(await page.locator('.opblock').count()).toBe(api.operations.length)
      await page.locator('#operations-orders-placeOrder .opblock-summary').click()
      await page.locator('#operations-orders-placeOrder .try-out__btn').click()
      await page.waitForSelector('#operations-orders-placeOrder textarea')
      await page.locator('.btn.authorize').first().click()
      await page.waitForSelector('.auth-container')
      expect(complaints).toEqual([])
      expect(asked.filter((url) => !url.startsWith(world.base) && !url.startsWith('data:'))).toEqual([])
    } finally {
      await browser.close()
    }
  })
})

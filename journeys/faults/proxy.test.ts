import { Agent, createServer, request, type Server } from 'node:http'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { seeded } from '../simulation/random.ts'
import { dealer, FAULT_KINDS, type Fate } from './faults.ts'
import { startFaultProxy, type FaultProxy } from './proxy.ts'

const ANSWER = 'x'.repeat(2_000)

let target: Server
/** What the server on the other side has read whole. */
let arrived: string[]
let proxy: FaultProxy | null
let agent: Agent

beforeEach(async () => {
  arrived = []
  agent = new Agent({ keepAlive: true, maxSockets: 1 })
  target = createServer((call, answer) => {
    let body = ''
    call.on('data', (piece: Buffer) => { body += piece.toString() })
    call.on('end', () => {
      arrived.push(body)
      answer.end(ANSWER)
    })
  })
  await new Promise<void>((resolve) => target.listen(0, '127.0.0.1', resolve))
})
afterEach(async () => {
  agent.destroy()
  await proxy?.close()
  proxy = null
  target.closeAllConnections()
  await new Promise((resolve) => target.close(resolve))
})

const targetPort = (): number => {
  const address = target.address()
  return address && typeof address === 'object' ? address.port : 0
}

/** A proxy whose calls have these fates, one after the other, and pass after the last. */
async function behind(...fates: Fate[]): Promise<FaultProxy> {
  proxy = await startFaultProxy({ targetPort: targetPort(), deal: () => fates.shift() ?? { kind: 'pass' } })
  proxy.trouble()
  return proxy
}

/** The body of the answer, `status N` for another than 200, or the code of what went wrong. On one connection, kept open. */
function post(body: string): Promise<string> {
  return new Promise((resolve) => {
    const call = request(`${proxy?.url}/`, { method: 'POST', agent, headers: { 'Content-Length': body.length } }, (answer) => {
      let text = ''
      answer.on('data', (piece: Buffer) => { text += piece.toString() })
      answer.on('end', () => resolve(answer.statusCode === 200 ? text : `status ${answer.statusCode}`))
      answer.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
    })
    call.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
    call.end(body)
  })
}

describe('the line between two processes', () => {
  it('passes everything while it is calm, whatever the size', async () => {
    const { calm } = await behind({ kind: 'cut', side: 'call', afterBytes: 1 })
    await calm()
    const large = 'y'.repeat(1_000_000)
    expect(await post(large)).toBe(ANSWER)
    expect(await post('two')).toBe(ANSWER)
    expect(arrived).toEqual([large, 'two'])
    expect(proxy?.counts.size).toBe(0)
  })

  it('gives every call on a kept connection its own fate', async () => {
    const { counts } = await behind({ kind: 'pass' }, { kind: 'pass' }, { kind: 'cut', side: 'call', afterBytes: 10 })
    expect([await post('one'), await post('two'), await post('three'), await post('four')]).toEqual([ANSWER, ANSWER, 'ECONNRESET', ANSWER])
    expect(arrived).toEqual(['one', 'two', 'four'])
    expect(Object.fromEntries(counts)).toEqual({ cut: 1 })
  })

  it('cuts the answer after the call has arrived', async () => {
    const { counts } = await behind({ kind: 'cut', side: 'answer', afterBytes: 500 })
    expect(await post('one')).toBe('ECONNRESET')
    expect(arrived).toEqual(['one'])
    expect(Object.fromEntries(counts)).toEqual({ cut: 1 })
  })

  it('counts no cut that the call was too short for', async () => {
    const { counts } = await behind({ kind: 'cut', side: 'call', afterBytes: 100_000 })
    expect(await post('one')).toBe(ANSWER)
    expect(counts.size).toBe(0)
  })

  it('resets', async () => {
    const { counts } = await behind({ kind: 'reset', side: 'call', afterBytes: 20 })
    expect(await post('one')).toBe('ECONNRESET')
    expect(arrived).toEqual([])
    expect(Object.fromEntries(counts)).toEqual({ reset: 1 })
  })

  it('delays, and changes nothing else', async () => {
    const { counts } = await behind({ kind: 'delay', side: 'call', ms: 120 }, { kind: 'delay', side: 'answer', ms: 120 })
    const began = performance.now()
    expect([await post('one'), await post('two')]).toEqual([ANSWER, ANSWER])
    expect(performance.now() - began).toBeGreaterThan(230)
    expect(Object.fromEntries(counts)).toEqual({ delay: 2 })
  })

  it('takes a call and never answers, until it lets go', async () => {
    const { counts } = await behind({ kind: 'half-open', ms: 150 })
    const began = performance.now()
    expect(await post('one')).toBe('ECONNRESET')
    expect(performance.now() - began).toBeGreaterThan(140)
    expect(arrived).toEqual([])
    expect(Object.fromEntries(counts)).toEqual({ 'half-open': 1 })
  })

  it('puts bytes in front of the call that are no HTTP', async () => {
    const { counts } = await behind({ kind: 'garbage', side: 'call', bytes: Buffer.from([0x80, 1, 2]) })
    expect(await post('one')).toBe('status 400')
    expect(arrived).toEqual([])
    expect(Object.fromEntries(counts)).toEqual({ garbage: 1 })
  })

  it('puts bytes in front of the answer that are no HTTP', async () => {
    const { counts } = await behind({ kind: 'garbage', side: 'answer', bytes: Buffer.from([0x80, 1, 2]) })
    expect(await post('one')).toMatch(/^HPE_/)
    expect(arrived).toEqual(['one'])
    expect(Object.fromEntries(counts)).toEqual({ garbage: 1 })
  })

  it('swallows an answer', async () => {
    const { counts } = await behind({ kind: 'answer swallowed' })
    expect(await post('one')).toBe('ECONNRESET')
    expect(arrived).toEqual(['one'])
    expect(Object.fromEntries(counts)).toEqual({ 'answer swallowed': 1 })
  })

  it('lets nobody in during an outage, and listens at the same port after it', async () => {
    const { counts } = await behind({ kind: 'outage', ms: 200 })
    expect(await post('one')).toBe('ECONNRESET')
    expect(await post('two')).toBe('ECONNREFUSED')
    await new Promise((resolve) => setTimeout(resolve, 300))
    expect(await post('three')).toBe(ANSWER)
    expect(arrived).toEqual(['three'])
    expect(Object.fromEntries(counts)).toEqual({ outage: 1 })
  })

  it('ends an outage, and drops what it holds, when it becomes calm', async () => {
    const { calm, trouble } = await behind({ kind: 'half-open', ms: 60_000 }, { kind: 'outage', ms: 60_000 })
    const held = post('one')
    await new Promise((resolve) => setTimeout(resolve, 50))
    await calm()
    expect(await held).toBe('ECONNRESET')
    trouble()
    expect(await post('two')).toBe('ECONNRESET')
    await calm()
    expect(await post('three')).toBe(ANSWER)
  })

  it('ends the caller\'s connection when nobody is at the other end', async () => {
    await behind()
    await new Promise((resolve) => target.close(resolve))
    expect(await post('one')).toBe('ECONNRESET')
  })
})

describe('the pack of fates', () => {
  const weather = { passInTen: 5, halfOpenMsMax: 100, outageMsMax: 600 }
  it('is the same for the same seed', () => {
    const [one, two] = [dealer(seeded(5), weather), dealer(seeded(5), weather)]
    for (let n = 0; n < 100; n += 1) expect(one()).toEqual(two())
  })
  it('holds every kind, and as many passes as asked for', () => {
    const deal = dealer(seeded(1), weather)
    const kinds = Array.from({ length: 30 }, () => deal().kind)
    for (const kind of FAULT_KINDS) expect(kinds).toContain(kind)
    expect(kinds.filter((kind) => kind === 'pass')).toHaveLength(15)
  })
})

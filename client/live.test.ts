import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Availability } from '../contract/product.ts'
import { watch } from './live.ts'
import type { Live } from './live.ts'

const of = (available: number): Availability => ({ sku: 'A', available, asOf: null, stores: [], version: `of ${available}` })

/** The browser's end of a line whose other end is the test's. What it does against the edge itself: journeys/client. */
class FakeSocket {
  static all: FakeSocket[] = []
  static refuse = false
  onopen?: () => void
  onmessage?: (event: { data: string }) => void
  onclose?: () => void
  onerror?: () => void
  sent: string[] = []
  closed = false
  readonly address: string
  constructor(address: string) {
    this.address = address
    FakeSocket.all.push(this)
    queueMicrotask(() => (FakeSocket.refuse ? this.onclose?.() : this.onopen?.()))
  }
  send(text: string) {
    this.sent.push(text)
  }
  close() {
    this.closed = true
  }
  hear(available: number) {
    this.onmessage?.({ data: JSON.stringify(of(available)) })
  }
}

let heard: (number | null)[]
let states: string[]
let ask: () => Promise<Availability>
let live: Live
const now = () => FakeSocket.all.at(-1) as FakeSocket
const start = (signal?: AbortSignal) => (live = watch(
  { address: (version) => `ws://edge/${version ?? ''}`, ask: () => ask(), WebSocket: FakeSocket as unknown as typeof WebSocket },
  ({ available }) => void heard.push(available),
  { onState: (state) => void states.push(state), ...(signal ? { signal } : {}) },
))

beforeEach(() => {
  vi.useFakeTimers()
  ;[heard, states, FakeSocket.all, FakeSocket.refuse, ask] = [[], [], [], false, async () => of(9)]
})
afterEach(() => {
  live.close()
  vi.useRealTimers()
})

describe('a live line', () => {
  it('tells what comes, the same word once', async () => {
    start()
    await vi.advanceTimersByTimeAsync(0)
    expect(now().sent).toEqual(['ping'])
    now().hear(3)
    now().hear(3)
    now().hear(2)
    now().onmessage?.({ data: 'no JSON' })
    expect([heard, states]).toEqual([[3, 2], ['connecting', 'live']])
  })

  it('that breaks is opened again with the last version; meanwhile the number is asked for', async () => {
    start()
    now().hear(3)
    now().onclose?.()
    await vi.advanceTimersByTimeAsync(0)
    expect([heard, states]).toEqual([[3, 9], ['connecting', 'live', 'connecting', 'polling']])
    await vi.advanceTimersByTimeAsync(1_300)
    expect(FakeSocket.all.map(({ address }) => address)).toEqual(['ws://edge/', 'ws://edge/of 9'])
    now().hear(9)
    now().hear(8)
    expect([heard, states.at(-1)]).toEqual([[3, 9, 8], 'live'])
  })

  it('that is there and says nothing is believed while it answers, and left when it does not', async () => {
    start()
    await vi.advanceTimersByTimeAsync(0)
    for (let times = 0; times < 5; times++) {
      now().onmessage?.({ data: 'pong' })
      await vi.advanceTimersByTimeAsync(26_000)
    }
    expect([FakeSocket.all.length, now().sent.length]).toEqual([1, 6])
    const silent = now()
    await vi.advanceTimersByTimeAsync(11_000)
    expect(silent.closed).toBe(true)
    expect(FakeSocket.all.length).toBe(2)
  })

  it('that cannot be opened is tried less and less often, and the number asked for every ten seconds', async () => {
    FakeSocket.refuse = true
    let asked = 0
    ask = async () => of(++asked)
    start()
    await vi.advanceTimersByTimeAsync(120_000)
    expect(FakeSocket.all.length).toBeGreaterThan(4)
    expect(FakeSocket.all.length).toBeLessThan(12)
    expect(heard.length).toBeGreaterThanOrEqual(11)
    expect(states).toEqual(['connecting', 'polling'])
    FakeSocket.refuse = false
    await vi.advanceTimersByTimeAsync(40_000)
    now().hear(77)
    expect([heard.at(-1), states.at(-1)]).toEqual([77, 'live'])
    const before = asked
    await vi.advanceTimersByTimeAsync(20_000)
    expect(asked).toBe(before)
  })

  it('tells nothing that was asked for before it was live again', async () => {
    let answer: (now: Availability) => void = () => undefined
    start()
    now().hear(3)
    ask = () => new Promise((resolve) => (answer = resolve))
    now().onclose?.()
    await vi.advanceTimersByTimeAsync(1_300)
    now().hear(1)
    answer(of(2))
    await vi.advanceTimersByTimeAsync(0)
    expect(heard).toEqual([3, 1])
  })

  it.each(['close', 'signal'])('tells nothing after its end (%s), and leaves nothing behind', async (how) => {
    const giveUp = new AbortController()
    start(giveUp.signal)
    const socket = now()
    socket.hear(3)
    if (how === 'close') live.close()
    else giveUp.abort()
    socket.hear(2)
    socket.onclose?.()
    await vi.advanceTimersByTimeAsync(600_000)
    expect([heard, states.at(-1), FakeSocket.all.length, socket.closed, vi.getTimerCount()]).toEqual([[3], 'closed', 1, true, 0])
  })

  it('does without WebSockets', async () => {
    live = watch({ address: () => '', ask: async () => of(4), WebSocket: undefined }, ({ available }) => void heard.push(available))
    await vi.advanceTimersByTimeAsync(0)
    expect(heard).toEqual([4])
  })
})

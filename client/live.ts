import type { Availability } from '../contract/product.ts'

/** `polling`: no live line just now, so the number is asked for every few seconds. */
export type LiveState = 'connecting' | 'live' | 'polling' | 'closed'
export type LiveOptions = { onState?: (state: LiveState) => void; signal?: AbortSignal }
export type Live = { close(): void }

export type LivePorts = {
  /** The address of the WebSocket; `version` is of the last word that was heard. */
  address(version: string | undefined): string
  ask(): Promise<Availability>
  WebSocket: typeof WebSocket | undefined
}

/** Where there is a page, it says when the network is back. */
type Page = { addEventListener?(type: string, listener: () => void): void; removeEventListener?(type: string, listener: () => void): void }

const WAIT_FIRST_MS = 1_000
const WAIT_MOST_MS = 30_000
/** The edge answers `ping` without waking anybody. A line that does not is dead, whatever the browser believes. */
const PING_EVERY_MS = 25_000
const PONG_WITHIN_MS = 10_000
const POLL_EVERY_MS = 10_000

/**
 * Tells `listener` the availability at once and whenever it changes, until it is closed: over a WebSocket that connects again by itself, and by asking while
 * there is none. The same word is told once.
 */
export function watch({ address, ask, WebSocket: Socket }: LivePorts, listener: (now: Availability) => void, { onState, signal }: LiveOptions = {}): Live {
  const page = globalThis as unknown as Page
  let socket: WebSocket | undefined
  let state: LiveState | undefined
  let version: string | undefined
  let wait = WAIT_FIRST_MS
  const timers: Record<'connect' | 'ping' | 'poll', ReturnType<typeof setTimeout> | undefined> = { connect: undefined, ping: undefined, poll: undefined }

  const turn = (next: LiveState) => {
    if (state === next || state === 'closed') return
    state = next
    onState?.(next)
  }
  const tell = (now: Availability) => {
    if (now.version === version || state === 'closed') return
    version = now.version
    listener(now)
  }

  function connect(): void {
    clearTimeout(timers.connect)
    if (state === 'closed' || socket) return
    if (state === undefined) turn('connecting')
    if (!Socket) return lost()
    let mine: WebSocket
    try {
      mine = new Socket(address(version))
    } catch {
      return lost()
    }
    socket = mine
    // Nothing new may be told for hours; the answer to this says that the line is there.
    mine.onopen = () => mine.send('ping')
    mine.onmessage = ({ data }) => {
      if (socket !== mine) return
      clearTimeout(timers.poll)
      wait = WAIT_FIRST_MS
      turn('live')
      listen()
      const now = parse(data)
      if (now) tell(now)
    }
    mine.onclose = mine.onerror = () => {
      if (socket === mine) lost()
    }
  }

  /** After a word from the edge: asks for a sign of life some time later, and takes the line for lost if none comes. */
  function listen(): void {
    clearTimeout(timers.ping)
    timers.ping = setTimeout(() => {
      socket?.send('ping')
      timers.ping = setTimeout(lost, PONG_WITHIN_MS)
    }, PING_EVERY_MS)
  }

  function lost(): void {
    const old = socket
    socket = undefined
    old?.close()
    clearTimeout(timers.ping)
    clearTimeout(timers.poll)
    if (state === 'closed') return
    if (state === 'live') turn('connecting')
    timers.connect = setTimeout(connect, wait * (0.75 + Math.random() / 2))
    wait = Math.min(wait * 2, WAIT_MOST_MS)
    void poll()
  }

  async function poll(): Promise<void> {
    try {
      const now = await ask()
      if (state !== 'live') turn('polling')
      if (state !== 'live') tell(now)
    } catch {
      // Asked again below, and the line is being opened anyway.
    }
    if (state !== 'live' && state !== 'closed') timers.poll = setTimeout(() => void poll(), POLL_EVERY_MS)
  }

  const again = () => {
    wait = WAIT_FIRST_MS
    connect()
  }
  const close = () => {
    turn('closed')
    page.removeEventListener?.('online', again)
    for (const timer of Object.values(timers)) clearTimeout(timer)
    socket?.close()
    socket = undefined
  }
  // A laptop that was opened again need not wait half a minute.
  page.addEventListener?.('online', again)
  signal?.addEventListener('abort', close, { once: true })
  if (signal?.aborted) close()
  else connect()
  return { close }
}

function parse(data: unknown): Availability | null {
  try {
    const told: unknown = JSON.parse(String(data))
    return typeof told === 'object' && told !== null && 'sku' in told ? told as Availability : null
  } catch {
    return null
  }
}

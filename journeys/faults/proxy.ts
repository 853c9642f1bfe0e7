import { connect, createServer, type Server, type Socket } from 'node:net'
import type { Fate, FaultKind, Side } from './faults.ts'

/** A line on loopback that can be bad. */
export type FaultProxy = {
  url: string
  /** What really happened, by kind: a cut that was dealt to a call too short for it is none. */
  counts: ReadonlyMap<FaultKind, number>
  /** From now on everything passes; an outage ends, and what is held or late is dropped. */
  calm(): Promise<void>
  /** Fates are dealt again. */
  trouble(): void
  close(): Promise<void>
}

/** Somebody else may have taken the port of an outage for a moment. */
const LISTEN_AGAIN_MS = 50

/**
 * Listens on a free port of 127.0.0.1 and leads to `targetPort` there. Every call (what the caller sends until the answer begins) has its own
 * fate from `deal`, also on a connection that is kept open. It begins calm.
 */
export async function startFaultProxy({ targetPort, deal }: { targetPort: number; deal: () => Fate }): Promise<FaultProxy> {
  const counts = new Map<FaultKind, number>()
  const note = (kind: FaultKind): void => void counts.set(kind, (counts.get(kind) ?? 0) + 1)
  const lines = new Set<Line>()
  let server: Server | null = null
  let calm = true
  let closed = false
  let back: NodeJS.Timeout | undefined

  const open = async (port: number): Promise<Server> => {
    for (;;) {
      const opened = await listen(port, accept).catch((error: NodeJS.ErrnoException) => {
        if (port === 0 || error.code !== 'EADDRINUSE') throw error
        return null
      })
      if (opened) return opened
      await new Promise((resolve) => setTimeout(resolve, LISTEN_AGAIN_MS))
    }
  }
  const accept = (caller: Socket): void => {
    const line = carry(caller, targetPort, { deal: () => (calm ? { kind: 'pass' } : deal()), note, outage })
    lines.add(line)
    caller.once('close', () => lines.delete(line))
  }
  const outage = (ms: number): void => {
    if (!server) return
    note('outage')
    server.close()
    server = null
    for (const line of lines) line.drop()
    back = setTimeout(() => void listenAgain(), ms)
  }
  const listenAgain = async (): Promise<void> => {
    clearTimeout(back)
    if (server || closed) return
    const opened = await open(port)
    // Two may have asked at once, or it was closed meanwhile.
    if (server || closed) opened.close()
    else server = opened
  }

  server = await open(0)
  const address = server.address()
  if (!address || typeof address === 'string') throw new Error('the proxy has no port')
  const { port } = address
  return {
    url: `http://127.0.0.1:${port}`,
    counts,
    trouble: () => void (calm = false),
    async calm() {
      calm = true
      for (const line of lines) if (line.isTroubled()) line.drop()
      await listenAgain()
    },
    async close() {
      closed = true
      clearTimeout(back)
      for (const line of lines) line.drop()
      const last = server
      if (last) await new Promise((resolve) => last.close(resolve))
    },
  }
}

function listen(port: number, accept: (caller: Socket) => void): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer({ noDelay: true }, accept)
    server.once('error', reject)
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => {
      server.off('error', reject)
      resolve(server)
    })
  })
}

/** One connection through the proxy. */
type Line = { isTroubled(): boolean; drop(): void }
type Hooks = { deal: () => Fate; note: (kind: FaultKind) => void; outage: (ms: number) => void }

function carry(caller: Socket, targetPort: number, { deal, note, outage }: Hooks): Line {
  const target = connect({ port: targetPort, host: '127.0.0.1', noDelay: true })
  let fate: Fate = { kind: 'pass' }
  /** Bytes of the call and the answer under way, as they came in. */
  let seen: Record<Side, number> = { call: 0, answer: 0 }
  let timer: NodeJS.Timeout | undefined

  const drop = (): void => {
    clearTimeout(timer)
    caller.destroy()
    target.destroy()
  }
  const end = (how: 'cut' | 'reset'): void => {
    for (const socket of [caller, target]) {
      if (how === 'cut') socket.destroySoon()
      else socket.resetAndDestroy()
    }
  }

  /** Passes a piece of the call or the answer on, as its fate wants it. */
  const pass = (side: Side, from: Socket, to: Socket, piece: Buffer): void => {
    const before = seen[side]
    seen[side] += piece.length
    switch (fate.kind) {
      case 'half-open':
        if (before > 0) return
        note('half-open')
        timer = setTimeout(drop, fate.ms)
        return
      case 'outage':
        outage(fate.ms)
        return
      case 'answer swallowed':
        if (side === 'call') break
        note('answer swallowed')
        return end('cut')
      case 'cut':
      case 'reset':
        if (fate.side !== side || seen[side] < fate.afterBytes) break
        note(fate.kind)
        to.write(piece.subarray(0, fate.afterBytes - before))
        return end(fate.kind)
      case 'garbage':
        if (fate.side !== side || before > 0) break
        note('garbage')
        to.write(fate.bytes)
        break
      case 'delay':
        if (fate.side !== side || before > 0) break
        note('delay')
        from.pause()
        timer = setTimeout(() => {
          to.write(piece)
          from.resume()
        }, fate.ms)
        return
      case 'pass':
        break
    }
    to.write(piece)
  }

  caller.on('data', (piece) => {
    // The first word, or a word after an answer, begins a call.
    if (seen.call === 0 || seen.answer > 0) {
      seen = { call: 0, answer: 0 }
      fate = deal()
    }
    pass('call', caller, target, piece)
  })
  target.on('data', (piece) => pass('answer', target, caller, piece))
  target.on('end', () => caller.end())
  for (const socket of [caller, target]) {
    socket.on('error', drop)
    socket.on('close', () => {
      // What was said before the end is still passed on.
      if (socket === target && !caller.destroyed) caller.destroySoon()
      else drop()
    })
  }
  return { isTroubled: () => fate.kind !== 'pass', drop }
}

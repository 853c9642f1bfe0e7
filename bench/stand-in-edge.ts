import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import { hashOfItem } from '../connector/journal/baseline.ts'
import { toInstant } from '../contract/clock.ts'
import { EventsRequest, type StateRow } from '../contract/connect.ts'
import { StoreEvent } from '../contract/events.ts'
import { STATE_PAGE_SIZE } from '../contract/limits.ts'

/**
 * What a connector talks to while it is measured: it takes every event, keeps what a store's state needs, and tells it page by page. Neither
 * signatures nor digests are checked here: that costs the edge, and it is the connector that is measured.
 */
export type StandInEdge = {
  url: string
  counts(): { calls: number; events: number; bytes: number }
  /** Resolves when all these levels have been taken and their calls answered, with the time of the last answer (`performance.now`). */
  allOf(levels: ReadonlyMap<string, number>): Promise<number>
  /** How many SKUs it has, and how many of them with a level. */
  held(): { skus: number; counted: number }
  close(): Promise<void>
}

export async function startStandInEdge(): Promise<StandInEdge> {
  const state = new Map<string, StateRow>()
  const counts = { calls: 0, events: 0, bytes: 0 }
  let awaited: { left: Map<string, number>; resolve(at: number): void } | null = null
  let epoch = 0
  let ackedSeq = 0
  let sorted: StateRow[] = []

  const rowOf = (sku: string): StateRow => {
    let row = state.get(sku)
    if (!row) state.set(sku, row = { sku, itemHash: null, priceMinor: null, onHand: null, epoch: null, seq: null, asOf: null })
    return row
  }
  const take = (event: StoreEvent): void => {
    switch (event.type) {
      case 'catalog.item_upserted':
        Object.assign(rowOf(event.data.sku), { itemHash: hashOfItem(event.data), priceMinor: event.data.price.amountMinor })
        return
      case 'catalog.item_removed':
        state.delete(event.data.sku)
        return
      case 'stock.counted':
        Object.assign(rowOf(event.data.sku), { onHand: event.data.onHand, epoch, seq: event.seq, asOf: event.data.asOf })
        if (awaited?.left.get(event.data.sku) === event.data.onHand) awaited.left.delete(event.data.sku)
        return
      default:
        return
    }
  }

  const answer = (path: string, query: URLSearchParams, body: string): unknown => {
    switch (path) {
      case 'epochs':
        epoch += 1
        ackedSeq = 0
        return { epoch }
      case 'events': {
        const call = EventsRequest.parse(JSON.parse(body))
        for (const event of call.events) if (event.seq > ackedSeq) take(StoreEvent.parse(event))
        counts.events += call.events.length
        ackedSeq = Math.max(ackedSeq, call.events.at(-1)?.seq ?? 0)
        return { ackedSeq, rejected: [] }
      }
      case 'heartbeat':
        return { serverTime: toInstant(Date.now()), ackedSeq, pending: 0, askAgain: [], requests: [], pushConfirmed: true }
      case 'orders/pending':
        return { assignments: [], cancels: [] }
      case 'state': {
        const from = Number(query.get('cursor') ?? 0)
        if (from === 0) sorted = [...state.values()].sort((a, b) => (a.sku < b.sku ? -1 : 1))
        const items = sorted.slice(from, from + STATE_PAGE_SIZE)
        return { items, nextCursor: from + items.length < sorted.length ? String(from + items.length) : null }
      }
      default:
        throw new Error(`the stand-in edge has no ${path}`)
    }
  }

  const server = createServer((request, response) => {
    void (async () => {
      const body = await read(request)
      counts.calls += 1
      counts.bytes += body.length
      const target = new URL(request.url ?? '/', 'http://edge')
      const path = target.pathname.split('/').slice(5).join('/')
      const text = JSON.stringify(answer(path, target.searchParams, body.toString()))
      response.writeHead(path === 'events' ? 202 : 200, { 'content-type': 'application/json' }).end(text, () => {
        if (awaited?.left.size !== 0) return
        awaited.resolve(performance.now())
        awaited = null
      })
    })().catch((error: unknown) => {
      process.stderr.write(`stand-in edge: ${String(error)}\n`)
      response.writeHead(500).end()
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the stand-in edge has no port')
  return {
    url: `http://127.0.0.1:${address.port}`,
    counts: () => ({ ...counts }),
    allOf: (levels) => new Promise((resolve) => { awaited = { left: new Map(levels), resolve } }),
    held: () => ({ skus: state.size, counted: [...state.values()].filter(({ onHand }) => onHand !== null).length }),
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

async function read(request: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = []
  for await (const piece of request) pieces.push(piece as Buffer)
  return Buffer.concat(pieces)
}

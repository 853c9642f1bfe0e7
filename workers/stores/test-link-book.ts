import { toInstant } from '../../contract/clock.ts'
import type { HeartbeatAnswer, HeartbeatRequest } from '../../contract/connect.ts'
import { emptyLink } from './link.ts'
import type { BeatAnswer, Link, Work } from './link.ts'
import { createLink } from './run-link.ts'
import type { LinkBook, SyncLink } from './run-link.ts'

/** The rows of a link in memory. */
export function memoryBook(): LinkBook {
  let link: Link = emptyLink
  const works = new Map<string, Work>()
  const struck = new Set<string>()
  const erased: string[] = []
  return {
    link: () => link,
    writeLink: (next) => void (link = next),
    work: (id) => works.get(id) ?? null,
    works: () => [...works.values()].sort((a, b) => (a.assignmentId < b.assignmentId ? -1 : 1)),
    write: (work) => void works.set(work.assignmentId, work),
    forget: (id) => void works.delete(id),
    isStruck: (id) => struck.has(id),
    strike: (id) => void struck.add(id),
    erased: (after, limit) => erased.slice(after, after + limit).map((assignmentId, index) => ({ n: after + index + 1, assignmentId })),
    lastErased: () => erased.length,
    erase: (id) => erased.push(id),
  }
}

export const NOW = 1_800_000_000_000
export const id = (n: number) => `ord_${String(n).padStart(26, '0')}.1`
export const beatOf = (epoch: number, change: Partial<HeartbeatRequest> = {}): HeartbeatRequest => ({
  connectorId: 'till-1', epoch, lastSeq: 100, posReachable: true, journal: { inbox: 0, outbox: 0 }, version: '1', clock: toInstant(NOW), tunnel: 'none', ...change,
})

/** A store that is there, in its first epoch. */
export function openLink(): SyncLink {
  const link = createLink(memoryBook())
  link.takeEpoch('till-1', NOW)
  link.heartbeat(beatOf(1), NOW)
  return link
}

export function beat(link: SyncLink, now: number, change: Partial<HeartbeatRequest> = {}): BeatAnswer & Pick<HeartbeatAnswer, 'erase'> {
  const heard = link.heartbeat(beatOf(1, change), now)
  if (!heard.ok) throw new Error(heard.refusal.reason)
  return heard.value
}

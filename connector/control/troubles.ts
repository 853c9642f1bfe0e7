import { toInstant, type Clock } from '../../contract/clock.ts'
import type { Trouble } from './live-status.ts'

/** The last warnings and errors of this run, for `status` and `diag`: what is said in the same words, of one thing or of many, is one. */
export type Troubles = {
  note(level: Trouble['level'], fields: unknown): void
  /** A good event: some troubles are over with it. */
  good(fields: unknown): void
  list(): Trouble[]
}

/** Which troubles an event ends. */
const ENDS: Record<string, readonly string[]> = {
  'capture.works-again': ['capture.fault', 'pos.unreachable', 'pos.contradicts'],
  'sync.done': ['reconcile.fault'],
  'reconcile.done': ['reconcile.fault'],
  'edge.back': ['edge.away'],
  'edge.authorized': ['edge.unauthorized'],
  'edge.takes-this-version': ['edge.wants-newer'],
  'journal.has-room': ['journal.full', 'journal.filling', 'journal.cannot-write'],
  'feed.ended': ['feed.quarantined'],
  'feed.approved': ['feed.quarantined'],
  'access.keys-again': ['access.keys-unreachable', 'access.no-keys'],
  'desk.listening': ['desk.cannot-listen'],
  'order.found-again': ['order.lost'],
}
/** Over for one thing after the other: an order that is found again finds no other. */
const ENDS_ONE_BY_ONE: ReadonlySet<string> = new Set(['order.lost'])

/** More kinds of trouble than this at once is one trouble. */
const KINDS_MAX = 20
/** Of more things than this at once nobody wants the number. */
const ABOUTS_MAX = 10_000
/** Which thing it is about: an order, a row of the POS, a call to the edge. */
const ABOUT = ['assignmentId', 'key', 'call', 'part'] as const

export function createTroubles(now: Clock): Troubles {
  const kinds = new Map<string, Trouble & { seen: Set<string> }>()
  return {
    good(fields) {
      const ended = ENDS[textOf(fields, 'event') ?? ''] ?? []
      const endedAt = toInstant(now())
      const about = aboutOf(fields)
      for (const [kind, trouble] of kinds) {
        if (!ended.includes(trouble.event) || trouble.endedAt !== undefined) continue
        const { seen } = trouble
        const oneByOne = ENDS_ONE_BY_ONE.has(trouble.event) && about !== undefined
        if (oneByOne) seen.delete(about)
        const left = oneByOne ? [...seen].at(-1) : undefined
        kinds.set(kind, left === undefined ? { ...trouble, endedAt } : { ...trouble, about: left, abouts: seen.size })
      }
    },
    note(level, fields) {
      const text = (name: string): string | undefined => textOf(fields, name)
      const event = text('event')
      if (event === undefined) return
      const fault = text('fault') ?? text('problem')
      const why = text('why')
      const hint = text('hint')
      const about = aboutOf(fields)
      const kind = JSON.stringify([event, fault, why, hint])
      const known = kinds.get(kind)
      const seen = known?.seen ?? new Set<string>()
      if (about !== undefined && seen.size < ABOUTS_MAX) seen.add(about)
      const at = toInstant(now())
      // The one that came last stands last.
      kinds.delete(kind)
      kinds.set(kind, {
        seen, event, level, firstAt: known?.firstAt ?? at, lastAt: at, count: (known?.count ?? 0) + 1,
        ...(fault === undefined ? {} : { fault }), ...(why === undefined ? {} : { why }), ...(hint === undefined ? {} : { hint }),
        ...(about === undefined ? {} : { about, abouts: seen.size }),
      })
      const oldest = kinds.keys().next()
      if (kinds.size > KINDS_MAX && !oldest.done) kinds.delete(oldest.value)
    },
    list: () => [...kinds.values()].map(({ seen: _seen, ...trouble }) => trouble).toReversed(),
  }
}

const aboutOf = (fields: unknown): string | undefined => ABOUT.map((name) => textOf(fields, name)).find((value) => value !== undefined)

function textOf(fields: unknown, name: string): string | undefined {
  if (typeof fields !== 'object' || fields === null) return undefined
  const value: unknown = Reflect.get(fields, name)
  return typeof value === 'string' ? value : undefined
}

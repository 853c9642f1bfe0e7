import { emptyLink } from './link.ts'
import type { Link, Work } from './link.ts'
import type { LinkBook } from './run-link.ts'

/** The rows of a link in memory. */
export function memoryBook(): LinkBook {
  let link: Link = emptyLink
  const works = new Map<string, Work>()
  const struck = new Set<string>()
  return {
    link: () => link,
    writeLink: (next) => void (link = next),
    work: (id) => works.get(id) ?? null,
    works: () => [...works.values()].sort((a, b) => (a.assignmentId < b.assignmentId ? -1 : 1)),
    write: (work) => void works.set(work.assignmentId, work),
    forget: (id) => void works.delete(id),
    isStruck: (id) => struck.has(id),
    strike: (id) => void struck.add(id),
  }
}

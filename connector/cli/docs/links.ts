import { posix } from 'node:path'
import { PAGES } from './pages.ts'

/** Where the links of a page lead, as paths in the repository: without those to the web and those within the page. */
export function linksOf(file: string, text: string): string[] {
  if (!file.endsWith('.md')) return []
  const targets = [...text.replaceAll(/```[\s\S]*?```/g, '').matchAll(/\]\(([^)\s#]+)(?:#[^)\s]*)?\)/g)].map(([, target]) => target ?? '')
  return [...new Set(targets.filter((target) => !/^[a-z]+:/.test(target)).map((target) => posix.join(posix.dirname(file), target)))]
}

/** The topic of `docs` that prints this file; `null`: the repository alone has it. */
export const topicOf = (file: string): string | null => Object.entries(PAGES).find(([, page]) => page.file === file)?.[0] ?? null

/** What stands below a page, for who has no repository to follow its links in. */
export function linksInWords(file: string, text: string): string {
  const links = linksOf(file, text).map((target) => ({ target, topic: topicOf(target) }))
  const carried = links.flatMap(({ target, topic }) => (topic === null ? [] : [`  ${posix.basename(target)}: tillbridge-connector docs ${topic}`]))
  const elsewhere = links.some(({ topic }) => topic === null) ? ['  source and measurements: in the repository of Tillbridge'] : []
  const lines = [...carried, ...elsewhere]
  return lines.length === 0 ? '' : `\n\nWhere its links lead:\n${lines.join('\n')}`
}

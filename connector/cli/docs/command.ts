import type { Command } from 'commander'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { complain, say, table } from '../say.ts'
import { linksInWords } from './links.ts'
import { pageTexts } from './page-texts.ts'
import { isTopic, PAGES, TOPICS } from './pages.ts'

export function addDocsCommand(program: Command, onExit: (code: ExitCode) => void): void {
  program.command('docs').description('print a page of the handbook, an example configuration or a GRANT script').argument('[topic]', 'left out: what there is')
    .addHelpText('after', `
Topics:
${table(Object.entries(PAGES).map(([topic, { title }]) => [`  ${topic}`, title]))}

Examples:
  tillbridge-connector docs store-it | less
  tillbridge-connector docs grants-ospos > grants.sql`)
    .action((topic: string | undefined) => onExit(docs(topic)))
}

function docs(topic: string | undefined): ExitCode {
  if (topic === undefined) {
    say(table(Object.entries(PAGES).map(([each, { title }]) => [`tillbridge-connector docs ${each}`, title])))
    return EXIT.ok
  }
  const text = isTopic(topic) ? pageTexts()[topic] : undefined
  if (!isTopic(topic) || text === undefined) {
    complain({ what: `There is no page "${topic}"`, why: `the pages are ${TOPICS.join(', ')}`, todo: 'name one of them' })
    return EXIT.notFound
  }
  say(text.trimEnd() + linksInWords(PAGES[topic].file, text))
  return EXIT.ok
}

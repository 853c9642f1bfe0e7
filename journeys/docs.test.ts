import { existsSync, readFileSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { AlertName } from '../contract/alert.ts'

const ROOT = path.resolve(import.meta.dirname, '..')
/** `[words](target)` or `[words](target "title")`, as the pages write them. */
const LINK = /\]\(([^)\s]+)(?: "([^"]*)")?\)/g

const pages = ['README.md', 'bench/README.md', ...readdirSync(path.join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.md')).map((name) => `docs/${name}`)]
const read = (file: string): string => readFileSync(path.join(ROOT, file), 'utf8')

/** As the web shows a repository's headings: small letters, blanks as "-", everything else that is no letter, digit or "-" left out. */
const anchorsOf = (text: string): string[] =>
  text.split('\n').flatMap((line) => /^#{1,6} (.*)$/.exec(line)?.[1] ?? []).map((heading) => heading.toLowerCase().replaceAll(/[^\p{L}\p{N} _-]/gu, '').replaceAll(' ', '-'))

/** What a page points to and is not there, a sentence each. The title of a link to a test is the name of one in it. */
function deadLinks(page: string): string[] {
  return [...read(page).matchAll(LINK)].flatMap(([, target = '', title]) => {
    if (/^[a-z]+:/.test(target)) return []
    const [file = '', anchor] = target.split('#')
    const aim = file === '' ? page : path.join(path.dirname(page), file)
    if (!existsSync(path.join(ROOT, aim))) return [`${page}: there is no ${aim}`]
    if (anchor !== undefined && !anchorsOf(read(aim)).includes(anchor)) return [`${page}: ${aim} has no heading #${anchor}`]
    if (title !== undefined && !read(aim).replaceAll("\\'", "'").includes(title)) return [`${page}: ${aim} has no test "${title}"`]
    return []
  })
}

test.each(pages)('%s points only to what is there', (page) => expect(deadLinks(page)).toEqual([]))

test.each(AlertName.options)('the runbook says what %s means, where to look, what to do and when it is over', (name) => {
  const section = read('docs/runbook.md').split(/^## /m).find((each) => each.startsWith(`${name}\n`))
  for (const part of ['**Means**', '**Look**', '**Over**']) expect(section).toContain(part)
})

import { existsSync, globSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { linksInWords, linksOf, topicOf } from './links.ts'
import { pageTexts } from './page-texts.ts'
import { PAGES } from './pages.ts'

const ROOT = resolve(import.meta.dirname, '../../..')
const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8')

/** As a host of repositories makes the place of a heading. */
const placesOf = (text: string): string[] => [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => heading.toLowerCase().replaceAll(/[^\p{L}\p{N}_ -]/gu, '').replaceAll(' ', '-'))

const pages = ['README.md', ...globSync(['docs/**/*.md', 'bench/*.md'], { cwd: ROOT })]

test.each(pages)('%s: each of its links leads to something in the tree, and to a heading that is there', (page) => {
  const text = read(page)
  expect(linksOf(page, text).filter((file) => !existsSync(join(ROOT, file)))).toEqual([])
  const places = [...text.matchAll(/\]\(([^)\s#:]*)#([^)\s]+)\)/g)].map(([, file = '', place = '']) => ({ file: file === '' ? page : join(page, '..', file), place }))
  expect(places.filter(({ file, place }) => !placesOf(read(file)).includes(place))).toEqual([])
})

test('the pages are more than a few', () => {
  expect(pages.length).toBeGreaterThan(30)
  expect(pages.flatMap((page) => linksOf(page, read(page))).length).toBeGreaterThan(70)
})

test.each(Object.entries(PAGES))('docs %s: each page, example and script that it links to is carried along; only source and measurements are not, and that is said', (topic, { file }) => {
  const text = pageTexts()[topic] ?? ''
  const links = linksOf(file, text)
  const missing = links.filter((target) => topicOf(target) === null)
  expect(missing.filter((target) => !/\.ts$|^bench\/|^connector\/cli\/init\/templates$/.test(target))).toEqual([])
  const words = linksInWords(file, text)
  expect(words.includes('in the repository of Tillbridge')).toBe(missing.length > 0)
  for (const target of links) if (topicOf(target) !== null) expect(words).toContain(`tillbridge-connector docs ${topicOf(target)}`)
})

test('no decision has the number of another, and none is left out', () => {
  const numbers = globSync('*.md', { cwd: join(ROOT, 'docs/decisions') }).map((name) => Number(name.slice(0, 4))).sort((a, b) => a - b)
  expect(numbers).toEqual(Array.from({ length: numbers.length }, (_, index) => index + 1))
})

import { readFileSync } from 'node:fs'
import { PAGES } from './pages.ts'

/** Every page, by its topic, as it stands in the repository. In the bundle this module is the texts themselves (bundle.ts). */
export const pageTexts = (): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(PAGES).map(([topic, { file }]) => [topic, readFileSync(new URL(`../../../${file}`, import.meta.url), 'utf8')]))

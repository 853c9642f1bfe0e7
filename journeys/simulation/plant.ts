import { readFileSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { pathToFileURL } from 'node:url'
import { resolve } from 'node:path'
import type { Mutant } from './mutants.ts'

/** The file's text with the fault in it. Throws unless the place is there exactly once: a mutant that changes nothing proves nothing. */
export function planted({ name, file, find, replace }: Mutant): string {
  const text = readFileSync(file, 'utf8')
  const places = text.split(find).length - 1
  if (places !== 1) throw new Error(`mutant ${name}: "${find}" stands ${places} times in ${file}: write it anew for the code as it is`)
  return text.replace(find, () => replace)
}

/** From here on this process loads the mutant's file with the fault in it. Only for what is not loaded yet. */
export function plant(mutant: Mutant): void {
  const url = pathToFileURL(resolve(mutant.file)).href
  const source = planted(mutant)
  registerHooks({
    load: (loaded, context, next) => (loaded === url ? { format: 'module-typescript', source, shortCircuit: true } : next(loaded, context)),
  })
}

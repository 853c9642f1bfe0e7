import { readFileSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { ok, refused, type Result } from '../../contract/result.ts'
import { faultOf } from '../fault.ts'
import { fileWords } from '../file-words.ts'
import { readVariants, VARIANTS_BYTES_MAX, type VariantBook } from '../pos/variants/variants-file.ts'
import { locate, type ConfigProblem, type Located } from './config-problem.ts'

const KEY = ['variants', 'file']

/** The shop's table of variants, from where the configuration names it; undefined where it names none. Problems name the table's own lines. */
export function loadVariants(named: string | undefined, located: Located): Result<VariantBook | undefined, ConfigProblem[]> {
  if (named === undefined) return ok(undefined)
  const file = resolve(dirname(located.file), named)
  const unreadable = (found: string) => refused([{ file: located.file, ...locate(located, KEY), key: KEY.join('.'), expected: 'a readable file in UTF-8', found }])
  let text: string
  try {
    if (statSync(file).size > VARIANTS_BYTES_MAX) return unreadable(`${file}: more than ${VARIANTS_BYTES_MAX / 1_000_000} MB`)
    text = readFileSync(file, 'utf8')
  } catch (error) {
    return unreadable(`${file}: ${fileWords(error) ?? faultOf(error)}`)
  }
  if (/[\0\uFFFD]/.test(text)) return unreadable(`${file}: bytes that are no UTF-8; save it as "CSV UTF-8"`)
  const read = readVariants(text)
  return read.ok ? ok(read.value) : refused(read.refusal.map(({ line, expected, found }) => ({ file, line, column: 1, key: 'variants', expected, found })))
}

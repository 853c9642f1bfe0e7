import { isAlias, isScalar, LineCounter, parseDocument, visit, type Document, type YAMLError } from 'yaml'
import { ok, refused, type Result } from '../../contract/result.ts'
import type { ConfigProblem, Located } from './config-problem.ts'

/**
 * A configuration's text as plain values, with the places where they stand. Of a text that is no YAML only the first mistake is told: the
 * parser stumbles on over what follows from it. Its own messages are not repeated, since they quote what stands there, which may be a password.
 */
export function readYaml(text: string, file: string): Result<{ value: unknown; located: Located }, ConfigProblem> {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  const problem = (offset: number, words: Words): ConfigProblem => {
    const { line, col } = lines.linePos(offset)
    return { file, line, column: col, key: '(YAML)', ...words }
  }
  // A tag that nobody knows is only warned of by the parser, and its text is then empty: a password that begins with "!" would be none.
  const first = [...document.errors, ...document.warnings].sort((a, b) => a.pos[0] - b.pos[0])[0]
  if (first) return refused(problem(placeOf(first, document, text), wordsOf(first)))
  const loose = looseAlias(document)
  if (loose !== null) return refused(problem(loose, { expected: 'a text that begins with "*" in quotes', found: 'an alias, and no anchor of that name before it' }))
  try {
    return ok({ value: document.toJS() ?? {}, located: { file, document, lines } })
  } catch {
    return refused(problem(0, { expected: 'plain YAML', found: 'aliases that unfold too far' }))
  }
}

type Words = Pick<ConfigProblem, 'expected' | 'found'>

/** Where a person would look: at the first letter of a line that is set in wrongly, at the beginning of a text whose end is missing. */
function placeOf({ code, pos: [offset] }: YAMLError, document: Document, text: string): number {
  if (code === 'BAD_INDENT' || code === 'TAB_AS_INDENT') return offset + (/^ */.exec(text.slice(offset))?.[0].length ?? 0)
  if (code !== 'MISSING_CHAR') return offset
  let begin = offset
  visit(document, {
    Scalar(_, { type, range }) {
      if (type?.startsWith('QUOTE') && range && range[0] < offset && range[1] >= offset) begin = range[0]
    },
  })
  return begin
}

function wordsOf({ code, message }: YAMLError): Words {
  switch (code) {
    case 'BAD_INDENT': return message.startsWith('Flow')
      ? { expected: 'the closing bracket of the list or group that was opened before', found: 'a new line without it' }
      : { expected: 'the keys of one group below one another, in the same column', found: 'a line that begins in a column of its own' }
    case 'BLOCK_AS_IMPLICIT_KEY':
    case 'MULTILINE_IMPLICIT_KEY': return { expected: 'one value (a text with a colon and a blank in it stands in quotes), and the next key in the same column as this one', found: 'another key inside the value, or below it and set in too far' }
    case 'TAB_AS_INDENT': return { expected: 'blanks before a key', found: 'a tab' }
    case 'MISSING_CHAR': return message.includes('quote') ? { expected: 'a closing quote', found: 'none up to the end' } : { expected: 'a colon and a blank after the key', found: 'a line without them' }
    case 'BAD_SCALAR_START': return { expected: 'a text that begins with such a character in quotes', found: 'a character that means something else in YAML' }
    case 'TAG_RESOLVE_FAILED': return { expected: 'a text that begins with "!" in quotes', found: 'a YAML tag that nobody knows here' }
    case 'BAD_DQ_ESCAPE': return { expected: 'a text with "\\" in it in single quotes, or "\\\\" for each', found: 'an escape that YAML does not know' }
    case 'DUPLICATE_KEY': return { expected: 'each key once in its group', found: 'a key that stands there already' }
    case 'MULTIPLE_DOCS': return { expected: 'one configuration in a file', found: 'a second one after "---"' }
    default: return { expected: '"key: value" on each line, and texts with quotes or brackets in them in quotes', found: `something else (${code})` }
  }
}

/** Where the first alias stands that no anchor before it explains. */
function looseAlias(document: Document): number | null {
  let found: number | null = null
  visit(document, (_, node) => {
    if (isAlias(node) && node.resolve(document) === undefined) {
      found = node.range?.[0] ?? 0
      return visit.BREAK
    }
    return isScalar(node) ? visit.SKIP : undefined
  })
  return found
}

import { sql, type QueryResult, type RawBuilder } from 'kysely'
import type { Dialect, Row, Tx } from './ports.ts'

export type Parameters = Readonly<Record<string, string | number | null>>

/** Texts, quoted names, comments and casts (`::`) hold no parameters; `:name` elsewhere is one. */
const TOKEN = /'(?:[^']|'')*'|"(?:[^"]|"")*"|`[^`]*`|--[^\n]*|\/\*[\s\S]*?\*\/|::|:([a-zA-Z][a-zA-Z0-9]*)/g

/** The names of a statement's parameters. */
export const parametersOf = (text: string): string[] => [...text.matchAll(TOKEN)].flatMap(([, name]) => (name === undefined ? [] : [name]))

/** Whether anything stands behind the first statement. */
export const isSeveral = (text: string): boolean => /;\s*\S/.test(text.replaceAll(TOKEN, (token) => (/^(?:--|\/\*)/.test(token) ? ' ' : 'x')))

const ENDS = ['COMMIT', 'ROLLBACK', 'BEGIN', 'START', 'END', 'ABORT']
/** What MySQL commits by itself, before and after. */
const ENDS_IN_MYSQL = [...ENDS, 'CREATE', 'ALTER', 'DROP', 'TRUNCATE', 'RENAME', 'LOCK', 'UNLOCK', 'GRANT', 'REVOKE', 'ANALYZE', 'OPTIMIZE', 'LOAD']
/** The first word of a statement that would end the transaction it runs in, or null. */
export function endsTransaction(text: string, dialect: Dialect): string | null {
  const word = /^[\s;]*(\w+)/.exec(text.replaceAll(TOKEN, (token) => (/^(?:--|\/\*)/.test(token) ? ' ' : token)))?.[1]?.toUpperCase() ?? ''
  return (dialect === 'mysql' ? ENDS_IN_MYSQL : ENDS).includes(word) ? word : null
}

/** Whether it changes rows that are there; a remark may stand before it, and a WITH. */
export const isUpdate = (text: string): boolean => /^\s*(?:WITH\b(?:(?!\b(?:SELECT|INSERT|DELETE|MERGE)\b)[\s\S])*)?\bUPDATE\b/i.test(withoutBrackets(text.replaceAll(TOKEN, (token) => (/^(?:--|\/\*)/.test(token) ? ' ' : 'x'))))
const withoutBrackets = (text: string): string => {
  const less = text.replaceAll(/\([^()]*\)/g, ' ')
  return less === text ? text : withoutBrackets(less)
}

/** A quote behind a backslash, which ends the text for the parameters and not for the database: a `:name` after it would be given to another place. */
export const hasEscapedQuote = (text: string): boolean => /(?<!\\)(?:\\\\)*\\['"]/.test(text)

/** A statement of the configuration with values for its `:parameters`; the values never become part of its text. */
export function statement(text: string, parameters: Parameters): RawBuilder<Row> {
  const parts: RawBuilder<unknown>[] = []
  let end = 0
  for (const found of text.matchAll(TOKEN)) {
    const name = found[1]
    if (name === undefined) continue
    if (!Object.hasOwn(parameters, name)) throw new TypeError(`a statement asks for :${name}, which is not known there`)
    parts.push(sql.raw(text.slice(end, found.index)), sql.val(parameters[name] ?? null))
    end = found.index + found[0].length
  }
  return sql<Row>`${sql.join([...parts, sql.raw(text.slice(end))], sql.raw(''))}`
}

export const run = (tx: Tx, text: string, parameters: Parameters): Promise<QueryResult<Row>> => statement(text, parameters).execute(tx)

/** A query of the configuration as a table: without the semicolon that ends it in a client. */
export const asTable = (text: string): RawBuilder<unknown> => sql.raw(`(${text.trim().replace(/;$/, '')}\n)`)

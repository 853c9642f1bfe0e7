import { sql } from 'kysely'
import type { Dialect, Row, Tx } from './ports.ts'

/** How many signs the text columns of some tables hold, by `table.column`. Those without an entry hold any text. */
export type TextLengths = ReadonlyMap<string, number>

/** Asked of the database itself: a till of another version, or one that somebody widened, has other columns. */
export async function readTextLengths(tx: Tx, dialect: Dialect, tables: readonly string[]): Promise<TextLengths> {
  // MySQL tells bytes of what it calls TEXT, and signs of a VARCHAR; a sign has four bytes at the most.
  const query = dialect === 'mysql'
    ? sql<Row>`SELECT TABLE_NAME AS tbl, COLUMN_NAME AS col, CASE WHEN DATA_TYPE LIKE '%text' THEN CHARACTER_OCTET_LENGTH DIV 4 ELSE CHARACTER_MAXIMUM_LENGTH END AS n
      FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME IN (${sql.join(tables)}) AND CHARACTER_MAXIMUM_LENGTH IS NOT NULL`
    : sql<Row>`SELECT table_name AS tbl, column_name AS col, character_maximum_length AS n
      FROM information_schema.columns WHERE table_schema = ANY (current_schemas(false)) AND table_name IN (${sql.join(tables)}) AND character_maximum_length IS NOT NULL`
  return new Map((await query.execute(tx)).rows.map((row) => [`${row['tbl']}.${row['col']}`, Number(row['n'])]))
}

/** Plain points, for a column may be of a character set without the sign for them. */
const AND_SO_ON = '...'

/** A text in as many signs as there is room for. What is cut off ends in points, so that nobody takes half an address for a whole one. */
export function cutTo(text: string, length: number = Number.POSITIVE_INFINITY): string {
  // Of signs beyond the first plane, `length` counts two.
  if (text.length <= length) return text
  const signs = [...text]
  if (signs.length <= length) return text
  return length <= AND_SO_ON.length ? signs.slice(0, length).join('') : `${signs.slice(0, length - AND_SO_ON.length).join('').trimEnd()}${AND_SO_ON}`
}

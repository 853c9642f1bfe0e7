import type { PosConfig } from '../../pos/pos-config.ts'
import { csv } from './templates/csv.ts'
import { embedded } from './templates/embedded.ts'
import { ospos } from './templates/ospos.ts'
import { sql } from './templates/sql.ts'
import { unicenta } from './templates/unicenta.ts'
import type { Template } from './template.ts'

/** By the word in `pos.type`. A test reads each of them back without a warning. */
export const TEMPLATES: Readonly<Record<PosConfig['type'], Template>> & Readonly<Record<string, Template>> = { embedded, ospos, unicenta, sql, csv }

export const POS_TYPES: readonly string[] = Object.keys(TEMPLATES)
export const POS_TITLES: Readonly<Record<string, string>> = Object.fromEntries(Object.entries(TEMPLATES).map(([type, { title }]) => [type, title]))

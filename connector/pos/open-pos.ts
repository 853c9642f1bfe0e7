import type { Logger } from 'pino'
import type { Pos, PosMemory } from './port.ts'
import type { PosConfig } from './pos-config.ts'
import { openCsvPos } from './csv/csv-pos.ts'
import { logFiles } from './csv/file-report.ts'
import { openEmbeddedTill } from './embedded/embedded-pos.ts'
import { openOspos } from './ospos/ospos.ts'
import { openSqlPos } from './sql/sql-pos.ts'
import { openUnicenta } from './unicenta/open-unicenta.ts'
import type { VariantBook } from './variants/variants-file.ts'
import { withVariants } from './variants/with-variants.ts'

/**
 * The adapter for a configuration. It may answer before the POS can be reached: then its methods throw until it can. `memory` is what
 * the adapter has seen of this POS before; `log` hears what it did by itself.
 */
export async function openShopPos({ pos, variantBook }: { pos: PosConfig; variantBook?: VariantBook | undefined }, memory: PosMemory, log?: Logger): Promise<Pos> {
  return withVariants(await openPos(pos, memory, log), variantBook)
}

/** The POS by itself. */
export async function openPos(config: PosConfig, memory: PosMemory, log?: Logger): Promise<Pos> {
  switch (config.type) {
    case 'embedded':
      return openEmbeddedTill({ file: config.file })
    case 'sql':
      return openSqlPos(config, memory)
    case 'csv':
      return openCsvPos({ config, ...(log && { onFile: logFiles(log) }) })
    case 'ospos':
      return openOspos(config, memory)
    case 'unicenta':
      return openUnicenta(config, memory)
  }
}

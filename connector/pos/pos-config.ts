import { z } from 'zod'
import { CsvConfig } from './csv/csv-config.ts'
import { EmbeddedConfig } from './embedded/embedded-config.ts'
import { OsposConfig } from './ospos/ospos-config.ts'
import { SqlConfig } from './sql/sql-config.ts'
import { UnicentaConfig } from './unicenta/unicenta-config.ts'

/** Which POS a connector serves, and how it is reached: the `pos:` part of its configuration. */
export const PosConfig = z.discriminatedUnion('type', [EmbeddedConfig, CsvConfig, OsposConfig, UnicentaConfig, SqlConfig])
export type PosConfig = z.infer<typeof PosConfig>

/** How often a POS is asked when the configuration does not say: a file beside the connector is cheap, a database is somebody's till. */
export const defaultPollMs = (type: PosConfig['type']): number => (type === 'embedded' || type === 'csv' ? 100 : 1_000)

import { z } from 'zod'
import { HEARTBEAT_EVERY_MS, PULL_EVERY_MS } from '../../contract/limits.ts'
import { fromBase64, SECRET_PREFIX } from '../../contract/signing.ts'
import { ConnectorId, StoreId } from '../../contract/values.ts'
import { AccessConfig } from '../link/access-config.ts'
import { TunnelConfig } from '../link/tunnel-config.ts'
import { FEED_LIMITS } from '../capture/judge-feed.ts'
import { JournalConfig } from '../journal/journal-config.ts'
import { PosConfig } from '../pos/pos-config.ts'
import type { VariantBook } from '../pos/variants/variants-file.ts'
import { filePath, secretFilePath } from './file-path.ts'
import { secretValue } from './secret-value.ts'
import { DeskConfiguration, type DeskConfig } from './desk-config.ts'

/** Two secrets may be live while one is rotated. */
export const SECRETS_MAX = 2
/** A shorter key could be guessed. The edge makes 32 bytes. */
const SECRET_BYTES_MIN = 16

export const Secret = z.string().refine(
  (text) => text.startsWith(SECRET_PREFIX) && (fromBase64(text.slice(SECRET_PREFIX.length))?.length ?? 0) >= SECRET_BYTES_MIN,
  `a store secret: "${SECRET_PREFIX}" followed by base64, as the edge showed it once`,
)

/** A level that the edge confirmed and then lost with its queue is told anew within the hour. Nothing is sent when nothing differs. 0: never. */
const RECONCILE_EVERY_MINUTES = 60

const oneOrTwo = <T extends z.ZodType>(item: T) => z.union([item, z.array(item).min(1).max(SECRETS_MAX)])
/** Faster than this only burns the machine; slower than a day is a typing error. */
const everyMs = (min: number, max = 86_400_000) => z.int().min(min).max(max)
/** The store is held for 20 s from a call (edge/lease.ts): rarer beats would leave it, and its orders waiting, between two of them. */
const BEATS_APART_MS_MAX = 15_000

/** 1 holds nothing: more than everything never changes. */
const share = z.number().min(0, 'a share from 0 to 1').max(1, 'a share from 0 to 1')

/** What stands in the YAML file. `example.yaml` beside this file explains each key to whoever sets up a shop. */
export const Configuration = z.object({
  edge: z.object({ url: z.url({ protocol: /^https?$/, error: 'the address of the edge, such as https://shop.example' }) }),
  store: z.object({
    id: StoreId,
    secret: secretValue(oneOrTwo(Secret)).optional(),
    secretFile: oneOrTwo(secretFilePath('secret')).optional(),
  }),
  connector: z.object({ id: ConnectorId.optional() }).prefault({}),
  journal: JournalConfig,
  pos: PosConfig,
  /** A table of what the POS does not know of its items: sizes, colours, further barcodes (docs/variants.md). */
  variants: z.object({ file: filePath() }).optional(),
  server: z.object({ host: z.string().min(1).default('127.0.0.1'), port: z.int().min(0).max(65_535), access: AccessConfig.optional() }),
  tunnel: TunnelConfig.optional(),
  /** Left out: as often as this POS bears (pos-config.ts). */
  poll: z.object({ everyMs: everyMs(10).optional() }).prefault({}),
  heartbeat: z.object({ everyMs: everyMs(100, BEATS_APART_MS_MAX).default(HEARTBEAT_EVERY_MS) }).prefault({}),
  pull: z.object({ everyMs: everyMs(100).default(PULL_EVERY_MS) }).prefault({}),
  reconcile: z.object({ everyMinutes: z.int().min(0).max(10_080).default(RECONCILE_EVERY_MINUTES) }).prefault({}),
  feed: z.object({
    zeroShare: share.default(FEED_LIMITS.zeroShare),
    repriceShare: share.default(FEED_LIMITS.repriceShare),
    healShare: share.default(FEED_LIMITS.healShare),
    minimum: z.int().min(1).max(1_000_000).default(FEED_LIMITS.minimum),
  }).prefault({}),
  desk: DeskConfiguration.prefault({}),
  log: z.object({ level: z.enum(['debug', 'info', 'warn', 'error']).default('info') }).prefault({}),
})

/** The configuration as the connector uses it: secrets read, paths absolute. */
export type ConnectorConfig = Omit<z.output<typeof Configuration>, 'store' | 'desk' | 'poll'> & { variantBook?: VariantBook | undefined; store: { id: string; secrets: string[] }; desk: DeskConfig; poll: { everyMs: number } }

import { z } from 'zod'
import { filePath, secretFilePath } from '../../config/file-path.ts'
import { secretValue } from '../../config/secret-value.ts'

const timeoutMs = (usual: number, max = 600_000) => z.int().min(100).max(max).default(usual)

/** A till waits for nobody longer than a cashier does. */
const LOCK_WAIT_MS = 5_000
/** A whole catalogue is read in pieces; a single statement that takes longer than this has met something else. */
const STATEMENT_MS = 30_000
const CONNECT_MS = 5_000

const onServer = {
  host: z.string().min(1).default('127.0.0.1'),
  port: z.int().min(1).max(65_535).optional(),
  user: z.string().min(1, 'the name of a database user'),
  password: secretValue(z.string()).optional(),
  /** One line; readable by the connector's user alone. */
  passwordFile: secretFilePath('password').optional(),
  database: z.string().min(1, 'the name of the database'),
  /** `required`: encrypted, and the server's certificate must be signed by `caFile` or by an authority that this machine trusts. */
  ssl: z.enum(['off', 'required']).default('off'),
  caFile: filePath().optional(),
  connectTimeoutMs: timeoutMs(CONNECT_MS),
  statementTimeoutMs: timeoutMs(STATEMENT_MS),
  lockTimeoutMs: timeoutMs(LOCK_WAIT_MS, 60_000),
} as const

/** The two speak one language; which of them answers is seen when it does. */
export const MySqlDialect = z.enum(['mysql', 'mariadb']).transform(() => 'mysql' as const)

export const MySqlConnection = z.object(onServer)
export const PostgresConnection = z.object(onServer)
export const SqliteConnection = z.object({
  file: filePath('the path of the POS\'s database'),
  lockTimeoutMs: timeoutMs(LOCK_WAIT_MS, 60_000),
})

export type ServerConnection = z.output<typeof MySqlConnection>
export type FileConnection = z.output<typeof SqliteConnection>

/**
 * `one-moment`: on MySQL a writing transaction is REPEATABLE READ, whose locking reads also lock what is not there yet; of two that
 * count the same rows and then add one, the second is rolled back and counts again. Else it is READ COMMITTED.
 */
export type Writes = { writes?: 'newest' | 'one-moment' }

/** How a database is reached, with its dialect: what `openConnection` takes. */
export type ConnectionTarget =
  | ({ dialect: 'mysql' | 'postgres' } & ServerConnection & Writes)
  | ({ dialect: 'sqlite' } & FileConnection)

export const portOf = ({ dialect, port }: { dialect: 'mysql' | 'postgres'; port?: number | undefined }): number => port ?? (dialect === 'mysql' ? 3306 : 5432)

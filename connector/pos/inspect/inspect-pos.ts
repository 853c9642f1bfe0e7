import { sql } from 'kysely'
import { systemClock, type Clock } from '../../../contract/clock.ts'
import { databaseOf } from '../database-of.ts'
import { openConnection } from '../sql/connection.ts'
import { DatabaseFault } from '../sql/database-fault.ts'
import type { Connection, Dialect, Row, Tx } from '../sql/ports.ts'
import type { OsposConfig } from '../ospos/ospos-config.ts'
import type { PosConfig } from '../pos-config.ts'
import { bad, doubtful, good, type Found, type Inspection } from './inspection.ts'
import { lookAtStatements } from './statements.ts'

/** Clocks further apart than this make a till's times misleading; nothing but what people read depends on them. */
const SKEW_MAX_MS = 120_000
/** Names of tables in one sentence. */
const NAMED_MAX = 5

/** Without these nothing that follows can be said. */
const FIRST: ReadonlySet<string> = new Set(['database', 'writing'])

/** What `doctor` asks of a POS's database. Changes nothing in it. */
export async function inspectPos(config: PosConfig, clock: Clock = systemClock): Promise<Inspection[]> {
  const database = databaseOf(config)
  if (database === null) return []
  const connection = openConnection(database.target)
  try {
    const inspections: Inspection[] = []
    for (const [name, look] of LOOKS) {
      const found = [await look(connection, { ...database, clock }).catch((error: unknown) => failed(name, error))].flat()
      inspections.push(...found.map((one) => ({ name, ...one })))
      if (FIRST.has(name) && found.some(({ level }) => level === 'fail')) return inspections
    }
    inspections.push(...await lookAtStatements(connection, database.wanted).catch((error: unknown) => [{ name: 'statements', ...failed('statements', error) }]))
    if (config.type === 'ospos') inspections.push(...await lookAtZone(connection, config).catch(() => []))
    return inspections
  } finally {
    await connection.close()
  }
}

/** Of a POS that says itself in which zone its clock is: another word in the configuration moves every sale. That it cannot be read is told with its statement. */
async function lookAtZone(connection: Connection, { timeZone, prefix }: OsposConfig): Promise<Inspection[]> {
  if (timeZone === undefined) return []
  const row = await connection.read((tx) => one(tx, sql<Row>`SELECT value FROM ${sql.table(`${prefix}app_config`)} WHERE ${sql.ref('key')} = 'timezone'`))
  const own = (row['value'] ?? '').trim()
  if (own === '' || own === timeZone) return []
  return [{ name: 'time zone', ...doubtful(`pos.timeZone says ${timeZone}, and the POS itself is set to ${own}: sales are told by the first`, 'Leave pos.timeZone out of the configuration, unless the setting in the POS (Locale) is wrong') }]
}

function failed(name: string, error: unknown): Found {
  if (error instanceof DatabaseFault) return (MUST.has(name) ? bad : doubtful)(error.message.slice(0, -error.hint.length).trim(), error.hint)
  throw new Error(`${name} could not be looked at`, { cause: error })
}

/** Looks whose fault is the shop's; the others make it worse than it could be. */
const MUST: ReadonlySet<string> = new Set(['database', 'database is the primary', 'writing', 'statements'])

type Asked = { takesOrders: boolean; timeZone: string | undefined; zoneLeftOut: boolean; clock: Clock }
type Look = (connection: Connection, asked: Asked) => Promise<Found | Found[]>

const one = async (tx: Tx, query: ReturnType<typeof sql<Row>>): Promise<Row> => (await query.execute(tx)).rows[0] ?? {}

const VERSION = {
  mysql: sql<Row>`SELECT VERSION() AS version`, postgres: sql<Row>`SELECT current_setting('server_version') AS version`, sqlite: sql<Row>`SELECT sqlite_version() AS version`,
} satisfies Record<Dialect, unknown>
const DIALECT_NAMES: Record<Dialect, string> = { mysql: 'MySQL or MariaDB', postgres: 'PostgreSQL', sqlite: 'SQLite' }

/** `offset_s`: by how much the clock that the server gives to its users is ahead of UTC now. SQLite has none of its own. */
const CLOCK = {
  mysql: sql<Row>`SELECT CAST(UNIX_TIMESTAMP() AS CHAR) AS seconds, @@global.time_zone AS zone, @@system_time_zone AS local_zone,
    TIMESTAMPDIFF(SECOND, UTC_TIMESTAMP(), CONVERT_TZ(UTC_TIMESTAMP(), '+00:00', @@global.time_zone)) AS offset_s`,
  postgres: sql<Row>`SELECT floor(extract(epoch FROM clock_timestamp()))::text AS seconds, reset_val AS zone,
    extract(epoch FROM (now() AT TIME ZONE reset_val) - (now() AT TIME ZONE 'UTC'))::int::text AS offset_s FROM pg_settings WHERE name = 'TimeZone'`,
  sqlite: sql<Row>`SELECT unixepoch() AS seconds, 'that of this machine' AS zone`,
} satisfies Record<Dialect, unknown>

const LOOKS: readonly [string, Look][] = [
  ['database', async (connection) => connection.read(async (tx) => good(`reachable: ${DIALECT_NAMES[connection.dialect]} ${(await one(tx, VERSION[connection.dialect]))['version']}`))],

  ['database is the primary', async (connection) => connection.read(async (tx) => {
    const isReplica = connection.dialect === 'mysql' ? (await one(tx, sql<Row>`SELECT @@global.read_only AS flag`))['flag'] === '1'
      : connection.dialect === 'postgres' ? (await one(tx, sql<Row>`SELECT pg_is_in_recovery() AS flag`))['flag'] === 't' : false
    if (!isReplica) return good('it is the one that the till writes, as far as it says')
    return bad('it is a replica, or read-only: it shows what the till wrote a while ago', 'Name the database that the till itself writes (pos.connection.host): a replica is never read')
  })],

  ['tables keep transactions', async (connection) => {
    if (connection.dialect !== 'mysql') return good('every table does')
    const { rows } = await connection.read((tx) => sql<Row>`SELECT TABLE_NAME AS name FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_TYPE = 'BASE TABLE' AND ENGINE <> 'InnoDB'`.execute(tx))
    if (rows.length === 0) return good('all are InnoDB')
    const names = rows.slice(0, NAMED_MAX).map(({ name }) => name).join(', ')
    return doubtful(`${rows.length} table(s) are not InnoDB (${names}): an order that breaks off would stay half written there`, 'If the POS\'s queries use them: ALTER TABLE … ENGINE=InnoDB, with the POS\'s maker')
  }],

  ['writing', async (connection, { takesOrders }) => {
    if (!takesOrders) return good('not asked for: this store takes no web orders')
    await connection.write((tx) => sql`SELECT 1`.execute(tx))
    return good('a writing transaction begins (and ends at once, with nothing written)')
  }],

  ['database clock', async (connection, { clock, timeZone, zoneLeftOut }) => {
    const before = clock()
    const row = await connection.read((tx) => one(tx, CLOCK[connection.dialect]))
    const skewMs = Number(row['seconds']) * 1000 - before
    const zone = row['zone'] === 'SYSTEM' ? row['local_zone'] : row['zone']
    const detail = `${Math.round(Math.abs(skewMs) / 1000)} s ${skewMs >= 0 ? 'ahead of' : 'behind'} this machine; its time zone is ${zone}, the till's clock is read as ${timeZone ?? 'the POS itself says'}`
    return [
      Math.abs(skewMs) <= SKEW_MAX_MS ? good(detail) : doubtful(detail, 'Set both clocks by NTP. Nothing is lost by it, but sales are shown at the wrong time'),
      ...(zoneLeftOut && Number(row['offset_s'] ?? 0) !== 0 ? [doubtful(`pos.timeZone is left out, so a time without an offset is read as ${timeZone}, and the database's own clock is that of ${zone}`, 'Set pos.timeZone to the zone in which the POS writes its times: that of the shop, or UTC when it writes UTC')] : []),
    ]
  }],

  ['binary log', async (connection) => {
    if (connection.dialect !== 'mysql') return []
    const row = await connection.read((tx) => one(tx, sql<Row>`SELECT @@log_bin AS logs, @@binlog_format AS format, @@log_bin_trust_function_creators AS trusts`))
    if (row['logs'] !== '1') return good('off')
    if (row['format'] === 'STATEMENT') return doubtful('it keeps statements (binlog_format = STATEMENT): orders are written under wider locks, which may meet the till\'s', 'Ask the administrator for binlog_format = MIXED or ROW')
    return good(row['trusts'] === '1' ? 'on, and triggers may be made' : 'on: triggers need SUPER, or log_bin_trust_function_creators = 1 (error 1419); without triggers the connector compares all goods')
  }],
]

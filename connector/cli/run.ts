import { pino, type Logger } from 'pino'
import { lookAnewIfChanged } from '../capture/look-anew.ts'
import type { ConnectorConfig } from '../config/config.ts'
import { systemClock, toInstant } from '../../contract/clock.ts'
import { createTroubles, type Troubles } from '../control/troubles.ts'
import { startConnector, type RunningConnector } from '../connector.ts'
import { failureFields } from '../failure.ts'
import { JournalCannotWrite } from '../journal/database.ts'
import type { Journal } from '../journal/journal.ts'
import type { JournalStatus } from '../journal/journal-status.ts'
import { lookAtFirst } from '../pos/contradiction.ts'
import { openShopPos } from '../pos/open-pos.ts'
import { readingOf } from '../pos/reading.ts'
import { EXIT, type ExitCode } from './exit-codes.ts'
import { openOwnJournal } from './open-shop.ts'
import { readConfig } from './read-config.ts'
import { version } from './version.ts'

/** Runs until it is told to stop (SIGTERM, SIGINT) or must. Logs are JSON lines on stderr; stdout has the ready line only. */
export async function run(configPath: string): Promise<ExitCode> {
  const config = readConfig(configPath)
  if (!config) return EXIT.configuration
  const troubles = createTroubles(systemClock)
  const log = createLog(config.log.level, troubles)

  const opened = openOwnJournal(config, 'any')
  if ('exit' in opened) return opened.exit
  const { journal } = opened
  const pos = await openShopPos(config, journal.memory, log)
  const look = await lookAtFirst(pos)
  if (look.kind !== 'answers') {
    // A shop that was never read is more likely set up wrong, and its person is watching. One that has run is waited for whatever its POS
    // says: it may be in the middle of an upgrade, and the desk, the journal and what waits for the edge go on meanwhile.
    const ends = journal.meta.get('synced') === null
    const why = failureFields(look.error, 'capture')
    log.error({
      event: look.kind === 'contradicts' ? 'pos.contradicts' : 'pos.unreachable', pos: pos.capabilities.name, ...(ends ? { exitCode: EXIT.posUnreachable } : {}),
      hint: 'look at `pos:` in the configuration, and whether the POS runs', ...why,
    })
    if (ends) {
      // For `status`, which is asked when this process is gone.
      noteEnd(journal, { ...why, at: toInstant(systemClock()) })
      await pos.close()
      journal.close()
      return EXIT.posUnreachable
    }
  }
  noteEnd(journal, null)

  const stopped = Promise.withResolvers<ExitCode>()
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      log.info({ event: 'connector.stopping', signal })
      stopped.resolve(EXIT.ok)
    })
  }

  lookAnewIfChanged(journal, pos, readingOf(config.pos, config.variantBook?.digest), log)
  let connector: RunningConnector
  try {
    connector = await startConnector(config, journal, pos, log, version, troubles)
  } catch (error) {
    await pos.close()
    journal.close()
    if (!isAddressFault(error)) throw error
    process.stderr.write(`The server cannot listen at ${config.server.host}:${config.server.port} (${error.code}). Change server.port, or end what uses it.\n`)
    return EXIT.address
  }
  log.info({ event: 'connector.started', storeId: config.store.id, connectorId: journal.connectorId, pos: pos.capabilities.name, version })
  process.stdout.write(`${JSON.stringify({ event: 'connector.ready', url: connector.url, storeId: config.store.id })}\n`)

  const exitCode = await Promise.race([
    stopped.promise,
    connector.ended.then((ending): ExitCode => (ending.why === 'held' ? EXIT.storeHeld : EXIT.unexpected)),
  ])
  await connector.stop(exitCode === EXIT.ok ? 'drain' : 'at-once')
  log.info({ event: 'connector.stopped', exitCode })
  return exitCode
}

/** Why this start ends, or that it does not. A disk that takes nothing now is no reason for another end: the log says it all. */
function noteEnd(journal: Journal, why: JournalStatus['contradiction']): void {
  try {
    if (why !== null) journal.transaction(() => journal.meta.set('contradiction', JSON.stringify(why)))
    else if (journal.meta.get('contradiction') !== null) journal.transaction(() => journal.meta.delete('contradiction'))
  } catch (error) {
    if (!(error instanceof JournalCannotWrite)) throw error
  }
}

/** JSON lines on stderr; warnings and errors are also kept for `status`, whatever level the log has. */
function createLog(level: ConnectorConfig['log']['level'], troubles: Troubles): Logger {
  const least = pino.levels.values[level] ?? 0
  return pino({
    level: level === 'error' ? 'warn' : level, base: null, timestamp: pino.stdTimeFunctions.isoTime,
    hooks: {
      logMethod(args, method, number) {
        const name = pino.levels.labels[number]
        if (name === 'warn' || name === 'error' || name === 'fatal') troubles.note(name, args[0])
        else troubles.good(args[0])
        if (number >= least) method.apply(this, args)
      },
    },
  }, pino.destination({ fd: 2, sync: true }))
}

const isAddressFault = (error: unknown): error is Error & { code: string } =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' && ['EADDRINUSE', 'EACCES', 'EADDRNOTAVAIL'].includes(error.code)

import { statSync } from 'node:fs'
import { basename } from 'node:path'
import { systemClock } from '../../contract/clock.ts'
import type { ConnectorConfig } from '../config/config.ts'
import { runningProcess } from '../control/control-file.ts'
import { findConnector, type Found } from '../control/control-client.ts'
import type { Shop } from '../delivery/accept-order.ts'
import { failureFields } from '../failure.ts'
import { isDamaged, isOnDisk, mayPass } from '../journal/database.ts'
import { JournalInUse, openJournal, type Journal } from '../journal/journal.ts'
import { NoJournal, readJournal, type JournalReader } from '../journal/read-only.ts'
import { roomLimits } from '../journal/room.ts'
import { JournalRefused } from '../journal/schema.ts'
import { openShopPos } from '../pos/open-pos.ts'
import { createTurn } from '../turn.ts'
import { EXIT, type ExitCode } from './exit-codes.ts'
import { complain, faultText, whatHappened } from './say.ts'

type Running = Extract<Found, { kind: 'running' }>

/** SQLite tells a folder from a broken disk in no word. */
function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory()
  } catch {
    return false
  }
}

/** Says why a journal cannot be read or opened. Throws on what is none of the journal's own words. */
function journalFault(config: ConnectorConfig, error: unknown): ExitCode {
  const what = `The journal ${config.journal.file} cannot be used`
  if (error instanceof NoJournal) complain({ what, why: 'it is not there yet: the connector has not run with this configuration', todo: 'start it once with "run", or look at journal.file in the configuration' })
  else if (error instanceof JournalInUse) {
    const pid = runningProcess(config.journal.file)
    if (pid === null) {
      complain({ what, why: 'a command is at work on it, such as "reconcile", or a connector starts or stops just now', todo: 'wait until it has ended, and try again; a service is started again by itself' })
      return EXIT.notDone
    }
    complain({ what, why: `${error.message} (process ${pid})`, todo: 'each store has one connector: let that one run, or stop it first' })
  }
  else if (error instanceof JournalRefused) complain({ what, why: error.message, todo: 'see "tillbridge-connector docs store-it", "What to know"' })
  else if (isFolder(config.journal.file)) complain({ what, why: 'it is a folder, and a file is expected', todo: 'name a file in journal.file of the configuration' })
  else if (isDamaged(error)) {
    const file = basename(config.journal.file)
    complain({
      what, why: `the file is damaged (${faultText(error)})`,
      todo: `keep it for support: move ${file}, ${file}-wal and ${file}-shm away, and start again. A new journal is offered every open order again, and looks into the POS before it writes`,
    })
  }
  else if (mayPass(error)) {
    complain({ what, why: `its disk takes nothing now (${faultText(error)})`, todo: 'make room on the disk, or look why it is read-only; a service is started again by itself' })
    return EXIT.unexpected
  }
  else complain({ what, why: faultText(error), todo: 'run the command as the connector\'s user (or root), and look at the folder\'s rights' })
  return EXIT.journal
}

/** Reads the journal, beside a running connector too; or says why not and answers the exit code. */
export function withJournal<T>(config: ConnectorConfig, work: (journal: JournalReader) => T): { value: T } | { exit: ExitCode } {
  try {
    return { value: readJournal(config.journal.file, work) }
  } catch (error) {
    return { exit: journalFault(config, error) }
  }
}

/** As `run` opens it; or says why not and answers the exit code. `existing`: only one that is there already. */
export function openOwnJournal(config: ConnectorConfig, which: 'existing' | 'any'): { journal: Journal } | { exit: ExitCode } {
  try {
    const { file } = config.journal
    if (which === 'existing' && !isOnDisk(file)) throw new NoJournal(file)
    return { journal: openJournal({ file, storeId: config.store.id, connectorId: config.connector.id, room: roomLimits(config.journal) }) }
  } catch (error) {
    return { exit: journalFault(config, error) }
  }
}

export type Acting = {
  /** Through the running connector. */
  running(connector: Running): Promise<ExitCode>
  /** On the journal and the POS themselves, with the lock that keeps a connector from starting meanwhile. */
  stopped(shop: Shop): Promise<ExitCode>
}

/** Does something to the shop's work, whichever way there is now. */
export async function act(config: ConnectorConfig, acting: Acting): Promise<ExitCode> {
  const found = await findConnector(config.journal.file)
  switch (found.kind) {
    case 'running':
      return unbroken(() => acting.running(found))
    case 'denied':
    case 'silent':
      complainUnreachable(config, found.kind)
      return EXIT.notDone
    case 'stopped': {
      const opened = openOwnJournal(config, 'existing')
      if ('exit' in opened) return opened.exit
      const { journal } = opened
      const pos = await openShopPos(config, journal.memory)
      try {
        // Nothing is written to the POS here, so the store need not be held.
        return await unbroken(() => acting.stopped({ journal, pos, turn: createTurn(), now: systemClock, holdsStore: () => false }))
      } finally {
        await pos.close()
        journal.close()
      }
    }
  }
}

/** What the POS or the running connector says instead of doing it is for the person who asked, and no end of this program. */
export async function unbroken(work: () => Promise<ExitCode>): Promise<ExitCode> {
  try {
    return await work()
  } catch (error) {
    const { fault, why, hint } = failureFields(error, 'command')
    complain({ what: 'It is not done', why: whatHappened({ fault, why }), todo: hint ?? 'try again; "doctor" says what does not answer' })
    return EXIT.notDone
  }
}

export function complainUnreachable(config: ConnectorConfig, kind: 'denied' | 'silent'): void {
  const { file } = config.journal
  if (kind === 'denied') complain({ what: 'The connector cannot be asked', why: `${file}.lock and ${file}.control are for its own user`, todo: 'run this command as the connector\'s user, or with sudo' })
  else complain({ what: 'The connector runs, and cannot be asked', why: 'it takes no commands: it starts or stops just now, or another command is at work on its journal', todo: 'try again in a few seconds; if it stays so, restart the connector' })
}

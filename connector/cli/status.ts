import { existsSync } from 'node:fs'
import { readJournalStatus, type JournalStatus } from '../journal/journal-status.ts'
import { JournalRefused } from '../journal/schema.ts'
import { EXIT, type ExitCode } from './exit-codes.ts'
import { readConfig } from './read-config.ts'

/** Reads the journal, running or not, and says how the shop stands. */
export function status(configPath: string, options: { json?: boolean | undefined }): ExitCode {
  const config = readConfig(configPath)
  if (!config) return EXIT.configuration
  const { file } = config.journal
  if (!existsSync(file)) {
    process.stderr.write(`There is no journal at ${file} yet: the connector has not run with this configuration.\n`)
    return EXIT.journal
  }
  try {
    const facts = readJournalStatus(file)
    process.stdout.write(options.json ? `${JSON.stringify(facts)}\n` : inWords(facts))
    return EXIT.ok
  } catch (error) {
    if (!(error instanceof JournalRefused)) throw error
    process.stderr.write(`${error.message}\n`)
    return EXIT.journal
  }
}

function inWords(facts: JournalStatus): string {
  const inbox = Object.entries(facts.inbox).map(([state, count]) => `${count} ${state}`).join(', ') || 'empty'
  return [
    `store       ${facts.storeId}`,
    `connector   ${facts.connectorId}, ${facts.running ? 'running' : 'not running'}`,
    `numbering   epoch ${facts.epoch ?? 'none yet'}, last ${facts.lastSeq}, confirmed ${facts.ackedSeq}`,
    `to send     ${facts.outbox}`,
    `orders      ${inbox}`,
    `first sync  ${facts.synced ? 'done' : 'not done'}${facts.reconcileWanted ? ', a reconcile is due' : ''}`,
    ...(facts.feed.state === 'quarantined' ? [`feed        held since ${facts.feed.since} (${facts.feed.zeroed} to zero, ${facts.feed.removed} removed, ${facts.feed.repriced} repriced): the operator decides`] : []),
    ...(facts.drift ? [`drift       ${facts.drift.skus} of ${facts.drift.compared} SKUs, ${facts.drift.units} units, at ${facts.drift.at}`] : []),
    '',
  ].join('\n')
}

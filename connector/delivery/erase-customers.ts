import type { Logger } from 'pino'
import type { HeartbeatAnswer } from '../../contract/connect.ts'
import { tellFailure } from '../failure.ts'
import type { Journal } from '../journal/journal.ts'

/** Follows the edge's list of customers to be erased. Answers whether it went on, so that the edge hears of it at once; what failed is named again. */
export function eraseCustomers(journal: Pick<Journal, 'erasing'>, { assignmentIds, upTo }: NonNullable<HeartbeatAnswer['erase']>, log: Logger): boolean {
  try {
    if (!journal.erasing.customers(assignmentIds, upTo)) {
      log.warn({ event: 'customers.not-erased', assignments: assignmentIds.length, hint: 'the edge has not confirmed all that is said of them, or somebody reads the journal at this moment: it is tried again with the next heartbeat' })
      return false
    }
    log.info({ event: 'customers.erased', assignments: assignmentIds.length })
    return true
  } catch (error) {
    tellFailure(log, 'customers.not-erased', 'upkeep', error)
    return false
  }
}

import type { Pos } from './port.ts'
import { OsposFault } from './ospos/ospos-fault.ts'
import { DatabaseFault, type FaultKind } from './sql/database-fault.ts'
import { UnicentaFault } from './unicenta/place.ts'

/** What a database answers when it is there and is not what the configuration says. All else may pass by itself. */
const CONTRADICTIONS: ReadonlySet<FaultKind> = new Set(['login', 'no-database', 'no-table', 'no-column', 'no-grant', 'syntax', 'not-a-database'])

/** Whether the POS has answered, and contradicts the configuration: an unknown location, a missing table, a login that is not let in. A person must mend it. */
export const contradictsConfig = (error: unknown): boolean =>
  (error instanceof DatabaseFault && CONTRADICTIONS.has(error.kind)) || error instanceof OsposFault || error instanceof UnicentaFault

/** `away`: it does not answer now, and may later. */
export type FirstLook = { kind: 'answers' } | { kind: 'contradicts' | 'away'; error: unknown }

/** Asks the POS once what every later reading rests on: where it stands, and one item with its place, price and stock. Changes nothing. */
export async function lookAtFirst(pos: Pos): Promise<FirstLook> {
  try {
    await pos.currentCursor()
  } catch (error) {
    return { kind: contradictsConfig(error) ? 'contradicts' : 'away', error }
  }
  try {
    await pos.readSnapshot(null, 1)
  } catch (error) {
    // It answers. What is not there yet, such as the first file of a drop folder, is told by the reading that wants it.
    if (contradictsConfig(error)) return { kind: 'contradicts', error }
  }
  return { kind: 'answers' }
}

import type { ConnectorConfig } from '../../config/config.ts'
import { inWords } from '../../pos/capability-words.ts'
import { openPos } from '../../pos/open-pos.ts'
import type { PosMemory } from '../../pos/port.ts'
import { faultText } from '../say.ts'
import { broken, fine, type Finding } from './finding.ts'

/** The running connector's memory of its POS is not the doctor's to touch. */
const NO_MEMORY: PosMemory = { get: () => null, list: () => [] }

/** Whether the POS can be read, as the connector would read it, and what it can do. */
export async function lookAtPos(config: ConnectorConfig): Promise<Finding[]> {
  const pos = await openPos(config.pos, NO_MEMORY)
  try {
    await pos.currentCursor()
    return [fine('pos', `${pos.capabilities.name} answers`), ...inWords(pos.capabilities).map((words) => fine('pos can', words))]
  } catch (error) {
    return [broken('pos', `it cannot be read: ${faultText(error)}`, 'look at pos: in the configuration, and whether the POS runs')]
  } finally {
    await pos.close()
  }
}

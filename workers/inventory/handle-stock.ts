import type { StockMessage } from '../queue-messages.ts'
import type { CommandOutcome, Inventory } from './port.ts'

/**
 * Queue `stock`: levels whose home could not take them when they came. They are old news when they arrive, and the watermark
 * sees to it that they never overwrite newer. `superseded` when none of them counted. Throws when a home cannot be reached.
 */
export async function handleStock(message: StockMessage, inventory: Pick<Inventory, 'apply'>): Promise<CommandOutcome> {
  const outcomes = await inventory.apply(message.levels)
  return outcomes.includes('applied') ? 'applied' : 'superseded'
}

import { accessSync, constants, existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { ConnectorConfig } from '../../config/config.ts'
import { findConnector } from '../../control/control-client.ts'
import { LiveStatus } from '../../control/live-status.ts'
import { inWords } from '../../pos/capability-words.ts'
import { PLACES } from '../../pos/csv/drop-folder.ts'
import { inspectPos } from '../../pos/inspect/inspect-pos.ts'
import { openPos } from '../../pos/open-pos.ts'
import type { Pos, PosMemory } from '../../pos/port.ts'
import type { PosConfig } from '../../pos/pos-config.ts'
import { assumptions } from '../../pos/unicenta/unicenta-config.ts'
import { faultText } from '../say.ts'
import { broken, doubtful, fine, type Finding } from './finding.ts'

/** The running connector's memory of its POS is not the doctor's to touch. */
const NO_MEMORY: PosMemory = { get: () => null, list: () => [] }

/** Whether the POS can be read, as the connector would read it, how its database is set up, and what it can do. */
export async function lookAtPos(config: ConnectorConfig): Promise<Finding[]> {
  const inspections: Finding[] = await inspectPos(config.pos)
  const pos = await openPos(config.pos, NO_MEMORY)
  const looking = await openPos(onlyLookingAt(config.pos), NO_MEMORY)
  try {
    const abilities = inWords({ ...pos.capabilities, seenAfterMs: pos.capabilities.seenAfterMs ?? await measured(config) }).map((words) => fine('pos can', words))
    // What does not answer need not be asked again.
    const isAway = inspections.some(({ name, level }) => name === 'database' && level === 'fail')
    const assumed = config.pos.type === 'unicenta' ? assumptions(config.pos).map((words) => doubtful('pos', words, 'say it in pos: of the configuration')) : []
    return [...inspections, ...(isAway ? [] : [await reading(config, looking)]), ...assumed, ...abilities]
  } finally {
    await Promise.all([pos.close(), looking.close()])
  }
}

/** How late the running connector sees a change: it has read the whole shop, which the doctor does not. */
async function measured({ journal }: ConnectorConfig): Promise<number | null> {
  const found = await findConnector(journal.file)
  return found.kind === 'running' ? (await found.ask('GET', '/status', LiveStatus)).pos.seenAfterMs ?? null : null
}

/** An adapter with a table of its own makes it as it first reads, and whoever only looks makes nothing. The order statements have been asked about. */
const onlyLookingAt = (config: PosConfig): PosConfig => (config.type === 'sql' && config.orders?.ownTable ? { ...config, orders: undefined } : config)

async function reading({ pos: config }: ConnectorConfig, pos: Pos): Promise<Finding> {
  // To read files is to take them in, which is the connector's to do.
  if (config.type === 'csv') return folderFinding(config.folder)
  try {
    await pos.currentCursor()
    const { items, done } = await pos.readSnapshot(null, 1)
    return items.length === 0 && done
      ? doubtful('pos', `${pos.capabilities.name} can be read, and has nothing for sale`, 'look at the location and the queries of pos: in the configuration')
      : fine('pos', `${pos.capabilities.name} can be read`)
  } catch (error) {
    return broken('pos', `it cannot be read: ${faultText(error)}`, 'look at pos: in the configuration, and whether the POS runs')
  }
}

function folderFinding(folder: string): Finding {
  // What the connector makes in it may belong to somebody else by now: web orders go into one of those.
  const inside = PLACES.map((place) => join(folder, place)).filter((path) => existsSync(path))
  for (const path of [folder, ...inside]) {
    const why = whyNotUsable(path)
    if (why !== null) return broken('pos', `${path} cannot be read and written (${why})`, path === folder ? 'make or mount the folder, give it to the connector\'s user, or mend pos.folder' : 'give it to the connector\'s user: web orders and files that were read go there')
  }
  return fine('pos', `${folder} can be read and written`)
}

function whyNotUsable(folder: string): string | null {
  try {
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK)
    return statSync(folder).isDirectory() ? null : 'it is no folder'
  } catch (error) {
    return faultText(error)
  }
}

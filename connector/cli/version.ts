import manifest from '../../package.json' with { type: 'json' }
import { SCHEMA_VERSION } from '../journal/schema.ts'

/** The connector's version, as the heartbeat tells it. */
export const version: string = manifest.version

/** What a report of trouble must say first. */
export const versions = () => ({ version, journalSchema: SCHEMA_VERSION, node: process.versions.node, platform: `${process.platform}-${process.arch}` })
export const versionsInWords = (): string => `tillbridge-connector ${version} (journal schema ${SCHEMA_VERSION}, Node ${process.versions.node}, ${process.platform}-${process.arch})`

import manifest from '../../package.json' with { type: 'json' }

/** The connector's version, as the heartbeat tells it. */
export const version: string = manifest.version

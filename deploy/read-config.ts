import { unstable_readConfig } from 'wrangler'
import type { Unstable_Config } from 'wrangler'

export const ENVIRONMENTS = ['staging', 'production'] as const
export type Environment = (typeof ENVIRONMENTS)[number]

/** What wrangler makes of `wrangler.toml` for an environment, or for this machine: its own reading, with what it inherits. */
export const readConfig = (file: string, environment: Environment | null): Unstable_Config =>
  unstable_readConfig({ config: file, ...(environment === null ? {} : { env: environment }) }, { hideWarnings: true })

import type { Pos } from './port.ts'
import type { PosConfig } from './pos-config.ts'
import { openEmbeddedTill } from './embedded/embedded-pos.ts'

/** The adapter for a configuration. It may answer before the POS can be reached: then its methods throw until it can. */
export async function openPos(config: PosConfig): Promise<Pos> {
  switch (config.type) {
    case 'embedded':
      return openEmbeddedTill({ file: config.file })
  }
}

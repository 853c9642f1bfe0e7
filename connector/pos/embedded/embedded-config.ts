import { z } from 'zod'
import { filePath } from '../../config/file-path.ts'

export const EmbeddedConfig = z.object({
  type: z.literal('embedded'),
  /** The till's database. */
  file: filePath('expected the path of the till\'s database'),
})

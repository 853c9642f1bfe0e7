import { z } from 'zod'

/** Which POS a connector serves, and how it is reached: the `pos:` part of its configuration. */
export const PosConfig = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('embedded'),
    /** The till's database. */
    file: z.string().min(1, 'expected the path of the till\'s database'),
  }),
])
export type PosConfig = z.infer<typeof PosConfig>

import { z } from 'zod'
import { Currency, Unit } from '../../../contract/values.ts'
import { MySqlConnection } from '../sql/connection-config.ts'
import { isTimeZone } from '../sql/wall-clock.ts'

const names = z.array(z.string().min(1)).max(10_000).default([])
const measured = Unit.exclude(['each'])

/** Open Source POS: needs a connection; the location only where the shop has several. */
export const OsposConfig = z.object({
  type: z.literal('ospos'),
  connection: MySqlConnection,
  /** Id or name of a stock location. Left out: the only one. */
  location: z.union([z.int().min(1), z.string().min(1)]).optional(),
  /** Of the tables, as the POS was installed. */
  prefix: z.string().regex(/^\w{0,20}$/, 'letters, digits and "_", such as ospos_').default('ospos_'),
  /** Which column the web knows an item by. `item_number` is the barcode, which the POS lets several items share: those are refused. */
  sku: z.enum(['item_id', 'item_number']).default('item_id'),
  /** Left out: as the POS is set. */
  currency: Currency.optional(),
  timeZone: z.string().refine(isTimeZone, 'a time zone such as America/New_York').optional(),
  /** Items whose quantity in the POS is kilograms, litres or metres, by category or SKU. */
  measured: z.partialRecord(measured, z.object({ categories: names, skus: names })).default({}),
  /** `suspended`: the cashier finds the order under "Suspended" and completes it. `completed`: it is a finished sale at once. `none`: the connector only reads. */
  orders: z.enum(['suspended', 'completed', 'none']).default('suspended'),
  /** `allow`: an order is written although the shelf does not hold it. */
  oversell: z.enum(['refuse', 'allow']).default('refuse'),
  /** Person id of the employee in whose name orders are written. Left out: the first one that is not deleted. */
  employee: z.int().min(1).optional(),
  /** The payment type of a web order, in the words of the POS's own language. In the shape `completed`, a sale without it has been handed over. */
  payment: z.string().min(1).max(40).default('Due'),
})
export type OsposConfig = z.output<typeof OsposConfig>

import { z } from 'zod'
import { Currency } from '../../../contract/values.ts'
import { MySqlConnection } from '../sql/connection-config.ts'
import { isTimeZone } from '../sql/wall-clock.ts'

/** What a uniCenta oPOS 5 needs: how its database is reached, where the goods lie, and what its prices are in. All else has a default. */
export const UnicentaConfig = z.object({
  type: z.literal('unicenta'),
  dialect: z.enum(['mysql', 'mariadb', 'postgres']).transform((word) => (word === 'postgres' ? word : 'mysql')),
  connection: MySqlConnection,
  /** Name or id of the location whose stock is sold; the only one when left out. */
  location: z.string().min(1, 'the name of a stock location, as in the till under Stock').optional(),
  /** The database holds amounts without a currency. */
  currency: Currency.meta({ description: 'uniCenta keeps no currency, so it is told here' }),
  /** The till's clock is written without a zone. Left out: this machine's. */
  timeZone: z.string().refine(isTimeZone, 'an IANA time zone such as "Europe/Berlin"').optional(),
  /** What products for the scale are counted in: the till's kilograms become grams ("g"), litres "ml", metres "mm". Left out: whole pieces. */
  measured: z.enum(['g', 'ml', 'mm']).optional(),
  /** The till in whose cash session web orders are booked (its host name under Close Cash). Left out: the session opened last. */
  host: z.string().min(1).optional(),
  /** Host names of the tills whose sales are this store's, where several stores share the database. Left out: all. */
  tills: z.array(z.string().min(1)).min(1).max(100).optional(),
  /** In whose name they are booked: name or id of a user of the till. Left out: "Tillbridge", or else the first visible user. */
  person: z.string().min(1).optional(),
  /** How web orders are paid, in the till's words; they are counted as this when the cash is closed. */
  payment: z.string().min(1).max(64).default('bank'),
  /** `none`: the connector only reads (grants-mysql.sql, grants-postgres.sql), and every web order is refused. */
  orders: z.enum(['tickets', 'none']).default('tickets'),
  /** `allow`: an order is booked although the till counts too few. */
  oversell: z.enum(['refuse', 'allow']).default('refuse'),
})
export type UnicentaConfig = z.output<typeof UnicentaConfig>

/** This machine's zone, for a till that says none. */
export const zoneOf = ({ timeZone }: Pick<UnicentaConfig, 'timeZone'>): string => timeZone ?? Intl.DateTimeFormat().resolvedOptions().timeZone

/** For `check` and `doctor`: what was taken for granted. */
export function assumptions(config: UnicentaConfig): string[] {
  if (config.timeZone !== undefined) return []
  return [`pos.timeZone is not set: the till's clock is read as ${zoneOf(config)}, this machine's zone. Set it when the till stands elsewhere.`]
}

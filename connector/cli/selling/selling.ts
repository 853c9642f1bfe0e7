import { z } from 'zod'
import { fromInstant, systemClock, toInstant } from '../../../contract/clock.ts'
import { StopReason } from '../../../contract/stops.ts'
import { Instant, Sku } from '../../../contract/values.ts'
import { sellingEvent, type SellingWord } from '../../journal/selling-word.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { act } from '../open-shop.ts'
import { readConfig } from '../read-config.ts'
import { complain, say, sayJson } from '../say.ts'

type Options = { json?: boolean | undefined }

/** Takes a SKU of this store off the web. `until` is RFC 3339, with its offset. */
export async function stopSelling(configPath: string, sku: string, why: string, until: string | undefined, options: Options): Promise<ExitCode> {
  const reason = StopReason.safeParse(why)
  if (!reason.success) return refuse('the reason is empty, or longer than 200 characters', 'say in a few words why: --why "recalled by its maker"')
  const end = until === undefined ? null : Instant.safeParse(until)
  if (end !== null && !end.success) return refuse(`"${until}" is no moment`, 'write it as 2026-12-01T09:00:00+01:00; without --until it is off the web until "sell"')
  if (end !== null && fromInstant(end.data) <= systemClock()) return refuse(`"${until}" is over`, 'name a moment that is still to come')
  return tell(configPath, { sku, stop: { why: reason.data, until: end?.data ?? null } }, options)
}

/** Puts it back on the web. What the operator has stopped stays so. */
export const resumeSelling = (configPath: string, sku: string, options: Options): Promise<ExitCode> => tell(configPath, { sku, stop: null }, options)

async function tell(configPath: string, word: SellingWord, options: Options): Promise<ExitCode> {
  const config = readConfig(configPath)
  if (!config) return EXIT.configuration
  if (!Sku.safeParse(word.sku).success) return refuse(`"${word.sku}" is no SKU`, 'write it as the till does: 1 to 64 characters, no spaces')
  const unknown = (): ExitCode => {
    complain({ what: 'It is not done', why: `the till sells nothing with the SKU "${word.sku}"`, todo: 'look the SKU up in the POS; upper and lower case matter' })
    return EXIT.notFound
  }
  const done = (sent: boolean): ExitCode => {
    const how = word.stop === null ? `${word.sku} is on the web again, unless the operator has stopped it` : `${word.sku} is off the web ${word.stop.until === null ? 'until "sell"' : `until ${word.stop.until}`}`
    if (options.json) sayJson({ sku: word.sku, sold: word.stop === null, until: word.stop?.until ?? null, at: toInstant(systemClock()), sent })
    else say(sent ? `${how}: the connector tells the edge now.` : `${how} as soon as the connector runs: it is the first thing it tells the edge.`)
    return EXIT.ok
  }
  return act(config, {
    running: async (connector) => ((await connector.ask('POST', '/selling', z.object({ known: z.boolean() }), word)).known ? done(true) : unknown()),
    async stopped({ journal, pos }) {
      if ((await pos.readLevels([word.sku])).length === 0) return unknown()
      journal.append([sellingEvent(word, systemClock())])
      return done(false)
    },
  })
}

function refuse(why: string, todo: string): ExitCode {
  complain({ what: 'It is not done', why, todo })
  return EXIT.configuration
}

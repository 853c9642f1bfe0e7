import { confirm } from '@inquirer/prompts'
import { z } from 'zod'
import { RejectReason } from '../../../contract/events.ts'
import type { GiveUpBody } from '../../control/control-server.ts'
import { giveUp, type GivenUp } from '../../delivery/give-up.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { act, withJournal } from '../open-shop.ts'
import { readConfig } from '../read-config.ts'
import { complain, say, sayJson } from '../say.ts'
import { STATE_WORDS } from './list.ts'

export type GiveUpOptions = { reason?: string | undefined; detail?: string | undefined; inPos?: string | undefined; notInPos?: boolean | undefined; yes?: boolean | undefined; json?: boolean | undefined }

/** What the edge does for each reason (rules.md 7). `expired` is the clock's word, not a person's. */
export const REASON_WORDS: Record<Exclude<RejectReason, 'expired'>, string> = {
  out_of_stock: 'the goods are not there; the edge asks another store, else cancels',
  store_closed: 'this store cannot do it now; the edge asks another store, else cancels',
  unknown_sku: 'the POS does not know an item; the operator\'s desk decides',
  price_mismatch: 'the POS does not take the price; the operator\'s desk decides',
  invalid: 'the order cannot be done anywhere; the operator\'s desk decides',
}

const Answer = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('rejected'), reason: RejectReason }),
  z.object({ kind: z.literal('accepted'), posReference: z.string(), foundByConnector: z.boolean() }),
  z.object({ kind: z.literal('settled'), state: z.enum(['received', 'intent', 'done', 'rejected', 'struck', 'in_doubt', 'voided']), posReference: z.string().nullable(), reason: RejectReason.nullable() }),
  z.object({ kind: z.literal('look'), why: z.string() }),
  z.object({ kind: z.literal('not-doubtful') }),
  z.object({ kind: z.literal('unknown') }),
]) satisfies z.ZodType<GivenUp>

/** Ends an order that cannot be brought into the POS, or one in doubt as a person found it. Asks once. */
export async function giveUpOrder(configPath: string, id: string, options: GiveUpOptions): Promise<ExitCode> {
  const { inPos, notInPos } = options
  const reason = RejectReason.exclude(['expired']).safeParse(options.reason)
  const what = `Order ${id} is not given up`
  const wrong = inPos !== undefined && notInPos ? { why: 'it cannot be in the POS and not in it', todo: 'give --in-pos REFERENCE or --not-in-pos' }
    : inPos !== undefined || reason.success ? null
      : { why: options.reason === undefined ? 'there is no --reason' : `"${options.reason}" is no reason`, todo: `give --reason with one of ${Object.keys(REASON_WORDS).join(', ')}: the edge routes the order by it` }
  if (wrong) {
    complain({ what, ...wrong })
    return EXIT.configuration
  }
  const config = readConfig(configPath)
  if (!config) return EXIT.configuration
  const read = withJournal(config, (journal) => journal.inbox.get(id) ?? journal.findByNumber(id))
  if ('exit' in read) return read.exit
  if (!read.value) {
    complain({ what, why: 'the journal has neither an id nor a number like it', todo: 'look for it with "orders list"' })
    return EXIT.notFound
  }
  const { assignmentId } = read.value
  const isOpen = read.value.state === 'received' || read.value.state === 'intent' || read.value.state === 'in_doubt'
  const question = inPos !== undefined ? `Is order ${assignmentId} in the POS as ${inPos}? The edge will hold it for accepted` : `Give up order ${assignmentId} (${reason.data}: ${reason.data ? REASON_WORDS[reason.data] : ''})?`
  if (isOpen && !options.yes) {
    if (!process.stdin.isTTY) {
      complain({ what, why: 'nobody can be asked here', todo: 'add --yes when it is meant' })
      return EXIT.configuration
    }
    if (!(await confirm({ message: question, default: false }))) {
      say('Nothing was changed.')
      return EXIT.ok
    }
  }
  const body: z.infer<typeof GiveUpBody> = { reason: reason.data ?? 'invalid', detail: options.detail ?? 'given up by store IT', word: inPos !== undefined ? { inPos } : notInPos ? 'not-in-pos' : null }
  return act(config, {
    running: async (connector) => tell(assignmentId, await connector.ask('POST', `/orders/${encodeURIComponent(assignmentId)}/give-up`, Answer, body), options),
    stopped: async (shop) => tell(assignmentId, await giveUp(shop, { assignmentId, ...body }), options),
  })
}

function tell(assignmentId: string, given: GivenUp, { json, inPos }: GiveUpOptions): ExitCode {
  const exit = given.kind === 'look' || given.kind === 'not-doubtful' ? EXIT.notDone : given.kind === 'unknown' ? EXIT.notFound : EXIT.ok
  if (json) {
    sayJson({ assignmentId, ...given })
    return exit
  }
  const what = `Order ${assignmentId} is not given up`
  switch (given.kind) {
    case 'rejected': say(`Order ${assignmentId} is given up (${given.reason}). The edge hears it with the next call, at the latest when the connector runs.`); break
    case 'accepted':
      say(given.foundByConnector && given.posReference !== inPos
        ? `Order ${assignmentId} was found in the POS as ${given.posReference}, so it is accepted and not given up. Cancel it at the edge, or refuse it in the till, if it shall not be done.`
        : `Order ${assignmentId} is accepted as ${given.posReference}.`)
      break
    case 'settled': say(`Nothing to do: order ${assignmentId} is ${given.state} (${STATE_WORDS[given.state]})${given.posReference ? `, in the POS as ${given.posReference}` : ''}.`); break
    case 'look':
      complain({ what, why: given.why, todo: 'look for it in the till by its number, then add --not-in-pos; or, if it is there and in doubt, use --in-pos REFERENCE' })
      break
    case 'not-doubtful':
      complain({ what: `Order ${assignmentId} is not taken as being in the POS`, why: 'it is not in doubt: the connector looks it up in the POS itself and has not found it', todo: 'give it up with --reason, or let the connector go on trying' })
      break
    case 'unknown': complain({ what, why: 'the journal does not have it', todo: 'look for it with "orders list"' })
  }
  return exit
}

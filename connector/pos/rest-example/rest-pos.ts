import { z } from 'zod'
import { RejectReason, type Level } from '../../../contract/events.ts'
import { Item } from '../../../contract/product.ts'
import type { Pos, PosOrderChange, PosSale } from '../port.ts'

/**
 * The worked example of docs/adapters.md: a POS with a REST API. Its API numbers every change, takes an order under a reference of ours, and
 * keeps stock itself; so this adapter has no memory of its own. Answers are parsed before anything rests on them.
 */

/** `revision` is the newer of the two: what of the row changed is told by them. */
const TillRow = z.object({ item: Item, onHand: z.int().nullable(), retired: z.boolean(), revision: z.int(), itemRevision: z.int(), stockRevision: z.int() })
const TillSale = z.object({
  id: z.string(), revision: z.int(), at: z.string(), currency: z.string(), totalMinor: z.int(), order: z.string().nullable(),
  lines: z.array(z.object({ sku: z.string(), quantity: z.int(), unitPriceMinor: z.int(), lineTotalMinor: z.int() })),
})
const Status = z.enum(['open', 'picking', 'ready', 'shipped', 'completed', 'refused', 'void'])
const Step = z.object({ revision: z.int(), status: Status, reason: RejectReason.nullable(), at: z.string() })
const Method = z.enum(['pickup', 'ship'])
const TillOrder = z.object({
  reference: z.string(), receipt: z.string(), status: Status, method: Method, steps: z.array(Step),
  lines: z.array(z.object({ sku: z.string(), quantity: z.int(), unitPriceMinor: z.int() })),
})
const Changes = z.object({
  revision: z.int(), more: z.boolean(),
  changes: z.array(z.object({ row: TillRow.optional(), sale: TillSale.optional(), step: Step.extend({ order: z.string(), method: Method }).optional() })),
})
const Refusal = z.object({ reason: RejectReason, detail: z.string() })
export type TillRow = z.infer<typeof TillRow>
export type TillSale = z.infer<typeof TillSale>
export type TillOrder = z.infer<typeof TillOrder>

/** The POS did not answer, or not as agreed: tried again later. The key is never part of the message. */
export class RestPosFault extends Error {
  override name = 'RestPosFault'
  readonly hint: string
  constructor(message: string, hint: string, cause?: unknown) {
    super(`${message}. ${hint}`, { cause })
    this.hint = hint
  }
}

/** A till that is slower than this is away; an order must not wait behind it for ever. */
const ANSWER_WITHIN_MS = 10_000
const FACTS_PER_READ = 500

const STATE_OF = { open: 'open', picking: 'picking', ready: 'ready', shipped: 'done', completed: 'done', refused: 'void', void: 'void' } as const

export function openRestPos({ url, key }: { url: string; key: string }): Pos {
  let lastRead: string | null = null

  const call = async (method: string, path: string, body?: unknown): Promise<{ status: number; body: unknown }> => {
    const answer = await fetch(new URL(path, url), {
      method, signal: AbortSignal.timeout(ANSWER_WITHIN_MS), headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' }, ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    }).catch((cause: unknown) => {
      throw new RestPosFault('The POS did not answer', 'It is tried again. Look whether it runs and whether pos.url is right', cause)
    })
    if (answer.status === 401) throw new RestPosFault('The POS does not know this key', 'Make a new one in the POS and set it in pos.keyFile')
    if (answer.status >= 500) throw new RestPosFault(`The POS failed (${answer.status})`, 'It is tried again')
    const text = await answer.text()
    return { status: answer.status, body: text === '' ? null : JSON.parse(text) as unknown }
  }
  const revision = async (): Promise<string> => String(z.object({ revision: z.int() }).parse((await call('GET', '/revision')).body).revision)
  const goods = async (query: string): Promise<TillRow[]> => z.array(TillRow).parse((await call('GET', `/goods?${query}`)).body)
  const orderAt = async (reference: string): Promise<TillOrder | null> => {
    const { status, body } = await call('GET', `/orders/${encodeURIComponent(reference)}`)
    return status === 404 ? null : TillOrder.parse(body)
  }

  return {
    capabilities: { name: 'REST example', takesOrders: true, stockFallsAt: 'accept', duplicates: 'never', seesDeletes: true, changes: 'cursor', seenAfterMs: 0 },

    mayHaveChanged: async () => await revision() !== lastRead,

    async readChanges(cursor) {
      const after = Number(cursor ?? 0)
      const told = Changes.parse((await call('GET', `/changes?after=${after}&limit=${FACTS_PER_READ}`)).body)
      const rows = told.changes.flatMap(({ row }) => row ?? [])
      const described = rows.filter(({ itemRevision }) => itemRevision > after)
      const counted = rows.filter(({ retired, stockRevision }) => !retired && stockRevision > after)
      lastRead = String(told.revision)
      return {
        cursor: lastRead,
        items: described.filter(({ retired }) => !retired).map(({ item }) => item),
        removed: described.filter(({ retired }) => retired).map(({ item }) => item.sku),
        levels: counted.flatMap(levelOf),
        sales: told.changes.flatMap(({ sale }) => (sale ? [saleOf(sale)] : [])),
        orders: told.changes.flatMap(({ step }) => (step ? orderChangeOf(step) : [])),
        more: told.more,
      }
    },

    currentCursor: revision,

    async readSnapshot(afterSku, limit) {
      // One more than asked tells whether there is another page.
      const rows = await goods(`after=${encodeURIComponent(afterSku ?? '')}&limit=${limit + 1}`)
      const page = rows.slice(0, limit)
      return { items: page.map(({ item }) => item), levels: page.flatMap(levelOf), done: rows.length <= limit }
    },

    async readLevels(skus) {
      if (skus.length === 0) return []
      return (await goods(skus.map((sku) => `sku=${encodeURIComponent(sku)}`).join('&'))).flatMap(levelOf)
    },

    async findOrder(assignmentId) {
      const order = await orderAt(assignmentId)
      return order && { posReference: order.receipt, state: STATE_OF[order.status], stockFell: STATE_OF[order.status] !== 'void' }
    },

    async writeOrder(assignment) {
      const { status, body } = await call('PUT', `/orders/${encodeURIComponent(assignment.assignmentId)}`, {
        method: assignment.fulfillment.method, lines: assignment.lines.map(({ sku, quantity, unitPrice }) => ({ sku, quantity, unitPriceMinor: unitPrice.amountMinor, currency: unitPrice.currency })),
      })
      if (status === 409) return { ok: false, ...Refusal.parse(body) }
      return { ok: true, posReference: TillOrder.parse(body).receipt, stockFell: true }
    },

    async voidOrder(assignmentId) {
      const { status } = await call('POST', `/orders/${encodeURIComponent(assignmentId)}/void`)
      return status === 404 ? 'absent' : status === 409 ? 'refused' : 'voided'
    },

    // Its API lets nobody but its own staff move an order, so the connector keeps and tells what is tapped on the desk.
    staffStep: async (_assignmentId, step) => (step.kind === 'refuse' ? { refused: 'Refuse this order at the till; the web hears of it from there' } : 'desk-only'),

    close: async () => {},
  }
}

const levelOf = ({ item, onHand }: TillRow): Level[] => (item.tracked && onHand !== null ? [{ sku: item.sku, onHand }] : [])

const saleOf = (sale: TillSale): PosSale => ({
  saleId: sale.id, kind: sale.lines.every(({ quantity }) => quantity < 0) ? 'return' : 'sale', lines: sale.lines, totalMinor: sale.totalMinor, currency: sale.currency,
  assignmentId: sale.order, occurredAt: sale.at,
})

function orderChangeOf(step: z.infer<typeof Step> & { order: string; method: 'pickup' | 'ship' }): PosOrderChange[] {
  const told = { assignmentId: step.order, occurredAt: step.at }
  switch (step.status) {
    case 'picking': return [{ ...told, kind: 'progress', status: 'picking' }]
    case 'ready': return step.method === 'pickup' ? [{ ...told, kind: 'progress', status: 'ready_for_pickup' }] : []
    case 'shipped': return [{ ...told, kind: 'progress', status: 'shipped' }]
    case 'completed': return [{ ...told, kind: 'progress', status: 'completed' }]
    case 'refused': return [{ ...told, kind: 'refused', reason: step.reason ?? 'out_of_stock' }]
    // What the web took back itself is no news to it.
    case 'open': case 'void': return []
  }
}

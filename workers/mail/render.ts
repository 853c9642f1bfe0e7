import Mustache from 'mustache'
import { fromInstant } from '../../contract/clock.ts'
import type { MailKind, MailPreview, MailSettings } from '../../contract/mail.ts'
import type { Order } from '../../contract/order.ts'
import type { Money } from '../../contract/values.ts'
import { templateOf } from './templates.ts'

/** What a template may name. Every value is a text, `false` or a list: `{{#pickup}}` stands where it is one. */
export type MailView = ReturnType<typeof viewOf>
export type MailSubject = { order: Order; store: { name: string; timeZone: string } | null; token: string }

const SIGNS = { each: '', g: ' g', ml: ' ml', mm: ' mm' } as const

/** The order as its shopper reads it: sums and moments in the channel's language, moments in the store's time zone. */
export function viewOf({ order, store, token }: MailSubject, { from, locale, orderUrl }: Pick<MailSettings, 'from' | 'locale' | 'orderUrl'>) {
  const moment = (instant: string, style: Intl.DateTimeFormatOptions): string => new Intl.DateTimeFormat(locale, { ...style, timeZone: store?.timeZone ?? 'UTC' }).format(fromInstant(instant))
  const sum = ({ amountMinor, currency }: Money): string => {
    const format = new Intl.NumberFormat(locale, { style: 'currency', currency })
    return format.format(amountMinor / 10 ** (format.resolvedOptions().maximumFractionDigits ?? 2))
  }
  const { fulfillment, lines, totals, payment } = order
  const refunded = payment && payment.refunded.amountMinor > 0 ? sum(payment.refunded) : false as const
  const placeholders: Record<string, string> = { id: order.id, number: order.number, token }
  return {
    number: order.number,
    name: order.customer.name,
    shop: from.name,
    language: locale,
    placedOn: moment(order.placedAt, { dateStyle: 'long' }),
    lines: lines.map((line) => ({ sku: line.sku, name: line.name, quantity: `${line.quantity}${SIGNS[line.unit]}`, total: sum(line.lineTotal), cancelled: line.cancelledQuantity > 0 ? String(line.cancelledQuantity) : false as const })),
    subtotal: sum(totals.subtotal),
    tax: totals.tax.amountMinor === 0 ? false as const : sum(totals.tax),
    taxIncluded: lines.every(({ taxIncluded }) => taxIncluded),
    total: sum(totals.total),
    refunded,
    pickup: fulfillment.method === 'pickup' ? { store: store?.name ?? fulfillment.storeId, promisedFor: order.promisedAt ? moment(order.promisedAt, { dateStyle: 'long', timeStyle: 'short' }) : false as const } : false as const,
    address: fulfillment.method === 'ship' ? { ...fulfillment.address, line2: fulfillment.address.line2 ?? false as const } : false as const,
    note: order.note ?? false as const,
    url: orderUrl === undefined ? false as const : orderUrl.replaceAll(/\{(id|number|token)\}/g, (_, name: string) => encodeURIComponent(placeholders[name] ?? '')),
  }
}

/** Only what the view itself has, and no words of the language: `{{constructor}}` says nothing. */
export function renderMail(kind: MailKind, settings: Pick<MailSettings, 'templates'>, view: MailView): MailPreview {
  const { subject, text, html } = templateOf(kind, settings.templates[kind])
  const plain = (template: string): string => Mustache.render(template, view, {}, { escape: String })
  return { subject: plain(subject).replaceAll(/\s+/g, ' ').trim(), text: plain(text).replaceAll(/\n{3,}/g, '\n\n').trim(), html: Mustache.render(html, view, {}) }
}

/** Why a template cannot be read; `null`: it can. */
export function templateFault(template: string): string | null {
  try {
    Mustache.parse(template)
    return null
  } catch (error) {
    return error instanceof Error ? `expected a Mustache template: ${error.message}` : 'expected a Mustache template'
  }
}

import type { Assignment } from '../../../contract/assignment.ts'

/** uniCenta keeps what it knows of a ticket or line beside the columns as a Java properties document (XML) in a blob. */

/** The property that says whose ticket this is. It outlives an edit at the till, which gives the ticket a new id. */
const ASSIGNMENT_KEY = 'tillbridge.assignment'

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }
const escape = (text: string): string => text.replace(/[&<>"]/g, (char) => ESCAPES[char] ?? char).replace(/[^\P{Cc}\n\r\t]/gu, '')

export function toProperties(properties: Readonly<Record<string, string>>): Buffer {
  const entries = Object.entries(properties).map(([key, value]) => `<entry key="${escape(key)}">${escape(value)}</entry>\n`).join('')
  return Buffer.from(`<?xml version="1.0" encoding="UTF-8" standalone="no"?>\n<!DOCTYPE properties SYSTEM "http://java.sun.com/dtd/properties.dtd">\n<properties>\n<comment>uniCenta oPOS</comment>\n${entries}</properties>\n`)
}

/** What stands on the till's screens and slips for a web order: number, who comes, how it leaves the shop. */
export function noteOf({ number, customer, fulfillment, note }: Assignment): string {
  const leaves = fulfillment.method === 'pickup' ? 'pickup' : `send to ${fulfillment.address.name}, ${fulfillment.address.postalCode} ${fulfillment.address.city}`
  return [`Web order ${number}`, customer.name, leaves, ...(note ? [note.replace(/\s+/g, ' ')] : [])].join(' · ')
}

export function ticketProperties(assignment: Assignment): Buffer {
  return toProperties({ [ASSIGNMENT_KEY]: assignment.assignmentId, notes: noteOf(assignment), 'web.number': assignment.number, 'web.customer': assignment.customer.name })
}

export const voidProperties = (assignmentId: string, note: string): Buffer => toProperties({ [ASSIGNMENT_KEY]: assignmentId, notes: note })

/** The name, tax and category are what the till shows of a line; without them it stands there empty. The note is printed under the first one. */
export function lineProperties(line: { name: string; taxCategory: string; category: string; note: string | null }): Buffer {
  return toProperties({
    'product.name': line.name, 'product.taxcategoryid': line.taxCategory, 'product.categoryid': line.category, 'product.com': 'false', ...(line.note === null ? {} : { notes: line.note }),
  })
}

/** As a person would look for it in the blob. */
export const ASSIGNMENT_MARK = `"${ASSIGNMENT_KEY}"`
export const assignmentMark = (assignmentId: string): string => `${ASSIGNMENT_MARK}>${assignmentId}<`

/** Whose ticket the document is of, from its bytes as hexadecimal text; `null` for a sale at the counter. */
export function assignmentOf(hex: string | null): string | null {
  if (hex === null) return null
  const text = Buffer.from(hex, 'hex').toString('utf8')
  return new RegExp(`${ASSIGNMENT_MARK}>(ord_[0-9a-z]{26}\\.[1-9][0-9]{0,3})<`).exec(text)?.[1] ?? null
}

import { createHash } from 'node:crypto'

/** The namespace of everything this connector writes into a uniCenta database; it may never change, or every order could be written twice. */
const NAMESPACE = Buffer.from('6f1c9a52d7b84b0e9a3d5c2e81f07b46', 'hex')

/** UUID version 5 of a name: the same name is the same id, for ever and on every machine. */
export function uuid5(name: string): string {
  const hash = createHash('sha1').update(NAMESPACE).update(name, 'utf8').digest().subarray(0, 16)
  hash[6] = ((hash[6] ?? 0) & 0x0f) | 0x50
  hash[8] = ((hash[8] ?? 0) & 0x3f) | 0x80
  return hash.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

/** The receipt of a web order: the primary key of `receipts`, so that a second one cannot be. */
export const receiptIdOf = (assignmentId: string): string => uuid5(assignmentId)

/** The refund with which the connector takes a web order back. */
export const voidIdOf = (assignmentId: string): string => uuid5(`${assignmentId}/void`)

/**
 * The stock diary row of a web order's n-th line. The till removes a deleted ticket's rows everywhere but in the diary: the first of these
 * remains as the sign that the order was there.
 */
export const diaryIdOf = (assignmentId: string, line: number): string => uuid5(`${assignmentId}/diary/${line}`)

export const rowIdOf = (assignmentId: string, kind: string, line: number): string => uuid5(`${assignmentId}/${kind}/${line}`)

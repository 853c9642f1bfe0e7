import type { DatabaseServer } from '../../connector/pos/test-databases.ts'

/** A web order as the till's own tables have it. */
export type TillSale = { assignmentId: string; saleId: string; state: 'open' | 'completed' | 'cancelled'; lines: { sku: string; quantity: number }[] }

/**
 * A POS read by SQL, past the connector and its adapter, and the hands of its staff. What a journey believes of the shop it has read here.
 * Items go by a name of the journey's; `sku` is what the web calls them.
 */
export type TillTables = {
  config(port: number): Record<string, unknown>
  addItem(name: string, pieces: number): Promise<void>
  sku(name: string): string
  /** Every sale that is a web order, by whatever the connector noted. */
  webSales(): Promise<TillSale[]>
  /** All rows of sales, whoever made them. */
  countSales(): Promise<number>
  onHand(name: string): Promise<number>
  /** A cashier's sale. */
  sell(name: string, pieces: number): Promise<void>
  /** The cashier completes, or deletes, an order that waits in the till. */
  complete(assignmentId: string): Promise<void>
  remove(assignmentId: string): Promise<void>
  close(): Promise<void>
}

export type OpenTillTables = { server: DatabaseServer['kind']; create(server: DatabaseServer): Promise<TillTables> }

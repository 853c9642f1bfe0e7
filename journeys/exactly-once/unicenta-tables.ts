import { randomBytes } from 'node:crypto'
import { Item } from '../../contract/product.ts'
import { makeDatabase, openTestTill, TEST_ZONE, type TestTill, type TillAddress } from '../../connector/pos/unicenta/test-till.ts'
import type { DatabaseServer } from '../../connector/pos/test-databases.ts'
import { askPostgres } from './ask.ts'
import type { OpenTillTables, TillSale, TillTables } from './till-tables.ts'

const REFUND = '1'

/** A uniCenta oPOS on PostgreSQL. Its web orders are finished tickets: nothing waits there for a cashier. */
export const unicentaTables: OpenTillTables = { server: 'postgres', create }

async function create(server: DatabaseServer): Promise<TillTables> {
  const { host, port, user, password } = server
  const address: TillAddress = { dialect: 'postgres', host, port, user, password, database: `unicenta_${randomBytes(6).toString('hex')}` }
  await makeDatabase(address)
  const ask = askPostgres(server, address.database)
  const atTill = async <T>(work: (till: TestTill) => Promise<T>): Promise<T> => {
    const till = await openTestTill(address)
    try {
      return await work(till)
    } finally {
      await till.close()
    }
  }
  const ticketOf = async (assignmentId: string): Promise<string> => {
    const [row] = await ask('SELECT receipt FROM payments WHERE transid = $1', [assignmentId])
    if (!row) throw new Error(`the till has no ${assignmentId}`)
    return row['receipt'] ?? ''
  }

  return {
    config: (linePort) => ({ type: 'unicenta', dialect: 'postgres', connection: { host, port: linePort, user, password, database: address.database }, currency: 'USD', timeZone: TEST_ZONE }),
    addItem: (name, pieces) => atTill((till) => till.addItem(
      Item.parse({ sku: name, name: `${name} of glass`, price: { amountMinor: 1999, currency: 'USD' }, taxIncluded: false, taxRate: '0' }), pieces)),
    sku: (name) => name,
    async webSales() {
      const lines = await ask('SELECT l.ticket, p.reference, l.units FROM ticketlines l JOIN products p ON p.id = l.product ORDER BY l.ticket, l.line')
      const rows = await ask("SELECT DISTINCT p.transid, t.id, t.ticketid, t.tickettype FROM tickets t JOIN payments p ON p.receipt = t.id WHERE p.transid LIKE 'ord\\_%' ORDER BY t.ticketid")
      return rows.map((row): TillSale => ({
        assignmentId: row['transid'] ?? '', saleId: row['ticketid'] ?? '', state: row['tickettype'] === REFUND ? 'cancelled' : 'completed',
        lines: lines.filter((line) => line['ticket'] === row['id']).map((line) => ({ sku: line['reference'] ?? '', quantity: Number(line['units']) })),
      }))
    },
    countSales: async () => Number((await ask('SELECT COUNT(*) AS n FROM tickets'))[0]?.['n']),
    onHand: async (name) => Number((await ask('SELECT SUM(units) AS n FROM stockcurrent s JOIN products p ON p.id = s.product WHERE p.reference = $1', [name]))[0]?.['n']),
    sell: (name, pieces) => atTill(async (till) => void await till.ring([{ sku: name, quantity: pieces }])),
    complete: () => Promise.reject(new Error('a ticket of this till is complete')),
    remove: (assignmentId) => atTill(async (till) => till.deleteTicket(await ticketOf(assignmentId))),
    close: async () => undefined,
  }
}
